"""Looking into other systems for a case, at its preview and when it is verified."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from postwarden.model.cases import DEFAULT_CLASSES, ClassCount, MatchClass
from postwarden.model.errors import LimitExceeded, MailError
from postwarden.model.messages import NewMessage
from postwarden.model.queries import MessageId, Query, leaves
from postwarden.model.systems import System
from postwarden.services import finding
from postwarden.services.cases import gathering
from postwarden.services.cases.elsewhere.copies import Outside, Unreached, connected
from postwarden.services.ports import References
from postwarden.services.ports.systems import RemoteProblem
from postwarden.services.systems import searching
from postwarden.services.systems.searching import Asked, Found

_TOLD = 20  # problems of one system that are kept by name

Classified = Sequence[tuple[Found, MatchClass]]
"""Copies of one system, each with how it belongs to the case."""


@dataclass(slots=True, kw_only=True)
class Sight:
    """What one system showed, what it cannot do, and what nobody could look into."""

    system: System
    found: list[Found] = field(default_factory=list)
    lacks: tuple[str, ...] = ()
    problems: list[str] = field(default_factory=list)

    def add_problem(self, text: str) -> None:
        if len(self.problems) < _TOLD:
            self.problems.append(text)


async def look(
    outside: Outside,
    systems: Sequence[System],
    what: Asked,
    *,
    most: int,
    keeps: bool,
) -> list[Sight]:
    """Look into each system; one that cannot be reached stops no other.

    With `keeps` the octets of what is found are made durable here. Raises
    LimitExceeded when a system has more than `most` copies.
    """
    sights = []
    for system in systems:
        sight = Sight(system=system)
        try:
            await _look(sight, outside, what, most=most, keeps=keeps)
        except LimitExceeded:
            raise
        except (MailError, Unreached) as error:
            sight.add_problem(str(error))
        sights.append(sight)
    return sights


async def _look(
    sight: Sight, outside: Outside, what: Asked, *, most: int, keeps: bool
) -> None:
    async with connected(outside.connect, sight.system) as way:
        sight.lacks = (await way.check()).lacks
        async for found in searching.search(way, what):
            if isinstance(found, RemoteProblem):
                sight.add_problem(f"{found.account}: {found.reason}")
                continue
            if len(sight.found) >= most:
                raise LimitExceeded("copies of one plan", most)
            if keeps:
                await outside.blobs.put(found.content)
            sight.found.append(replace(found, content=b""))


def classified(
    sights: Sequence[Sight],
    query: Query,
    forked: Collection[str],
    known: References | None = None,
) -> list[Classified]:
    """Return the class of each copy, system by system.

    What only an id of several contents ties to the query is `same-id`, unless it is
    like `known`.
    """
    has_similar = any(map(gathering.is_similar, leaves(query)))
    meant = References() if known is None else finding.alike(known)

    def class_of(found: Found) -> MatchClass:
        if has_similar and found.match_class is not None:
            return found.match_class
        is_meant = found.message.message_id not in forked or (
            gathering.class_of(found.message, meant) in DEFAULT_CLASSES
        )
        return MatchClass.MATCH if is_meant else MatchClass.SAME_ID

    return [[(found, class_of(found)) for found in each.found] for each in sights]


def carriers(sights: Sequence[Sight], query: Query) -> dict[str, list[NewMessage]]:
    """Return what carries the ids that the query names, by id."""
    named = [leaf for leaf in leaves(query) if isinstance(leaf, MessageId)]
    found: dict[str, list[NewMessage]] = {}
    for sight in sights:
        for message in (each.message for each in sight.found):
            id_ = message.message_id
            if id_ and any(gathering.names(leaf, id_) for leaf in named):
                found.setdefault(id_, []).append(message)
    return found


def counted(
    counts: Sequence[ClassCount],
    classified: Sequence[Classified],
    included: Collection[MatchClass],
) -> tuple[ClassCount, ...]:
    """Return counts of classes with those of other systems added.

    An account here and one of the same address there are two.
    """
    total = {each.match_class: each for each in counts}
    for found in classified:
        for match_class in {each for _, each in found}:
            mine = [each for each, of in found if of is match_class]
            known = total.get(match_class) or ClassCount(
                match_class=match_class,
                messages=0,
                copies=0,
                accounts=0,
                included=match_class in included,
            )
            total[match_class] = replace(
                known,
                messages=known.messages + len({each.message.sha256 for each in mine}),
                copies=known.copies + len(mine),
                accounts=known.accounts + len({each.copy.account for each in mine}),
            )
    return tuple(total.values())
