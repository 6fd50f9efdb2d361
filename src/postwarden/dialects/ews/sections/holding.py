"""Holds: GetHoldOnMailboxes, SetHoldOnMailboxes.

A hold here has the HoldId for its name. What it marks never changes, so an update
makes another one of that name and lets go of the one before.
"""

from collections.abc import Sequence
from typing import Final

from postwarden.dialects.ews.aqs import parsed
from postwarden.dialects.ews.calls import Call
from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed, Violation
from postwarden.dialects.ews.operations import Operations
from postwarden.dialects.ews.reading import MAX_BATCH, child
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.errors import NotFound
from postwarden.model.holds import Hold, HoldState
from postwarden.model.queries import Query
from postwarden.services import holds as service
from postwarden.services.holds import NewHold
from postwarden.services.ports import UnitOfWork
from postwarden.wire.xml import Element, Xml, tag

holding = Operations()

MAX_HOLD_ID: Final = 200  # characters
_FOREVER: Final = frozenset({"", "unlimited", "indefinite"})
_STATUSES: Final = {
    HoldState.PLACING: "Pending",
    HoldState.ACTIVE: "OnHold",
    HoldState.RELEASING: "NotOnHold",
    HoldState.RELEASED: "NotOnHold",
}


@holding("GetHoldOnMailboxes", is_single=True)
async def get_hold_on_mailboxes(call: Call, asked: Element) -> Xml:
    """Show a hold in force, and the mailboxes that it names."""
    hold = await call.read(_known, call.actor, _hold_id(asked))
    return _result(hold)


@holding("SetHoldOnMailboxes", is_single=True)
async def set_hold_on_mailboxes(call: Call, asked: Element) -> Xml:
    """Hold what a query finds in mailboxes, change that, or let go of it."""
    action = asked.value("m:ActionType") or ""
    name = _hold_id(asked)
    if action == "Remove":
        return _result(await call.transact(_remove, call.actor, name))
    if action not in {"Create", "Update"}:
        raise Violation(f"ActionType cannot be {action[:40]!r}", asked)
    period = asked.value("m:ItemHoldPeriod") or ""
    if period.lower() not in _FOREVER:
        message = "A hold lasts until it is removed: ItemHoldPeriod is Unlimited."
        raise Failed(Code.INVALID_OPERATION, message)
    new = NewHold(
        query=Query(parsed(asked.value("m:Query") or "")),
        accounts=_mailboxes(asked),
        name=name,
        reason=f"{action} of {name} by EWS",
    )
    replaced = action == "Update"
    return _result(await call.transact(_put, call.actor, new, replaced=replaced))


def _hold_id(asked: Element) -> str:
    element = child(asked, "m:HoldId")
    found = element.text.strip()
    if not 1 <= len(found) <= MAX_HOLD_ID:
        raise Violation(f"HoldId has 1 to {MAX_HOLD_ID} characters", element)
    return found


def _mailboxes(asked: Element) -> tuple[Address, ...]:
    elements = list(asked.every("m:Mailboxes", "t:String"))
    if not 1 <= len(elements) <= MAX_BATCH:
        raise Violation(f"Mailboxes are 1 to {MAX_BATCH}", asked)
    return tuple(Address.parse(each.text.strip()) for each in elements)


def _known(uow: UnitOfWork, actor: Actor, name: str) -> Hold:
    try:
        return service.named(uow, actor, name)
    except NotFound as error:
        message = f"There is no hold {name} in force."
        raise Failed(Code.MAILBOX_HOLD_NOT_FOUND, message) from error


def _put(uow: UnitOfWork, actor: Actor, new: NewHold, *, replaced: bool) -> Hold:
    before: Hold | None = None
    if replaced:
        before = _known(uow, actor, new.name)
    try:
        made, _ = service.create(uow, actor, new)
    except NotFound as error:
        message = f"{error.name} has no mailbox associated with it."
        raise Failed(Code.NON_EXISTENT_MAILBOX, message) from error
    if before is not None:
        service.release(uow, actor, before.id, reason=new.reason)
    return made


def _remove(uow: UnitOfWork, actor: Actor, name: str) -> Hold:
    hold = _known(uow, actor, name)
    reason = f"Remove of {name} by EWS"
    return service.release(uow, actor, hold.id, reason=reason)[0]


def _result(hold: Hold) -> Xml:
    return tag(
        "m:MailboxHoldResult",
        tag("t:HoldId", hold.name),
        tag("t:Query", hold.query),
        tag("t:MailboxHoldStatuses", *_statuses(hold)),
    )


def _statuses(hold: Hold) -> Sequence[Xml]:
    found = []
    for key, _ in hold.accounts:
        domain, _, local_key = key.partition("/")
        found.append(
            tag(
                "t:MailboxHoldStatus",
                tag("t:Mailbox", f"{local_key}@{domain}"),
                tag("t:Status", _STATUSES[hold.state]),
                tag("t:AdditionalInfo"),
            )
        )
    return found
