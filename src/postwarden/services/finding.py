"""Find and trace: what a query means, and what it finds."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain

from postwarden.model.actors import Actor
from postwarden.model.errors import NotFound
from postwarden.model.mailboxes import CopyState
from postwarden.model.messages import Message
from postwarden.model.permissions import Permission
from postwarden.model.queries import Query, Scope, check_scope, leaves, states
from postwarden.model.queries.terms import Similar, SimilarTo, Trait
from postwarden.services import access, message_ids
from postwarden.services.ports import CopyFacts, References, UnitOfWork
from postwarden.services.ports.mail import SimilarSets

_STATES = {
    Trait.LIVE: CopyState.LIVE,
    Trait.CONTAINED: CopyState.CONTAINED,
    Trait.VAULTED: CopyState.VAULTED,
}
LOOKING = {
    Scope.FIND: Permission.MAIL_FIND,
    Scope.TRACE: Permission.MAIL_TRACE,
    Scope.CASE: Permission.CASE_READ,
    Scope.HOLD: Permission.HOLD_READ,
    Scope.VAULT: Permission.VAULT_READ,
}
"""What it takes to see what a query finds, by what it is about."""


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


def named_messages(uow: UnitOfWork, query: Query) -> SimilarSets:
    """Return what `similar:` terms stand for that all are a SHA-256.

    For flows whose query was settled already; what is gone stands for nothing.
    """
    found: dict[Similar, References] = {}
    for leaf in leaves(query):
        if isinstance(leaf, Similar):
            message = uow.messages.find(bytes.fromhex(leaf.value))
            found[leaf] = alike(references_to([] if message is None else [message]))
    return found


def resolve_similar(
    uow: UnitOfWork,
    actor: Actor,
    query: Query,
    files: SimilarSets,
    *,
    scope: Scope = Scope.FIND,
) -> SimilarSets:
    """Look up the messages that `similar:` terms name; `files` gives those read.

    An id that several contents have means all of them, and stays beside what
    they are: whatever has it is `same-id` then, since nothing says which was
    meant. Raises NotFound when there is none that the actor may see: an
    empty answer would read as "nobody has it".
    """
    access.require(actor, LOOKING[scope])
    found: dict[Similar, References] = dict(files)
    for leaf in leaves(query):
        if not isinstance(leaf, Similar) or leaf in found:
            continue
        if leaf.kind is SimilarTo.SHA256:
            message = uow.messages.find(bytes.fromhex(leaf.value))
            known = [] if message is None else [message]
            seen = access.visible_messages(uow, actor, known)
            contents = [seen] if seen else []
        else:
            contents = message_ids.groups(uow, actor, leaf.value)
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
    actor: Actor,
    query: Query,
    similar: SimilarSets,
    *,
    states: Sequence[CopyState] | None = None,
    scope: Scope = Scope.FIND,
) -> Sequence[int]:
    """Return the ids of matching copies in the actor's domains, oldest filed first."""
    access.require(actor, LOOKING[scope])
    check_scope(query, scope)
    own = access.narrowed(actor, query, scope)
    return search(uow, own, similar, states=states)


def search(
    uow: UnitOfWork,
    query: Query,
    similar: SimilarSets,
    *,
    states: Sequence[CopyState] | None = None,
) -> Sequence[int]:
    """Like `find`, everywhere: for flows whose query is narrowed already."""
    return uow.copies.search(
        query, states=wanted_states(query, states), similar=similar
    )


def stored_like(
    uow: UnitOfWork,
    actor: Actor,
    leaf: Similar,
    similar: SimilarSets,
    *,
    scope: Scope = Scope.FIND,
) -> Similar:
    """Return a stored message of a file's content; a variant of it would not do.

    Raises NotFound when the actor may see no copy of one.
    """
    access.require(actor, LOOKING[scope])
    own = access.narrowed(actor, Query(leaf), scope)
    content = similar[leaf]
    for wanted in (
        References(sha256s=content.sha256s),
        References(fingerprints=content.fingerprints),
    ):
        found = search(uow, own, {leaf: wanted}, states=tuple(CopyState))
        if found:
            sha256 = uow.copies.facts(found[:1])[0].sha256
            return Similar(SimilarTo.SHA256, sha256.hex())
    raise NotFound("message like", leaf.value)


def facts(uow: UnitOfWork, copies: Sequence[int]) -> list[CopyFacts]:
    return uow.copies.facts(copies)


def count(uow: UnitOfWork, copies: Sequence[int]) -> tuple[int, int, int]:
    """Return messages, copies and accounts, the three units people confuse."""
    return uow.copies.count(copies)
