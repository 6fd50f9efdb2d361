"""Putting a mail into an own mailbox: content first, then the rows."""

from dataclasses import dataclass
from datetime import datetime

from postwarden.model.actors import Actor
from postwarden.model.errors import Invalid, LimitExceeded, NotFound
from postwarden.model.ledger import Event, LedgerEvent
from postwarden.model.mailboxes import (
    NO_FLAGS,
    Copy,
    DiscardKind,
    Flag,
    checked_keywords,
    mailbox_name,
)
from postwarden.model.messages import NewMessage
from postwarden.services import access, ingest, placement
from postwarden.services.accounts import FIRST_MAILBOXES
from postwarden.services.mailboxes import own
from postwarden.services.mailboxes.acting import require_room, target, thrown_away
from postwarden.services.ports import Aside, Blobs, Store, UnitOfWork
from postwarden.services.traceids import new_trace_id
from postwarden.wire.mime import NotAMessage, require_header

LARGEST = 64 * 2**20  # octets


@dataclass(frozen=True, slots=True, kw_only=True)
class _Appended:
    name: str
    message: NewMessage
    flags: Flag
    keywords: tuple[str, ...]
    internal_date: datetime | None
    instead_of: int | None


async def append(
    store: Store,
    blobs: Blobs,
    actor: Actor,
    name: str,
    content: bytes,
    *,
    flags: Flag = NO_FLAGS,
    keywords: tuple[str, ...] = (),
    internal_date: datetime | None = None,
    instead_of: int | None = None,
    aside: Aside | None = None,
) -> Copy:
    """File a mail in an own mailbox; without a date it arrived now.

    With `instead_of` it takes the place of that copy, in the same transaction: a
    stored message is never rewritten, so this is how a draft is. What was there goes
    to the vault, out of the owner's sight. `aside` scans large mail.
    Raises NotFound, Invalid for what is no mail, LimitExceeded, OverQuota.
    """
    if len(content) > LARGEST:
        raise LimitExceeded("octets of a mail", LARGEST)
    try:
        require_header(content)
    except NotAMessage as error:
        raise Invalid(f"not a mail: {error}", field="content") from error
    kept = checked_keywords(keywords)
    octets = ingest.stored_form(content)
    await store.read(_permit, actor, name, len(octets))
    sha256 = await blobs.put(octets)
    if aside is None or len(octets) <= ingest.SCANNED_INLINE:
        message = ingest.new_message(sha256, octets)
    else:
        message = await aside(ingest.new_message, sha256, octets)
    appended = _Appended(
        name=name,
        message=message,
        flags=flags,
        keywords=kept,
        internal_date=internal_date,
        instead_of=instead_of,
    )
    return await store.transact(_file, actor, appended)


def _permit(uow: UnitOfWork, actor: Actor, name: str, octets: int) -> None:
    """Refuse early what cannot be filed: content is not stored for nothing."""
    owner = access.mailbox_owner(uow, actor, actor.account)
    require_room(owner, octets)
    wanted = mailbox_name(name)
    if wanted not in FIRST_MAILBOXES and not uow.mailboxes.find(owner.id, wanted):
        raise NotFound("mailbox", wanted)


def _file(uow: UnitOfWork, actor: Actor, new: _Appended) -> Copy:
    owner = access.mailbox_owner(uow, actor, actor.account)
    home = target(uow, owner, new.name)
    old = None
    if new.instead_of is not None:
        [old] = own.taken(uow, actor, [new.instead_of])
        if not own.is_live(old):
            raise NotFound("copy", str(old.id))
        thrown_away(uow, actor, [old], DiscardKind.REPLACED)
        owner = uow.accounts.get(owner.id)
    require_room(owner, new.message.size)
    [copy] = placement.file(
        uow,
        [
            placement.NewCopy(
                account=owner.id,
                mailbox=home.id,
                message=uow.messages.add(new.message).id,
                size=new.message.size,
                internal_date=new.internal_date or uow.now,
                flags=new.flags,
                keywords=new.keywords,
                instead_of=old,
            )
        ],
    )
    uow.ledger.record(
        [
            LedgerEvent(
                time=uow.now,
                event=Event.RECEIVE,
                trace_id=new_trace_id(uow.now),
                message=copy.message,
                account=owner.id,
                mailbox=home.name,
                uid=copy.uid,
                copy=copy.id,
                source=actor.dialect,
                detail="put there by its owner",
            )
        ]
    )
    own.write_down(
        uow,
        actor,
        "mail.append",
        after={
            "message": new.message.sha256.hex(),
            "mailbox": home.name,
            **({"instead_of": new.instead_of} if new.instead_of else {}),
        },
    )
    return copy
