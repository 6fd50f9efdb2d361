"""Folders and mail of an account, for its owner or who acts as him.

The `uid` of mail is our id of the copy, which it keeps wherever it is moved; a call
that names another folder than it lies in finds nothing.
"""

from collections.abc import Callable, Mapping, Sequence

from postwarden.dialects.smartermail import messages
from postwarden.dialects.smartermail.contexts import Call
from postwarden.dialects.smartermail.envelope import Fault, Said
from postwarden.dialects.smartermail.mapping import spelt
from postwarden.dialects.smartermail.operations import Operations, Reach
from postwarden.dialects.smartermail.schemas import mail as schemas
from postwarden.model.actors import Actor
from postwarden.model.errors import NotFound
from postwarden.model.mailboxes import (
    NO_FLAGS,
    TRASH,
    CopyState,
    DiscardKind,
    Flag,
    Mailbox,
    Order,
)
from postwarden.model.queries import parse
from postwarden.services import access
from postwarden.services.mailboxes import acting, keeping, reading, showing
from postwarden.services.mailboxes.acting import FlagChange
from postwarden.services.mailboxes.reading import Listing
from postwarden.services.ports import MessageDetails, UnitOfWork

mail = Operations()

_PAGE = 500  # copies that one transaction reads or changes
_MOST = 10_000  # mails of one answer
_SECTIONS = frozenset({0, 1})  # of the advanced search: everywhere, and mail
_MARKS = {
    "setbasic": (Flag.FLAGGED, NO_FLAGS),
    "clear": (NO_FLAGS, Flag.FLAGGED),
}


@mail.get("/folders/list-email-folders", Reach.MAILBOX)
async def list_folders(call: Call) -> schemas.Folders:
    """List the folders of the account."""

    def look(uow: UnitOfWork, actor: Actor) -> list[schemas.Folder]:
        owner = access.mailbox_owner(uow, actor, actor.account)
        mailboxes = reading.mailboxes(uow, actor, actor.account)
        return messages.folders(mailboxes, owner.address)

    return schemas.Folders(folder_list=await call.read(look))


@mail.post("/folders/folder-put", Reach.MAILBOX)
async def put_folder(call: Call, body: schemas.NewFolder) -> Said:
    """Make a folder."""
    path = f"{body.parent_folder}/{body.folder}" if body.parent_folder else body.folder
    name = messages.name_of(path)
    await call.write(keeping.create, call.actor.account, name)
    return Said()


@mail.post("/mail/messages", Reach.MAILBOX)
async def list_messages(
    call: Call, body: schemas.MessageSearch
) -> schemas.MessageResults:
    """List the mail of a folder, all of it or what a search finds."""
    take = min(body.take, _MOST)  # `totalCount` says that there is more
    order = messages.order_of(body.sort_type, ascending=body.sort_ascending)
    home = await call.read(_folder, body)
    if messages.is_empty_search(body.search_flags):
        return _results(home, [], 0)
    query = messages.query_of(body.query, body.search_flags)
    found = await call.read(_matching, home.id, query) if query else None
    rows: list[schemas.MessageRow] = []
    total = 0
    while True:
        limit = min(_PAGE, take - len(rows))
        page = await call.read(
            _page,
            home.id,
            found,
            order=order,
            offset=body.skip + len(rows),
            limit=limit,
        )
        total = page.total
        rows += page.rows
        if not page.rows or len(rows) >= take:
            return _results(home, rows, total)


def _results(
    home: Mailbox, rows: list[schemas.MessageRow], total: int
) -> schemas.MessageResults:
    return schemas.MessageResults(
        results=rows, total_count=total, unread_count=home.unseen
    )


def _folder(uow: UnitOfWork, actor: Actor, asked: schemas.InFolder) -> Mailbox:
    """Return the folder that a call names; raises NotFound, for others' too."""
    owner = access.mailbox_owner(uow, actor, actor.account)
    named = asked.owner_email_address.strip()
    is_own = not named or named.casefold() == spelt(owner.address).casefold()
    name = messages.name_of(asked.folder)
    home = reading.found(uow, actor, actor.account, name) if is_own else None
    if home is None:
        raise NotFound("mailbox", asked.folder)
    return home


class _Page:
    """Rows of a list, and how many there are in all."""

    def __init__(self, listing: Listing, details: Mapping[int, MessageDetails]) -> None:
        self.total = listing.total
        self.rows = [messages.row(c, details.get(c.id)) for c in listing.copies]


def _matching(uow: UnitOfWork, actor: Actor, mailbox: int, query: str) -> Sequence[int]:
    wanted = parse(query, now=uow.now)
    return reading.matching(uow, actor, wanted, mailboxes=[mailbox])


def _page(
    uow: UnitOfWork,
    actor: Actor,
    mailbox: int,
    found: Sequence[int] | None,
    *,
    order: Order,
    offset: int,
    limit: int,
) -> _Page:
    if found is not None:
        listing = reading.arranged(
            uow, actor, found, order=order, offset=offset, limit=limit
        )
    else:
        listing = reading.listing(
            uow, actor, mailbox, order=order, offset=offset, limit=limit
        )
    numbers = [copy.id for copy in listing.copies]
    return _Page(listing, reading.details(uow, actor, numbers))


