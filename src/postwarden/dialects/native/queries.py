"""The query language in a request, as `filter`."""

from dataclasses import dataclass

from postwarden.dialects.native.calls import Call
from postwarden.model.cases import MatchClass
from postwarden.model.errors import Invalid
from postwarden.model.queries import Query, Scope, check_scope, leaves, parse
from postwarden.model.queries.terms import Similar, SimilarTo, Words
from postwarden.services import finding, indexing
from postwarden.services.cases import gathering
from postwarden.services.ports import CopyFacts
from postwarden.services.ports.mail import SimilarSets


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, and what its `similar:` terms stand for."""

    query: Query
    similar: SimilarSets

    def class_of(self, facts: CopyFacts) -> MatchClass | None:
        """Return how a copy is like what `similar:` names; None without it."""
        if not self.similar:
            return None
        references = gathering.union(self.similar.values())
        return gathering.class_of(facts, references) or MatchClass.MATCH


async def read_query(
    call: Call, text: str, scope: Scope, *, field: str = "filter"
) -> Asked:
    """Read a query; mail that is not in the full text yet is indexed first.

    Raises Invalid for a term that means nothing in this place, or that would read
    a file of this machine.
    """
    query = parse_query(call, text, scope, field=field)
    if any(isinstance(leaf, Words) for leaf in leaves(query)):
        await indexing.catch_up(call.house.index, call.house.blobs)
    similar = await call.read(
        finding.resolve_similar, call.actor, query, {}, scope=scope
    )
    return Asked(query, similar)


def parse_query(call: Call, text: str, scope: Scope, *, field: str = "filter") -> Query:
    """Read a query without looking anything up; raises Invalid naming `field`."""
    try:
        query = parse(text, now=call.house.clock())
        check_scope(query, scope)
    except Invalid as error:
        raise Invalid(str(error), field=field) from error
    for leaf in leaves(query):
        if isinstance(leaf, Similar) and leaf.kind is SimilarTo.FILE:
            raise Invalid(
                "similar:file: reads files of your own machine: give a SHA-256 or a "
                "Message-ID",
                field=field,
            )
    return query
