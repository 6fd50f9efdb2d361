"""Moving items: MoveItem, CopyItem, DeleteItem, MarkAsJunk."""

from collections.abc import Sequence

from postwarden.dialects.ews import item_shapes
from postwarden.dialects.ews.calls import Call
from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed
from postwarden.dialects.ews.items import Item
from postwarden.dialects.ews.operations import Operations
from postwarden.dialects.ews.placing import Act, Outcome, each_of, mailbox_of, placed
from postwarden.dialects.ews.reading import boolean, child, children, one_of
from postwarden.dialects.ews.responses import failure, messages, success
from postwarden.model.actors import Actor
from postwarden.model.errors import MailError
from postwarden.model.mailboxes import INBOX, JUNK, TRASH, DiscardKind
from postwarden.services.mailboxes import acting
from postwarden.services.mailboxes import reading as mail
from postwarden.services.mailboxes.acting import FlagChange
from postwarden.services.ports import UnitOfWork
from postwarden.wire.xml import Element, Xml, tag

moving = Operations()

_NONE = tag("m:Items")
_KINDS = {"HardDelete": DiscardKind.PURGED, "SoftDelete": DiscardKind.DELETED}
_JUNK_WORDS = {True: "$Junk", False: "$NotJunk"}


@moving("MoveItem")
async def move_item(call: Call, asked: Element) -> Xml:
    """Move items to a folder; those that were discarded come back to it."""
    _, tree, name = await mailbox_of(call, child(asked, "m:ToFolderId"))
    act = _within(tree.account, moves_to(call, name))
    found = await each_of(call, children(asked, "m:ItemIds"), act)
    return _answered("MoveItem", found, with_ids=_wants_ids(asked))


@moving("CopyItem")
async def copy_item(call: Call, asked: Element) -> Xml:
    """Copy items to a folder of the same mailbox."""
    _, tree, name = await mailbox_of(call, child(asked, "m:ToFolderId"))

    async def copies(actor: Actor, numbers: Sequence[int]) -> Sequence[int]:
        made = await call.transact(acting.duplicate, actor, numbers, name)
        return [each.id for each in made]

    act = _within(tree.account, copies)
    found = await each_of(call, children(asked, "m:ItemIds"), act)
    return _answered("CopyItem", found, with_ids=_wants_ids(asked))


@moving("DeleteItem")
async def delete_item(call: Call, asked: Element) -> Xml:
    """Delete items: into Deleted Items, or into one of the recoverable folders.

    Nothing is destroyed, and what is held stays held there.
    """
    kind = one_of(asked, "DeleteType", *_KINDS, "MoveToDeletedItems")

    async def discards(actor: Actor, numbers: Sequence[int]) -> Sequence[int]:
        await call.transact(acting.discard, actor, numbers, _KINDS[kind])
        return numbers

    act = discards if kind in _KINDS else moves_to(call, TRASH)
    found = await each_of(call, children(asked, "m:ItemIds"), act)
    return messages(_said("DeleteItem", each) for each in found)


@moving("MarkAsJunk")
async def mark_as_junk(call: Call, asked: Element) -> Xml:
    """Say that items are junk or not, and move them where they belong then."""
    is_junk = boolean(asked, "IsJunk")
    moved = boolean(asked, "MoveItem")

    async def marks(actor: Actor, numbers: Sequence[int]) -> Sequence[int]:
        await call.transact(_mark, actor, numbers, is_junk=is_junk)
        if not moved:
            return numbers
        return await moves_to(call, JUNK if is_junk else INBOX)(actor, numbers)

    found = await each_of(call, children(asked, "m:ItemIds"), marks)
    return messages(
        success("MarkAsJunk", item_shapes.item_id(each, "m:MovedItemId"))
        if isinstance(each, Item)
        else _said("MarkAsJunk", each)
        for each in found
    )


def _mark(
    uow: UnitOfWork, actor: Actor, numbers: Sequence[int], *, is_junk: bool
) -> None:
    known = mail.copies(uow, actor, numbers)
    words = set(_JUNK_WORDS.values())
    acting.flag(
        uow,
        actor,
        [
            FlagChange(
                copy=number,
                keywords=(*set(each.keywords) - words, _JUNK_WORDS[is_junk]),
            )
            for number, each in known.items()
        ],
    )


def moves_to(call: Call, name: str) -> Act:
    """Return what moves copies to a mailbox."""

    async def moves(actor: Actor, numbers: Sequence[int]) -> Sequence[int]:
        moved = await call.transact(acting.move, actor, numbers, name)
        return [each.id for each in moved]

    return moves


def _within(account: int, act: Act) -> Act:
    """Return an act that refuses to go from one mailbox to another."""

    async def within(actor: Actor, numbers: Sequence[int]) -> Sequence[int]:
        if actor.account != account:
            message = "Items do not go from one mailbox to another."
            raise Failed(Code.MOVE_COPY_FAILED, message)
        return await act(actor, numbers)

    return within


def _wants_ids(asked: Element) -> bool:
    return asked.value("m:ReturnNewItemIds") not in {"false", "0"}


def _answered(operation: str, found: Sequence[Outcome], *, with_ids: bool) -> Xml:
    return messages(
        failure(operation, each, _NONE)
        if isinstance(each, Failed | MailError)
        else success(operation, placed(each) if each and with_ids else _NONE)
        for each in found
    )


def _said(operation: str, outcome: Outcome) -> Xml:
    if isinstance(outcome, Failed | MailError):
        return failure(operation, outcome)
    return success(operation)
