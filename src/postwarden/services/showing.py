"""Showing somebody's mail: a permission of its own, a reason, an audit entry.

The entry is durable before the content is read.
"""

import re
from dataclasses import dataclass

from postwarden.model.actors import Actor
from postwarden.model.errors import Invalid, NotFound, Unavailable
from postwarden.model.messages import Message
from postwarden.model.permissions import Permission
from postwarden.model.queries import Query, Scope
from postwarden.model.queries.terms import TraceId
from postwarden.services import access, audit
from postwarden.services.ports import Blobs, Store, UnitOfWork

MAX_REASON = 2000  # characters
_SHA256 = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A message, and all of its octets."""

    message: Message
    content: bytes


async def show(
    store: Store, blobs: Blobs, actor: Actor, name: str, *, part: str, reason: str
) -> Shown:
    """Return the content of the message that a SHA-256 or a trace id names.

    `part` says in the audit log how much of it is looked at. Raises NotFound for a
    message that never lay in the actor's domains, Invalid without a reason,
    Unavailable when the content is damaged.
    """
    message = await store.transact(_permit, actor, name, part=part, reason=reason)
    try:
        content = await blobs.get(message.sha256)
    except NotFound as error:
        # The store has the message: that its content is not there is damage.
        raise Unavailable(f"content {message.sha256.hex()} is missing") from error
    return Shown(message=message, content=content)


def _permit(
    uow: UnitOfWork, actor: Actor, name: str, *, part: str, reason: str
) -> Message:
    access.require(actor, Permission.MAIL_CONTENT)
    if not reason.strip() or len(reason) > MAX_REASON:
        raise Invalid(f"a reason has 1 to {MAX_REASON} characters", field="reason")
    message = _named(uow, actor, name)
    audit.record(
        uow,
        actor,
        "message.show",
        f"message {message.sha256.hex()}",
        after={"part": part},
        reason=reason.strip(),
    )
    return message


def _named(uow: UnitOfWork, actor: Actor, name: str) -> Message:
    sha256 = (
        bytes.fromhex(name) if _SHA256.fullmatch(name) else _traced(uow, actor, name)
    )
    found = uow.messages.find(sha256) if sha256 else None
    known = [] if found is None else [found]
    for message in access.visible_messages(uow, actor, known):
        return message
    raise NotFound("message", name)


def _traced(uow: UnitOfWork, actor: Actor, trace_id: str) -> bytes | None:
    query = access.narrowed(actor, Query(TraceId(trace_id)), Scope.TRACE)
    for row in uow.ledger.rows(uow.ledger.search(query, similar={})[:100]):
        if row.sha256 is not None:
            return row.sha256
    return None
