"""Mailing lists of a domain."""

from msgspec import UNSET

from postwarden.dialects.smartermail import mapping
from postwarden.dialects.smartermail.contexts import Call
from postwarden.dialects.smartermail.envelope import Fault
from postwarden.dialects.smartermail.listing import every
from postwarden.dialects.smartermail.operations import Operations, Reach
from postwarden.dialects.smartermail.schemas.accounts import (
    GivenList,
    ListCounts,
    ListItem,
    MailingLists,
    NewList,
)
from postwarden.dialects.smartermail.schemas.users import (
    Subscribers,
    SubscriberSearch,
)
from postwarden.model.actors import Actor
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.errors import NotFound
from postwarden.services import entries
from postwarden.services.ports import UnitOfWork

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
    """Switch a mailing list on or off, or give it another name."""
    address = (await _list(call, number)).address
    name = body.list_address
    wanted = call.address(name, "list") if name else address
    enabled = None if body.disabled is UNSET else not body.disabled

    def change(uow: UnitOfWork, actor: Actor) -> Entry:
        kind = EntryKind.LIST
        changed = entries.change(uow, actor, kind, address, enabled=enabled)
        if str(wanted) == str(address):
            return changed
        return entries.rename(uow, actor, kind, address, wanted)

    return ListItem(item=mapping.list_row(await call.write(change)))


@lists.post("/settings/domain/mailing-lists/add", Reach.DOMAIN)
async def add_list(call: Call, body: NewList) -> ListItem:
    """Create a mailing list, whose first subscriber is its moderator."""
    address = call.address(body.list_address, "list")
    if not body.moderator_address:
        raise Fault(400, "MODERATOR_REQUIRED", "name a moderatorAddress")
    moderator = mapping.target_of(body.moderator_address, call.domain)

    def create(uow: UnitOfWork, actor: Actor) -> Entry:
        kind = EntryKind.LIST
        made = entries.create(uow, actor, kind, address, [moderator])
        if body.disabled is not True:
            return made
        return entries.change(uow, actor, kind, address, enabled=False)

    return ListItem(item=mapping.list_row(await call.write(create)))


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
