"""Folders on the wire."""

from collections.abc import Sequence
from typing import Final

from postwarden.dialects.ews import ids
from postwarden.dialects.ews.folders import Folder, Tree
from postwarden.dialects.ews.shapes import ASKED, DEFAULT, EVERYWHERE, Field, Shape
from postwarden.dialects.ews.shapes import written as shaped
from postwarden.wire.xml import Xml, tag

CLASS: Final = "IPF.Note"
_Shown = tuple[Folder, Tree]


def folder_id(folder: Folder, name: str = "t:FolderId") -> Xml:
    """Return the identifier of a folder with its change key."""
    return tag(name, Id=str(folder.id), ChangeKey=ids.change_key(folder.change))


def _parent(shown: _Shown, _: Shape) -> Xml | None:
    folder, tree = shown
    if folder.parent is None:
        return None
    return folder_id(tree.get(folder.parent), "t:ParentFolderId")


def _rights(shown: _Shown, _: Shape) -> Xml:
    is_mailbox = shown[0].mailbox is not None
    return tag(
        "t:EffectiveRights",
        tag("t:CreateAssociated", False),
        tag("t:CreateContents", is_mailbox),
        tag(
            "t:CreateHierarchy", is_mailbox or shown[0].distinguished == "msgfolderroot"
        ),
        tag("t:Delete", is_mailbox and shown[0].distinguished is None),
        tag("t:Modify", is_mailbox and shown[0].distinguished is None),
        tag("t:Read", True),
        tag("t:ViewPrivateItems", True),
    )


def _distinguished(shown: _Shown, _: Shape) -> Xml | None:
    word = shown[0].distinguished
    return None if word is None else tag("t:DistinguishedFolderId", word)


FIELDS: Final[Sequence[Field[_Shown]]] = (
    Field("folder:FolderId", lambda s, _: folder_id(s[0]), EVERYWHERE),
    Field("folder:ParentFolderId", _parent),
    Field("folder:FolderClass", lambda *_: tag("t:FolderClass", CLASS)),
    Field("folder:DisplayName", lambda s, _: tag("t:DisplayName", s[0].name), DEFAULT),
    Field("folder:TotalCount", lambda s, _: tag("t:TotalCount", s[0].total), DEFAULT),
    Field(
        "folder:ChildFolderCount",
        lambda s, _: tag("t:ChildFolderCount", s[1].count(s[0])),
        DEFAULT,
    ),
    Field("folder:EffectiveRights", _rights),
    Field("folder:DistinguishedFolderId", _distinguished),
    Field(
        "folder:PermissionSet",
        lambda *_: tag("t:PermissionSet", tag("t:Permissions")),
        ASKED,
    ),
    Field(
        "folder:UnreadCount", lambda s, _: tag("t:UnreadCount", s[0].unread), DEFAULT
    ),
)
"""In the order of the schema, which some clients insist on."""


def written(folder: Folder, tree: Tree, shape: Shape) -> Xml:
    """Return a folder as a client wants to see it."""
    return shaped("t:Folder", FIELDS, (folder, tree), shape)
