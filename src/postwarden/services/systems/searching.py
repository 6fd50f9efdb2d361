"""Finding mail on a system: asked narrowly, fetched, and judged here.

What comes back is judged on its octets by the query itself, so that a term means the
same everywhere and a class is never taken from a Message-ID.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from postwarden.model.actors import Actor
from postwarden.model.cases import MatchClass
from postwarden.model.errors import Invalid, NotFound
from postwarden.model.messages import Message, NewMessage
from postwarden.model.permissions import Permission
from postwarden.model.queries import (
    AddressField,
    AddressMatch,
    Event,
    Ip,
    Is,
    NullReversePath,
    Query,
    Similar,
    TraceId,
    Trait,
    leaves,
    matches,
)
from postwarden.services import access
from postwarden.services.cases.gathering import class_of
from postwarden.services.ingest import read_message
from postwarden.services.ports import References, UnitOfWork
from postwarden.services.ports.mail import SimilarSets
from postwarden.services.ports.systems import (
    MailSystem,
    Narrowing,
    RemoteCopy,
    RemoteProblem,
)
from postwarden.services.systems.facts import RemoteFacts
from postwarden.services.systems.narrowing import narrowing_of

_ENVELOPE = {
    AddressField.FORWARD_PATH: "rcpt",
    AddressField.REVERSE_PATH: "envelope-from",
}
_OURS = {
    Ip: "ip",
    TraceId: "trace",
    Event: "event",
    NullReversePath: "envelope-from",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query as it is put to systems, and what its `similar:` terms stand for."""

    query: Query
    similar: SimilarSets
    narrowing: Narrowing


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A copy on a system, with its octets; `match_class` where `similar:` was asked."""

    copy: RemoteCopy
    message: NewMessage
    content: bytes
    match_class: MatchClass | None = None


def asked(uow: UnitOfWork, actor: Actor, query: Query, similar: SimilarSets) -> Asked:
    """Return what to ask; raises Invalid for a term that no other system can answer.

    Envelopes and the ledger are ours alone. Who manages some domains only is
    Forbidden to ask: what another system has belongs to none of them.
    """
    access.require(actor, Permission.MAIL_FIND, Permission.SYSTEM_READ)
    access.everything(actor, "look into mail systems elsewhere")
    return asked_of(uow, query, similar)


def asked_of(uow: UnitOfWork, query: Query, similar: SimilarSets) -> Asked:
    """Like `asked`, for flows that have checked whose question it is."""
    for leaf in leaves(query):
        _check(leaf)
    meant: Mapping[Similar, tuple[Message, ...]] = {
        leaf: _messages(uow, references) for leaf, references in similar.items()
    }
    return Asked(query=query, similar=similar, narrowing=narrowing_of(query, meant))


def _check(leaf: object) -> None:
    name = _OURS.get(type(leaf))
    if isinstance(leaf, AddressMatch):
        name = _ENVELOPE.get(leaf.field)
    if isinstance(leaf, Is) and leaf.trait is Trait.HELD:
        name = "is"
    if name is not None:
        raise Invalid(f"{name}: is not known of mail on another system", field=name)


def _messages(uow: UnitOfWork, references: References) -> tuple[Message, ...]:
    found = (uow.messages.find(sha256) for sha256 in references.sha256s)
    return tuple(message for message in found if message is not None)


async def search(
    system: MailSystem, what: Asked
) -> AsyncIterator[Found | RemoteProblem]:
    """Yield what matches, as it is found; see `MailSystem` for what it raises."""
    async for copy in system.find(what.narrowing):
        if isinstance(copy, RemoteProblem):
            yield copy
            continue
        try:
            content = await system.content(copy)
        except NotFound:  # moved or removed since it was listed
            continue
        found = _judged(what, copy, content)
        if found is not None:
            yield found


def _judged(what: Asked, copy: RemoteCopy, content: bytes) -> Found | None:
    sha256 = hashlib.sha256(content).digest()
    message, texts = read_message(sha256, content)
    classes = {
        leaf: class_of(message, references) for leaf, references in what.similar.items()
    }
    similar = {
        leaf: (sha256.hex(),) if found is not None else ()
        for leaf, found in classes.items()
    }
    if not matches(what.query, RemoteFacts(copy, message, texts), similar=similar):
        return None
    known = [found for found in classes.values() if found is not None]
    return Found(
        copy=copy,
        message=message,
        content=content,
        match_class=known[0] if known else None,
    )
