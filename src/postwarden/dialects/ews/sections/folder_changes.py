"""Changing folders: they are made, renamed, moved, deleted and emptied."""

from collections.abc import Sequence
from typing import Final

from postwarden.dialects.ews import acting, folder_shapes, ids
from postwarden.dialects.ews.calls import Call
from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.deleting import DELETE_TYPES, emptied
from postwarden.dialects.ews.failures import Failed, Violation
from postwarden.dialects.ews.folders import Folder, Tree
from postwarden.dialects.ews.operations import Operations
from postwarden.dialects.ews.reading import boolean, child, children, one_of
from postwarden.dialects.ews.responses import for_each, success
from postwarden.dialects.ews.shapes import uri_of
from postwarden.model.actors import Actor
from postwarden.model.mailboxes import SEPARATOR, Mailbox
from postwarden.services.mailboxes import keeping
from postwarden.wire.xml import Element, Xml, tag

folder_changes = Operations()

_NONE: Final = tag("m:Folders")
_MAIL: Final = "IPF.Note"


@folder_changes("CreateFolder")
async def create_folder(call: Call, asked: Element) -> Xml:
    """Make folders in a folder."""
    parent, tree = await call.folder(_only(child(asked, "m:ParentFolderId")))

    async def one(element: Element) -> Xml:
        kind = element.value("t:FolderClass") or _MAIL
        if element.name != "t:Folder" or not kind.startswith(_MAIL):
            raise Failed(Code.INVALID_OPERATION, "There are folders for mail alone.")
        name = _name_in(await call.tree(tree.account), parent, _display_name(element))
        actor = await call.owner(tree.account)
        made = await call.transact(keeping.create, actor, tree.account, name)
        return await _changed(call, "CreateFolder", made)

    return await for_each("CreateFolder", children(asked, "m:Folders"), one, _NONE)


@folder_changes("UpdateFolder")
async def update_folder(call: Call, asked: Element) -> Xml:
    """Give folders other names; nothing else of them changes."""

    async def one(element: Element) -> Xml:
        folder, tree = await call.folder(_only(element))
        name: str | None = None
        for update in children(element, "t:Updates"):
            name = _updated(update, await call.owner(tree.account)) or name
        parent = tree.get(folder.parent) if folder.parent is not None else None
        if name is None:
            return _shown("UpdateFolder", folder)
        if parent is None:
            raise Failed(Code.INVALID_OPERATION, "This folder keeps its name.")
        return await _renamed(call, "UpdateFolder", (folder, tree), parent, name)

    changes = children(asked, "m:FolderChanges")
    return await for_each("UpdateFolder", changes, one, _NONE)


def _updated(update: Element, owner: Actor) -> str | None:
    """Return the name that an update gives a folder, None if it changes nothing.

    Raises Failed for what cannot be changed. A mailbox has no other users than its
    owner, who may do everything in it: permissions for nobody else are accepted.
    """
    uri = uri_of(_only(update))
    given = update.find("t:Folder")
    match update.name, uri:
        case "t:SetFolderField", "folder:DisplayName" if given is not None:
            return _display_name(given)
        case "t:SetFolderField", "folder:FolderClass" if given is not None:
            if given.value("t:FolderClass") != folder_shapes.CLASS:
                message = "The class of a folder stays as it is."
                raise Failed(Code.OBJECT_TYPE_CHANGED, message)
        case "t:SetFolderField", "folder:PermissionSet" if given is not None:
            named = given.every("t:PermissionSet", "t:Permissions", "t:Permission")
            for each in named:
                whose = each.value("t:UserId", "t:PrimarySmtpAddress") or ""
                if not acting.is_own(owner, whose):
                    message = "Folders are not shared with others here."
                    raise Failed(Code.INVALID_OPERATION, message)
        case "t:DeleteFolderField", "folder:PermissionSet":
            pass
        case _:
            message = "Only the name of a folder can be set."
            raise Failed(Code.INVALID_PROPERTY_REQUEST, message)
    return None


@folder_changes("MoveFolder")
async def move_folder(call: Call, asked: Element) -> Xml:
    """Move folders, with all that lies in them, into a folder."""
    target, home = await call.folder(_only(child(asked, "m:ToFolderId")))

    async def one(element: Element) -> Xml:
        folder, tree = await call.folder(element)
        if tree.account != home.account:
            message = "Folders do not move to another mailbox."
            raise Failed(Code.MOVE_COPY_FAILED, message)
        return await _renamed(call, "MoveFolder", (folder, tree), target, folder.name)

    return await for_each("MoveFolder", children(asked, "m:FolderIds"), one, _NONE)


