"""Mailing lists of a domain."""

from postwarden.dialects.smartermail import mapping
from postwarden.dialects.smartermail.contexts import Call
from postwarden.dialects.smartermail.listing import every
from postwarden.dialects.smartermail.operations import Operations, Reach
from postwarden.dialects.smartermail.schemas.accounts import (
    GivenList,
    ListCounts,
    ListItem,
    MailingLists,
)
from postwarden.dialects.smartermail.schemas.users import (
    Subscribers,
    SubscriberSearch,
)
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.errors import NotFound
from postwarden.services import entries

lists = Operations()


@lists.get("/settings/domain/mailing-lists/list", Reach.DOMAIN)
async def list_lists(call: Call) -> MailingLists:
    """List the mailing lists of a domain."""
    rows = [
        mapping.list_row(holding.entry)
        async for page in every(call, (EntryKind.LIST,))
        for holding in page
    ]
    return MailingLists(items=rows, total_count=len(rows))


@lists.get("/settings/domain/mailing-lists/{number}/settings", Reach.DOMAIN)
async def show_list(call: Call, number: str) -> ListItem:
    """Show a mailing list."""
    return ListItem(item=mapping.list_row(await _list(call, number)))


@lists.post("/settings/domain/mailing-lists/{number}/settings", Reach.DOMAIN)
async def change_list(call: Call, body: GivenList, number: str) -> ListItem:
    """Switch a mailing list on or off; the rest of it is as it is."""
    entry = await _list(call, number)
    changed = await call.write(
        entries.change, EntryKind.LIST, entry.address, enabled=not body.disabled
    )
    return ListItem(item=mapping.list_row(changed))


@lists.get("/settings/domain/mailing-lists/{number}/counts", Reach.DOMAIN)
async def count_list(call: Call, number: str) -> ListCounts:
    """Count the subscribers of a mailing list."""
    return ListCounts(list_subscribers=len((await _list(call, number)).targets))


@lists.post("/settings/domain/mailing-lists/{number}/subscriber-search", Reach.DOMAIN)
async def search_subscribers(
    call: Call, body: SubscriberSearch, number: str
) -> Subscribers:
    """List the subscribers of a mailing list."""
    entry = await _list(call, number)
    rows = mapping.subscribers(entry, body.search)
    if body.sort_descending:
        rows.reverse()
    shown = rows[body.skip : body.skip + body.take]
    return Subscribers(results=shown, total_count=len(rows))


@lists.post("/settings/domain/mailing-lists/{number}/posters-search", Reach.DOMAIN)
async def search_posters(call: Call, number: str) -> Subscribers:
    """List nobody: everybody may write to a mailing list."""
    await _list(call, number)
    return Subscribers(results=[], total_count=0)


@lists.post("/settings/domain/mailing-lists/{number}/banned-search", Reach.DOMAIN)
async def search_banned(call: Call, number: str) -> Subscribers:
    """List nobody: nobody is kept from a mailing list."""
    await _list(call, number)
    return Subscribers(results=[], total_count=0)


async def _list(call: Call, number: str) -> Entry:
    """Return a mailing list of the domain by its number; raises NotFound."""
    async for page in every(call, (EntryKind.LIST,)):
        for holding in page:
            if str(holding.entry.id) == number:
                return holding.entry
    raise NotFound("list", number)
