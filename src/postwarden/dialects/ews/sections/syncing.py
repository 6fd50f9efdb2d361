"""Synchronisation: SyncFolderItems, SyncFolderHierarchy."""

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

from postwarden.dialects.ews import folder_shapes, ids, item_shapes, states
from postwarden.dialects.ews.calls import Call
from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed, Violation
from postwarden.dialects.ews.folders import Folder
from postwarden.dialects.ews.items import Depth, Item
from postwarden.dialects.ews.loading import with_content, with_details
from postwarden.dialects.ews.operations import Operations
from postwarden.dialects.ews.placing import item_id
from postwarden.dialects.ews.reading import child, number_of
from postwarden.dialects.ews.responses import messages, success
from postwarden.dialects.ews.shapes import Shape, shape_of
from postwarden.dialects.ews.states import SyncState
from postwarden.model.actors import Actor
from postwarden.services.mailboxes import reading as mail
from postwarden.services.ports import UnitOfWork
from postwarden.services.ports.mail import Left, Mark
from postwarden.wire.xml import Element, Xml, tag

syncing = Operations()

MOST = 512  # changes of one answer
MAX_IGNORED = 1000
_TOP = "msgfolderroot"


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    """What a client is told next, and what it knows then."""

    items: Sequence[Item]
    gone: Sequence[str]
    state: SyncState
    is_last: bool


@syncing("SyncFolderItems")
async def sync_folder_items(call: Call, asked: Element) -> Xml:
    """Tell what came into a folder, changed in it or left it since a state."""
    shape = shape_of(child(asked, "m:ItemShape"))
    folder, tree = await call.folder(_named(child(asked, "m:SyncFolderId")))
    if folder.mailbox is None:
        message = f"{folder.name} is not kept in step with clients."
        raise Failed(Code.INVALID_OPERATION, message)
    state = _state(asked, tree.account, folder.mailbox.id)
    limit = number_of(child(asked, "m:MaxChangesReturned"), low=1, high=MOST)
    ignored = {str(item_id(each)) for each in _ignored(asked)}
    actor = await call.owner(tree.account)
    depth = item_shapes.depth_of(shape)
    news = await call.read(_news, actor, state, limit, depth)
    changes = [
        *[
            tag("t:Delete", tag("t:ItemId", Id=identifier))
            for identifier in news.gone
            if identifier not in ignored
        ],
        *[
            await _change(call, item, shape, state)
            for item in news.items
            if str(item.id) not in ignored
        ],
    ]
    return messages(
        [
            success(
                "SyncFolderItems",
                tag("m:SyncState", str(news.state)),
                tag("m:IncludesLastItemInRange", news.is_last),
                tag("m:Changes", *changes),
            )
        ]
    )


def _news(
    uow: UnitOfWork, actor: Actor, state: SyncState, limit: int, depth: Depth
) -> _News:
    since = Mark(modseq=state.modseq, uid=state.uid)
    found = mail.changes(uow, actor, state.mailbox, since=since, limit=limit)
    # Only who has heard everything knows that all UIDs up to here are known.
    uid_next = state.uid_next
    if found.is_last:
        uid_next = mail.mailbox(uow, actor, state.mailbox).uid_next
    return _News(
        items=with_details(uow, actor, found.changed, depth),
        gone=_gone(uow, actor, state, found.left),
        state=SyncState(
            *(state.account, state.mailbox),
            *(found.up_to.modseq, found.up_to.uid, uid_next),
        ),
        is_last=found.is_last,
    )


def _gone(
    uow: UnitOfWork, actor: Actor, state: SyncState, left: Sequence[Left]
) -> list[str]:
    """Return the identifiers of what left and may have been known.

    A draft that was replaced has left as a copy, and as an item it has changed.
    """
    known = {
        each.item: each
        for each in left
        if each.item is not None and state.may_know(each.uid)
    }
    there = mail.items(uow, actor, list(known))
    return [
        str(ids.ItemId(state.account, state.mailbox, item))
        for item, each in known.items()
        if not state.has_still(each, there.get(item))
    ]


async def _change(call: Call, item: Item, shape: Shape, state: SyncState) -> Xml:
    if item_shapes.depth_of(shape) is Depth.CONTENT:
        item = await with_content(call, item)
    shown = item_shapes.written(item, shape)
    item.content = None  # one message at a time is enough
    return tag("t:Update" if state.knows(item.facts) else "t:Create", shown)


def _state(asked: Element, account: int, mailbox: int) -> SyncState:
    text = asked.value("m:SyncState")
    if not text:
        return SyncState(account, mailbox)
    state = states.sync_state(text)
    if (state.account, state.mailbox) != (account, mailbox):
        message = "This is the sync state of another folder."
        raise Failed(Code.INVALID_SYNC_STATE, message)
    return state


def _ignored(asked: Element) -> Sequence[Element]:
    found = asked.find("m:Ignore")
    given = [] if found is None else found.children
    if len(given) > MAX_IGNORED:
        raise Failed(Code.DATA_SIZE_LIMIT_EXCEEDED, "too many items to ignore")
    return given


def _named(element: Element) -> Element:
    if element.only is None:
        raise Violation(f"{element.local} is empty", element)
    return element.only


@syncing("SyncFolderHierarchy")
async def sync_folder_hierarchy(call: Call, asked: Element) -> Xml:
    """Tell which folders are new, changed or gone since a state."""
    shape = shape_of(child(asked, "m:FolderShape"))
    within = asked.find("m:SyncFolderId")
    if within is None:
        root = Element(name="t:DistinguishedFolderId", attributes={"Id": _TOP})
    else:
        root = _named(within)
    text = asked.value("m:SyncState")
    known = states.known_hierarchy(text) if text else {}
    folder, tree = await call.folder(root)
    there = {each.id: each for each in tree.below(folder, deep=True)}
    now = {number: _checksum(each) for number, each in there.items()}
    changes = [
        tag("t:Delete", tag("t:FolderId", Id=str(each)))
        for each in known
        if each not in there
    ]
    for number, each in there.items():
        if known.get(number) != now[number]:
            name = "t:Update" if number in known else "t:Create"
            shown = folder_shapes.written(each, tree, shape)
            changes.append(tag(name, shown))
    return messages(
        [
            success(
                "SyncFolderHierarchy",
                tag("m:SyncState", states.hierarchy_state(now)),
                tag("m:IncludesLastFolderInRange", True),
                tag("m:Changes", *changes),
            )
        ]
    )


def _checksum(folder: Folder) -> int:
    """Return what changes with a folder's name or place, not with what is in it."""
    return crc32(f"{folder.name} {folder.parent}".encode())