@mail.post("/mail/message", Reach.MAILBOX)
async def show_message(call: Call, body: schemas.OneMessage) -> schemas.Message:
    """Show a mail. Whoever reads it in the owner's place leaves an audit entry."""
    [copy] = await call.read(_copies, body, [body.uid])
    house = call.house
    content = await showing.content(house.store, house.blobs, call.actor, copy)
    return schemas.Message(message_data=messages.data(content))


def _copies(
    uow: UnitOfWork, actor: Actor, asked: schemas.InFolder, numbers: Sequence[int]
) -> list[int]:
    """Return mail that lies in the folder named; raises NotFound for any other.

    What was deleted from it for good is of that folder still, but lies there no more.
    """
    home = _folder(uow, actor, asked)
    known = reading.copies(uow, actor, numbers)
    there = {
        number
        for number, copy in known.items()
        if copy.mailbox_id == home.id and copy.state is CopyState.LIVE
    }
    for number in numbers:
        if number not in there:
            raise NotFound("copy", str(number))
    return list(dict.fromkeys(numbers))


async def _act(
    call: Call,
    asked: schemas.Messages,
    act: Callable[[UnitOfWork, Actor, Sequence[int]], object],
) -> Said:
    """Do something to mail, five hundred at a time, each time to all or none."""

    def chunk(uow: UnitOfWork, actor: Actor, numbers: Sequence[int]) -> None:
        act(uow, actor, _copies(uow, actor, asked, numbers))

    for start in range(0, len(asked.uid), _PAGE):
        await call.write(chunk, asked.uid[start : start + _PAGE])
    return Said()


@mail.post("/mail/delete-messages", Reach.MAILBOX)
async def delete_messages(call: Call, body: schemas.Deletion) -> Said:
    """Move mail to Deleted Items, or with it from there, or at once, to the vault."""
    is_trash = messages.name_of(body.folder) == TRASH

    def act(uow: UnitOfWork, actor: Actor, numbers: Sequence[int]) -> None:
        if body.move_to_deleted and not is_trash:
            acting.move(uow, actor, numbers, TRASH)
        else:
            acting.discard(uow, actor, numbers, DiscardKind.DELETED)

    return await _act(call, body, act)


@mail.post("/mail/move-messages", Reach.MAILBOX)
async def move_messages(call: Call, body: schemas.Move) -> Said:
    """Move mail to another folder of the same account."""
    if body.destination_owner_email_address not in {"", body.owner_email_address}:
        raise Fault(400, "NOT_OFFERED", "mail stays in its account")
    name = messages.name_of(body.destination_folder)

    def act(uow: UnitOfWork, actor: Actor, numbers: Sequence[int]) -> None:
        acting.move(uow, actor, numbers, name)

    return await _act(call, body, act)


@mail.post("/mail/messages-patch", Reach.MAILBOX)
async def mark_messages(call: Call, body: schemas.ReadMark) -> Said:
    """Mark mail as read or unread."""
    add, remove = (Flag.SEEN, NO_FLAGS) if body.mark_read else (NO_FLAGS, Flag.SEEN)
    return await _mark(call, body, add, remove)


@mail.post("/mail/messages-flag-patch", Reach.MAILBOX)
async def flag_messages(call: Call, body: schemas.FlagMark) -> Said:
    """Flag mail, or take its flag away."""
    action = body.flag_action.type.strip().lower()
    if action not in _MARKS:
        raise Fault(400, "NOT_OFFERED", "a flag is set or cleared")
    return await _mark(call, body, *_MARKS[action])


@mail.post("/mail/messages-category-patch", Reach.MAILBOX)
async def categorise_messages(call: Call, body: schemas.Categories) -> Said:
    """Give mail categories, which are its keywords, instead of those it has."""
    keywords = tuple(body.categories)

    def act(uow: UnitOfWork, actor: Actor, numbers: Sequence[int]) -> None:
        changes = [FlagChange(copy=n, keywords=keywords) for n in numbers]
        acting.flag(uow, actor, changes)

    return await _act(call, body, act)


async def _mark(call: Call, asked: schemas.Messages, add: Flag, remove: Flag) -> Said:
    def act(uow: UnitOfWork, actor: Actor, numbers: Sequence[int]) -> None:
        changes = [FlagChange(copy=n, add=add, remove=remove) for n in numbers]
        acting.flag(uow, actor, changes)

    return await _act(call, asked, act)


@mail.post("/settings/advanced-search", Reach.MAILBOX)
async def advanced_search(
    call: Call, body: schemas.AdvancedSearch
) -> schemas.SearchResult:
    """Find mail in all folders of the account, the newest first."""
    found: list[schemas.FoundMail] = []
    if body.section in _SECTIONS and body.max_emails_to_return:
        limit = min(body.max_emails_to_return, reading.MAX_PAGE)
        found = await call.read(_found, messages.query_of(body.search_query, {}), limit)
    return schemas.SearchResult(
        advanced_search_result=schemas.Found(email_search_results=found)
    )


def _found(
    uow: UnitOfWork, actor: Actor, query: str, limit: int
) -> list[schemas.FoundMail]:
    order = messages.order_of(0, ascending=False)
    own = reading.mailboxes(uow, actor, actor.account)
    wanted = parse(query or "all", now=uow.now)
    ids = reading.matching(uow, actor, wanted, mailboxes=[each.id for each in own])
    listing = reading.arranged(uow, actor, ids, order=order, limit=limit)
    details = reading.details(uow, actor, [copy.id for copy in listing.copies])
    return [messages.found(copy, details.get(copy.id)) for copy in listing.copies]
