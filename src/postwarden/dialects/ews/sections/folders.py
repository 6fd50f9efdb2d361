"""Looking at folders: GetFolder, FindFolder."""

from postwarden.dialects.ews import folder_shapes
from postwarden.dialects.ews.calls import Call
from postwarden.dialects.ews.operations import Operations
from postwarden.dialects.ews.paging import page_of
from postwarden.dialects.ews.reading import child, children, one_of
from postwarden.dialects.ews.responses import for_each, success
from postwarden.dialects.ews.shapes import shape_of
from postwarden.wire.xml import Element, Xml, tag

folders = Operations()

_NONE = tag("m:Folders")


@folders("GetFolder")
async def get_folder(call: Call, asked: Element) -> Xml:
    """Show folders by their ids."""
    shape = shape_of(child(asked, "m:FolderShape"))

    async def one(element: Element) -> Xml:
        folder, tree = await call.folder(element)
        shown = folder_shapes.written(folder, tree, shape)
        return success("GetFolder", tag("m:Folders", shown))

    return await for_each("GetFolder", children(asked, "m:FolderIds"), one, _NONE)


@folders("FindFolder")
async def find_folder(call: Call, asked: Element) -> Xml:
    """List the folders in folders."""
    traversal = one_of(asked, "Traversal", "Shallow", "Deep", "SoftDeleted")
    shape = shape_of(child(asked, "m:FolderShape"))
    page = page_of(asked, "m:IndexedPageFolderView", "m:FractionalPageFolderView")

    async def one(element: Element) -> Xml:
        folder, tree = await call.folder(element)
        # A folder that was removed is gone: its mail lies in Recoverable Items.
        found = (
            []
            if traversal == "SoftDeleted"
            else list(tree.below(folder, deep=traversal == "Deep"))
        )
        shown = [folder_shapes.written(each, tree, shape) for each in page.among(found)]
        root = page.root(len(found), len(shown), tag("t:Folders", *shown))
        return success("FindFolder", root)

    return await for_each("FindFolder", children(asked, "m:ParentFolderIds"), one)
