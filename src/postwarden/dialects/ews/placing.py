"""Doing something to items: in batches where all are there, alone where one fails."""

from collections.abc import Awaitable, Callable, Sequence

from postwarden.dialects.ews import ids, item_shapes
from postwarden.dialects.ews.calls import Call
from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed, Violation
from postwarden.dialects.ews.folders import Folder, Tree
from postwarden.dialects.ews.items import Depth, Item
from postwarden.dialects.ews.loading import BATCH, items_at, rows
from postwarden.dialects.ews.reading import attribute
from postwarden.model.actors import Actor
from postwarden.model.errors import MailError
from postwarden.wire.xml import Element, Xml, tag

Act = Callable[[Actor, Sequence[int]], Awaitable[Sequence[int]]]
"""Does something to the copies of one account; returns those that it made of them."""
Outcome = Item | None | Failed | MailError
"""None is an item that its owner sees no more."""


async def each_of(call: Call, elements: Sequence[Element], act: Act) -> list[Outcome]:
    """Do something to the items of some ItemId elements; return what became of each.

    One that fails fails alone.
    """
    wanted = [id_or_failure(each) for each in elements]
    known = list(dict.fromkeys(each for each in wanted if isinstance(each, ids.ItemId)))
    found = dict(zip(known, await items_at(call, known, Depth.FACTS), strict=True))
    outcomes: dict[ids.ItemId, Outcome] = dict(found)
    there = {
        each: item.facts.id for each, item in found.items() if isinstance(item, Item)
    }
    for account in {each.account for each in there}:
        own = [each for each in there.items() if each[0].account == account]
        for begin in range(0, len(own), BATCH):
            batch = own[begin : begin + BATCH]
            outcomes.update(await _done(call, account, batch, act))
    return [outcomes[each] if isinstance(each, ids.ItemId) else each for each in wanted]


async def _done(
    call: Call, account: int, batch: Sequence[tuple[ids.ItemId, int]], act: Act
) -> dict[ids.ItemId, Outcome]:
    actor = await call.owner(account)
    try:
        made = await act(actor, [copy for _, copy in batch])
    except (Failed, MailError) as error:
        if len(batch) == 1:
            return {batch[0][0]: error}
        alone: dict[ids.ItemId, Outcome] = {}
        for each in batch:
            alone |= await _done(call, account, [each], act)
        return alone
    items = {i.facts.id: i for i in await call.read(rows, actor, made, Depth.FACTS)}
    return {each: items.get(copy) for (each, _), copy in zip(batch, made, strict=True)}


def id_or_failure(element: Element) -> ids.ItemId | Failed:
    """Return the identifier that an ItemId is, or why it is none."""
    try:
        return item_id(element)
    except Failed as error:
        return error


def item_id(element: Element) -> ids.ItemId:
    """Return the identifier that an ItemId is; raises Failed."""
    if element.name != "t:ItemId":
        raise Violation(f"{element.local[:40]} is no item", element)
    return ids.item_id(attribute(element, "Id"))


def placed(*items: Item) -> Xml:
    """Return items by their identifiers alone, as most changes answer."""
    return tag(
        "m:Items", *(tag("t:Message", item_shapes.item_id(each)) for each in items)
    )


async def mailbox_of(call: Call, element: Element) -> tuple[Folder, Tree, str]:
    """Return a folder that takes items, and the mailbox that it is; raises Failed."""
    named = element.only
    if named is None:
        raise Violation(f"{element.local} is empty", element)
    folder, tree = await call.folder(named)
    if folder.mailbox is None:
        raise Failed(Code.MOVE_COPY_FAILED, f"{folder.name} takes no items")
    return folder, tree, folder.mailbox.name
