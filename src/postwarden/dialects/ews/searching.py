"""Finding items: by the store where it can, by looking at them where it cannot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from postwarden.dialects.ews.calls import Call
from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed
from postwarden.dialects.ews.items import Depth, Item
from postwarden.dialects.ews.loading import BATCH, rows, with_content, with_details
from postwarden.dialects.ews.paging import Page
from postwarden.dialects.ews.restrictions import Restriction
from postwarden.dialects.ews.sorting import Sorting
from postwarden.model.actors import Actor
from postwarden.model.mailboxes import DiscardKind, Mailbox
from postwarden.model.queries import All, Query, Words, leaves
from postwarden.services import indexing
from postwarden.services.mailboxes import reading as mail
from postwarden.services.ports import UnitOfWork

MAX_READ: Final = 1000  # messages whose content one restriction may look into


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is wanted of a mailbox; no restriction accepts everything."""

    restriction: Restriction | None
    sorting: Sorting
    page: Page
    depth: Depth

    @property
    def looks(self) -> bool:
        """Whether the store's answer is not the whole answer."""
        is_exact = self.restriction is None or self.restriction.is_exact
        return not is_exact or bool(self.sorting.compared)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of items, and how many there are of all pages."""

    items: Sequence[Item]
    total: int


async def search(call: Call, actor: Actor, mailbox: Mailbox, wanted: Search) -> Found:
    """Return a page of what lies in a mailbox, arrived just now or not."""
    if wanted.restriction is not None and any(
        isinstance(each, Words) for each in leaves(Query(wanted.restriction.query))
    ):
        await indexing.catch_up(call.house.index, call.house.blobs)
    if wanted.looks:
        return await _looked_through(call, actor, mailbox, wanted)
    return await call.read(_by_the_store, actor, mailbox, wanted)


def _by_the_store(
    uow: UnitOfWork, actor: Actor, mailbox: Mailbox, wanted: Search
) -> Found:
    order = wanted.sorting.order
    if wanted.restriction is None:
        total = mail.mailbox(uow, actor, mailbox.id).messages
        begin, count = wanted.page.bounds(total)
        found = mail.listing(
            uow, actor, mailbox.id, order=order, offset=begin, limit=count
        )
    else:
        query = Query(wanted.restriction.query)
        copies = mail.matching(uow, actor, query, mailboxes=[mailbox.id])
        begin, count = wanted.page.bounds(len(copies))
        found = mail.arranged(
            uow, actor, copies, order=order, offset=begin, limit=count
        )
    items = with_details(uow, actor, found.copies, wanted.depth)
    return Found(items=items, total=found.total)


async def search_discarded(
    call: Call,
    actor: Actor,
    kind: DiscardKind,
    wanted: Search,
    *,
    from_mailbox: int | None = None,
) -> Found:
    """Return a page of what was thrown away, from one mailbox or from all.

    There is no query for it: a restriction looks at all of it.
    """
    if wanted.restriction is not None and wanted.restriction.is_words:
        message = "Query strings find nothing that was deleted: use a restriction."
        raise Failed(Code.INVALID_OPERATION, message)
    copies = await call.read(_all_discarded, actor, kind, from_mailbox)
    return await _look_through(call, actor, copies, wanted)


def _all_discarded(
    uow: UnitOfWork, actor: Actor, kind: DiscardKind, mailbox: int | None
) -> Sequence[int]:
    found: list[int] = []
    while True:
        page = mail.discarded(
            uow,
            actor,
            actor.account,
            kind=kind,
            from_mailbox=mailbox,
            offset=len(found),
            limit=mail.MAX_PAGE,
        )
        found += [each.id for each in page.copies]
        if len(found) >= page.total or not page.copies:
            return found


async def _looked_through(
    call: Call, actor: Actor, mailbox: Mailbox, wanted: Search
) -> Found:
    query = Query(All() if wanted.restriction is None else wanted.restriction.query)
    copies = await call.read(_arranged, actor, query, mailbox, wanted.sorting)
    return await _look_through(call, actor, copies, wanted)


async def _look_through(
    call: Call, actor: Actor, copies: Sequence[int], wanted: Search
) -> Found:
    """Look at each of some items, some hundred at a time."""
    restriction, sorting = wanted.restriction, wanted.sorting
    depth = max(sorting.depth, restriction.depth if restriction else Depth.FACTS)
    if depth is Depth.CONTENT and len(copies) > MAX_READ:
        message = f"More than {MAX_READ} messages would have to be read."
        raise Failed(Code.RESTRICTION_TOO_COMPLEX, message)
    keyed: list[tuple[tuple[Any, ...], int]] = []
    for begin in range(0, len(copies), BATCH):
        batch = copies[begin : begin + BATCH]
        for item in await call.read(rows, actor, batch, depth):
            if depth is Depth.CONTENT:
                await with_content(call, item)  # one message at a time is enough
            if restriction is None or restriction.accepts(item):
                keyed.append((sorting.key(item), item.facts.id))
    numbers = wanted.page.among(sorting.sort(keyed))
    items = await call.read(rows, actor, numbers, wanted.depth)
    return Found(items=items, total=len(keyed))


def _arranged(
    uow: UnitOfWork, actor: Actor, query: Query, mailbox: Mailbox, sorting: Sorting
) -> Sequence[int]:
    copies = mail.matching(uow, actor, query, mailboxes=[mailbox.id])
    found: list[int] = []
    for begin in range(0, len(copies), mail.MAX_PAGE):
        page = mail.arranged(
            uow,
            actor,
            copies,
            order=sorting.order,
            offset=begin,
            limit=mail.MAX_PAGE,
        )
        found += [each.id for each in page.copies]
    return found
