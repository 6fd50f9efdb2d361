"""Items from the store: rows in batches, content one by one."""

from collections.abc import Sequence

from postwarden.dialects.ews import ids
from postwarden.dialects.ews.calls import Call, item_not_found
from postwarden.dialects.ews.failures import Failed
from postwarden.dialects.ews.items import Depth, Item
from postwarden.model.actors import Actor
from postwarden.services.mailboxes import reading as mail
from postwarden.services.mailboxes import showing
from postwarden.services.ports import CopyFacts, MessageDetails, UnitOfWork

BATCH = 500  # copies whose rows are read in one transaction


async def item_at(call: Call, wanted: ids.ItemId, depth: Depth) -> Item:
    """Return the item of an identifier; raises Failed when it is not there."""
    [found] = await items_at(call, [wanted], depth)
    if isinstance(found, Failed):
        raise found
    return await with_content(call, found) if depth is Depth.CONTENT else found


async def items_at(
    call: Call, wanted: Sequence[ids.ItemId], depth: Depth
) -> list[Item | Failed]:
    """Return items, or for each why there is none, in their order.

    Their content is not read: `with_content` does.
    """
    found: dict[ids.ItemId, Item] = {}
    for account in {each.account for each in wanted}:
        own = [each for each in wanted if each.account == account]
        try:
            actor = await call.owner_of_item(own[0])
        except Failed:
            continue
        for begin in range(0, len(own), BATCH):
            numbers = [each.item for each in own[begin : begin + BATCH]]
            items = await call.read(_items, actor, numbers, depth)
            # One that has moved has another identifier now.
            found.update((each.id, each) for each in items)
    return [found.get(each) or item_not_found() for each in wanted]


async def with_content(call: Call, item: Item) -> Item:
    """Read the content of an item, which is an act of its own."""
    await read_contents(call, [item])
    return item


async def read_contents(call: Call, items: Sequence[Item]) -> None:
    """Read the content of some items of one account, which is one act."""
    if items:
        actor = await call.owner(items[0].facts.account)
        found = await showing.contents(
            call.house.store,
            call.house.blobs,
            actor,
            [each.facts.id for each in items],
        )
        for each in items:
            each.content = found[each.facts.id]


def rows(
    uow: UnitOfWork, actor: Actor, copies: Sequence[int], depth: Depth
) -> list[Item]:
    """Return own items by the numbers of their copies; unknown ones are left out."""
    facts = mail.copies(uow, actor, copies)
    return with_details(
        uow, actor, [facts[each] for each in copies if each in facts], depth
    )


def _items(
    uow: UnitOfWork, actor: Actor, numbers: Sequence[int], depth: Depth
) -> list[Item]:
    facts = mail.items(uow, actor, numbers)
    return with_details(uow, actor, [*facts.values()], depth)


def with_details(
    uow: UnitOfWork, actor: Actor, facts: Sequence[CopyFacts], depth: Depth
) -> list[Item]:
    """Return items with what a depth takes."""
    details: dict[int, MessageDetails] = {}
    if depth is not Depth.FACTS:
        details = mail.details(uow, actor, [each.id for each in facts])
    return [Item(facts=each, details=details.get(each.id)) for each in facts]
