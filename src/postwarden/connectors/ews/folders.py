"""All folders of a mailbox: what its owner sees, what waits deleted, the archive."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from postwarden.connectors.ews.soap import EwsClient, EwsError, succeeded
from postwarden.wire.xml import Element, Xml, tag

PAGE = 500  # folders asked for at a time
MAX_FOLDERS = 50_000  # of one mailbox
_MISSING = {
    *("ErrorFolderNotFound", "ErrorItemNotFound", "ErrorNonExistentMailbox"),
    *("ErrorMailboxStoreUnavailable", "ErrorInvalidOperation", "ErrorAccessDenied"),
}
_ROOTS: Mapping[str, str] = {
    "msgfolderroot": "",
    "recoverableitemsroot": "Recoverable Items",
    "archivemsgfolderroot": "Archive",
    "archiverecoverableitemsroot": "Archive/Recoverable Items",
}
"""Distinguished folders with what stands before the paths of those below."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder: its id there, and its path for people."""

    id: str
    path: str


async def all_folders(client: EwsClient, account: str) -> list[Folder]:
    """Return every folder that may hold mail; raises EwsError.

    A mailbox need not have an archive, nor an old server recoverable items.
    """
    found = []
    for root, before in _ROOTS.items():
        try:
            rows = await _below(client, account, root)
        except EwsError as error:
            if root != "msgfolderroot" and error.code in _MISSING:
                continue
            raise
        found += _paths(rows, before)
    return found


async def hidden_folder(client: EwsClient, account: str, name: str) -> str:
    """Return the id of a folder beside what clients show, made if it is not there.

    A server that has no such place makes it among the others.
    """
    found = await _named(client, account, "root", name)
    if found is not None:
        return found
    try:
        root = distinguished("root", account)
        return await create_folder(client, account, root, name)
    except EwsError as error:
        found = await _named(client, account, "msgfolderroot", name)
        if error.code != "ErrorFolderExists" or found is None:
            raise
        return found


async def is_hidden(client: EwsClient, account: str, name: str) -> bool:
    """Whether a folder of this name is beside what clients show."""
    return await _named(client, account, "root", name) is not None


async def _named(client: EwsClient, account: str, root: str, name: str) -> str | None:
    for row in await _below(client, account, root, traversal="Shallow"):
        if row.value("t:DisplayName") == name:
            return _id_of(row)
    return None


async def create_folder(client: EwsClient, account: str, parent: Xml, name: str) -> str:
    """Make a folder and return its id; raises EwsError."""
    body = tag(
        "m:CreateFolder",
        tag("m:ParentFolderId", parent),
        tag("m:Folders", tag("t:Folder", tag("t:DisplayName", name))),
    )
    for message in succeeded(await client.call(body, account=account)):
        for row in message.every("m:Folders", "t:Folder"):
            return _id_of(row)
    raise EwsError("ErrorFolderNotFound", "the folder was not made")


async def folder_at(client: EwsClient, account: str, path: str) -> str:
    """Return the id of the folder at a path below what the owner sees, made if gone."""
    parent, id_ = distinguished("msgfolderroot", account), ""
    known = {each.path: each.id for each in await all_folders(client, account)}
    levels = path.split("/")
    for depth, name in enumerate(levels):
        id_ = known.get("/".join(levels[: depth + 1]), "")
        if not id_:
            id_ = await create_folder(client, account, parent, name)
        parent = tag("t:FolderId", Id=id_)
    return id_


def distinguished(name: str, account: str) -> Xml:
    """Return a folder by the name that it has in every mailbox."""
    mailbox = tag("t:Mailbox", tag("t:EmailAddress", account))
    return tag("t:DistinguishedFolderId", mailbox, Id=name)


async def _below(
    client: EwsClient, account: str, root: str, *, traversal: str = "Deep"
) -> list[Element]:
    rows: list[Element] = []
    while len(rows) < MAX_FOLDERS:
        body = tag(
            "m:FindFolder",
            tag(
                "m:FolderShape",
                tag("t:BaseShape", "IdOnly"),
                tag(
                    "t:AdditionalProperties",
                    tag("t:FieldURI", FieldURI="folder:DisplayName"),
                    tag("t:FieldURI", FieldURI="folder:ParentFolderId"),
                ),
            ),
            tag(
                "m:IndexedPageFolderView",
                MaxEntriesReturned=PAGE,
                Offset=len(rows),
                BasePoint="Beginning",
            ),
            tag("m:ParentFolderIds", distinguished(root, account)),
            Traversal=traversal,
        )
        is_last, new = True, 0
        for message in succeeded(await client.call(body, account=account)):
            page = message.find("m:RootFolder")
            folders = page.find("t:Folders") if page is not None else None
            children = folders.children if folders is not None else []
            new += len(children)
            rows += children
            if page is not None:
                is_last = page.attributes.get("IncludesLastItemInRange") != "false"
        if is_last or not new:
            break
    return rows


def _paths(rows: Sequence[Element], before: str) -> list[Folder]:
    names = {_id_of(row): row.value("t:DisplayName") or "?" for row in rows}
    parents = {_id_of(row): _parent_of(row) for row in rows}
    found = []
    for id_ in names:
        levels: list[str] = []
        at = id_
        while at in names and len(levels) < 100:  # it may be anything but a tree
            levels.append(names[at].replace("/", "\N{DIVISION SLASH}"))
            at = parents[at]
        path = "/".join([*([before] if before else []), *reversed(levels)])
        found.append(Folder(id_, path))
    return found


def _id_of(row: Element) -> str:
    found = row.find("t:FolderId")
    return found.attributes.get("Id", "") if found is not None else ""


def _parent_of(row: Element) -> str:
    found = row.find("t:ParentFolderId")
    return found.attributes.get("Id", "") if found is not None else ""
