"""Find and trace: what a query means, and what it finds."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain

from postwarden.model.errors import NotFound
from postwarden.model.mailboxes import CopyState
from postwarden.model.messages import Message
from postwarden.model.queries import Query, Scope, check_scope, leaves, states
from postwarden.model.queries.terms import Similar, SimilarTo, Trait
from postwarden.services import message_ids
from postwarden.services.ports import CopyFacts, References, UnitOfWork
from postwarden.services.ports.mail import SimilarSets

_STATES = {
    Trait.LIVE: CopyState.LIVE,
    Trait.CONTAINED: CopyState.CONTAINED,
    Trait.VAULTED: CopyState.VAULTED,
}


def references_to(messages: Iterable[Message]) -> References:
    """Return what makes other messages exact, same or variant of these."""
    known = list(messages)
    return References(
        sha256s=frozenset(each.sha256 for each in known),
        fingerprints=frozenset(each.fingerprint for each in known if each.fingerprint),
        content_fingerprints=frozenset(
            each.content_fingerprint for each in known if each.content_fingerprint
        ),
        message_ids=frozenset(each.message_id for each in known if each.message_id),
    )


def alike(references: References) -> References:
    """Return what `similar:` means: exact, same and variant, whatever the ids."""
    return replace(references, message_ids=frozenset())


def resolve_similar(uow: UnitOfWork, query: Query, files: SimilarSets) -> SimilarSets:
    """Look up the messages that `similar:` terms name; `files` gives those read.

    An id that several contents have means all of them, and stays beside what
    they are: whatever has it is `same-id` then, since nothing says which was
    meant. Raises NotFound when there is none: an empty answer would read as
    "nobody has it".
    """
    found: dict[Similar, References] = dict(files)
    for leaf in leaves(query):
        if not isinstance(leaf, Similar) or leaf in found:
            continue
        if leaf.kind is SimilarTo.SHA256:
            message = uow.messages.find(bytes.fromhex(leaf.value))
            contents = [] if message is None else [[message]]
        else:
            contents = message_ids.groups(uow, leaf.value)
        if not contents:
            raise NotFound("message", leaf.value)
        references = references_to(chain.from_iterable(contents))
        if len(contents) > 1:
            found[leaf] = replace(references, sha256s=frozenset())
        else:
            found[leaf] = alike(references)
    return found


def wanted_states(
    query: Query, asked: Sequence[CopyState] | None
) -> Sequence[CopyState]:
    """Return the states to look in: those asked for, all with `is:`, else live."""
    if asked:
        return asked
    named = states(query)
    return tuple(CopyState) if named & _STATES.keys() else (CopyState.LIVE,)


def find(
    uow: UnitOfWork,
    query: Query,
    similar: SimilarSets,
    *,
    states: Sequence[CopyState] | None = None,
    scope: Scope = Scope.FIND,
) -> Sequence[int]:
    """Return the ids of matching copies, oldest filed first."""
    check_scope(query, scope)
    return uow.copies.search(
        query, states=wanted_states(query, states), similar=similar
    )


def facts(uow: UnitOfWork, copies: Sequence[int]) -> list[CopyFacts]:
    return uow.copies.facts(copies)


def count(uow: UnitOfWork, copies: Sequence[int]) -> tuple[int, int, int]:
    """Return messages, copies and accounts, the three units people confuse."""
    return uow.copies.count(copies)