@folder_changes("DeleteFolder")
async def delete_folder(call: Call, asked: Element) -> Xml:
    """Delete folders with all that lies in them."""
    kind = one_of(asked, "DeleteType", *DELETE_TYPES)

    async def one(element: Element) -> Xml:
        folder, tree = await call.folder(element)
        mailbox = _own_mailbox(folder, Code.DELETE_DISTINGUISHED_FOLDER)
        actor = await call.owner(tree.account)
        if kind == "MoveToDeletedItems":
            trash = tree.named("deleteditems")
            name = _free_name(tree, trash, folder.name)
            await call.transact(keeping.rename, actor, mailbox.id, name)
        else:
            below = [each.mailbox for each in tree.below(folder, deep=True)]
            for each in [*reversed(below), mailbox]:
                if each is not None:
                    await call.transact(
                        keeping.remove, actor, each.id, kind=DELETE_TYPES[kind]
                    )
        call.forget()
        return success("DeleteFolder")

    return await for_each("DeleteFolder", children(asked, "m:FolderIds"), one)


@folder_changes("EmptyFolder")
async def empty_folder(call: Call, asked: Element) -> Xml:
    """Delete all that lies in folders; the folders stay."""
    kind = one_of(asked, "DeleteType", *DELETE_TYPES)
    with_folders = boolean(asked, "DeleteSubFolders")

    async def one(element: Element) -> Xml:
        folder, tree = await call.folder(element)
        if folder.mailbox is None and folder.discards is None:
            raise Failed(Code.CANNOT_DELETE_OBJECT, "This folder holds no mail.")
        actor = await call.owner(tree.account)
        await emptied(call, actor, folder, kind)
        below = list(tree.below(folder, deep=True)) if with_folders else []
        for each in reversed(below):
            if each.mailbox is not None:
                await call.transact(
                    keeping.remove, actor, each.mailbox.id, kind=DELETE_TYPES[kind]
                )
        call.forget()
        return success("EmptyFolder")

    return await for_each("EmptyFolder", children(asked, "m:FolderIds"), one)


def _only(element: Element) -> Element:
    found = element.only
    if found is None:
        raise Violation(f"{element.local} is empty", element)
    return found


def _display_name(element: Element) -> str:
    name = child(element, "t:DisplayName").text
    if SEPARATOR in name:
        message = f"A folder's name has no {SEPARATOR} here."
        raise Failed(Code.INVALID_OPERATION, message)
    return name


def _name_in(tree: Tree, parent: Folder, name: str) -> str:
    """Return the name of a mailbox that is shown as `name` in a folder.

    Raises Failed where there is one already, in whatever case.
    """
    shown = {each.name.casefold() for each in tree.below(parent, deep=False)}
    if name.casefold() in shown:
        message = "A folder with the specified name already exists."
        raise Failed(Code.FOLDER_EXISTS, message)
    if parent.mailbox is not None:
        return f"{parent.mailbox.name}{SEPARATOR}{name}"
    if parent.distinguished not in {"root", "msgfolderroot"}:
        raise Failed(Code.INVALID_OPERATION, "No folder can be made there.")
    top = tree.named("msgfolderroot")
    return name if parent.id == top.id else _name_in(tree, top, name)


def _free_name(tree: Tree, parent: Folder, name: str) -> str:
    """Return a name as `_name_in` does, with a number behind it if need be."""
    for number in range(2, 1000):
        try:
            return _name_in(tree, parent, name)
        except Failed:
            name = f"{name.rpartition(' (')[0] or name} ({number})"
    raise Failed(Code.FOLDER_EXISTS, "There are too many folders of that name.")


def _own_mailbox(folder: Folder, code: Code) -> Mailbox:
    """Return the mailbox that a folder is; raises Failed for a distinguished one."""
    if folder.mailbox is None or folder.distinguished is not None:
        raise Failed(code, f"{folder.name} is a folder that every mailbox has.")
    return folder.mailbox


async def _renamed(
    call: Call, operation: str, found: tuple[Folder, Tree], parent: Folder, name: str
) -> Xml:
    folder, tree = found
    mailbox = _own_mailbox(folder, Code.MOVE_DISTINGUISHED_FOLDER)
    if (folder.parent, folder.name) == (parent.id, name):
        return await _changed(call, operation, mailbox)
    wanted = (
        f"{mailbox.name.rpartition(SEPARATOR)[0]}{SEPARATOR}{name}".lstrip(SEPARATOR)
        if folder.parent == parent.id and folder.name.casefold() == name.casefold()
        else _name_in(tree, parent, name)
    )
    actor = await call.owner(tree.account)
    named: Sequence[Mailbox] = await call.transact(
        keeping.rename, actor, mailbox.id, wanted
    )
    return await _changed(call, operation, named[0])


async def _changed(call: Call, operation: str, mailbox: Mailbox) -> Xml:
    call.forget()
    tree = await call.tree(mailbox.account)
    folder = tree.get(ids.MailboxId(mailbox.account, mailbox.id))
    return _shown(operation, folder)


def _shown(operation: str, folder: Folder) -> Xml:
    shown = tag("t:Folder", folder_shapes.folder_id(folder))
    return success(operation, tag("m:Folders", shown))
