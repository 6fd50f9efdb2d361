"""FindItem: what lies in folders, restricted, sorted, by pages."""

from postwarden.dialects.ews import item_shapes
from postwarden.dialects.ews.aqs import restriction_of_words
from postwarden.dialects.ews.calls import Call
from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed
from postwarden.dialects.ews.operations import Operations
from postwarden.dialects.ews.paging import page_of
from postwarden.dialects.ews.reading import child, children, one_of
from postwarden.dialects.ews.responses import for_each, success
from postwarden.dialects.ews.restrictions import Restriction, restriction_of
from postwarden.dialects.ews.searching import (
    Found,
    Search,
    search,
    search_discarded,
)
from postwarden.dialects.ews.shapes import shape_of
from postwarden.dialects.ews.sorting import sorting_of
from postwarden.model.mailboxes import DiscardKind
from postwarden.wire.xml import Element, Xml, tag

finding = Operations()

_NOT_OFFERED = (
    *("m:CalendarView", "m:ContactsView", "m:GroupBy", "m:DistinguishedGroupBy"),
    "m:SeekToConditionPageItemView",
)
_NOTHING = Found(items=(), total=0)


@finding("FindItem")
async def find_item(call: Call, asked: Element) -> Xml:
    """List the items in folders."""
    traversal = one_of(asked, "Traversal", "Shallow", "SoftDeleted", "Associated")
    for name in _NOT_OFFERED:
        if asked.find(name) is not None:
            message = f"{name.removeprefix('m:')} is not offered for mail."
            raise Failed(Code.INVALID_OPERATION, message)
    shape = item_shapes.for_listing(shape_of(child(asked, "m:ItemShape")))
    wanted = Search(
        restriction=_restriction(asked),
        sorting=sorting_of(asked.find("m:SortOrder")),
        page=page_of(asked, "m:IndexedPageItemView", "m:FractionalPageItemView"),
        depth=item_shapes.depth_of(shape),
    )

    async def one(element: Element) -> Xml:
        folder, tree = await call.folder(element)
        actor = await call.owner(tree.account)
        found = _NOTHING
        if traversal == "Shallow" and folder.mailbox is not None:
            found = await search(call, actor, folder.mailbox, wanted)
        elif traversal == "Shallow" and folder.discards is not None:
            found = await search_discarded(call, actor, folder.discards, wanted)
        elif traversal == "SoftDeleted" and folder.mailbox is not None:
            found = await search_discarded(
                call,
                actor,
                DiscardKind.DELETED,
                wanted,
                from_mailbox=folder.mailbox.id,
            )
        shown = [item_shapes.written(each, shape) for each in found.items]
        root = wanted.page.root(found.total, len(shown), tag("t:Items", *shown))
        return success("FindItem", root)

    return await for_each("FindItem", children(asked, "m:ParentFolderIds"), one)


def _restriction(asked: Element) -> Restriction | None:
    words = asked.find("m:QueryString")
    if words is not None:
        return restriction_of_words(words.text)
    given = asked.find("m:Restriction")
    return None if given is None else restriction_of(given)
