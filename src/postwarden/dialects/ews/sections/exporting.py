"""Items out and in again: ExportItems, UploadItems."""

from postwarden.dialects.ews import item_shapes
from postwarden.dialects.ews.calls import Call
from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.drafting import octets_of
from postwarden.dialects.ews.exports import exported, uploaded
from postwarden.dialects.ews.failures import Failed, Violation
from postwarden.dialects.ews.items import Depth, base64_of
from postwarden.dialects.ews.loading import item_at
from postwarden.dialects.ews.operations import Operations
from postwarden.dialects.ews.placing import item_id
from postwarden.dialects.ews.reading import child, children, one_of
from postwarden.dialects.ews.responses import for_each, success
from postwarden.dialects.ews.sections.writing import filed
from postwarden.wire.xml import Element, Xml, tag

exporting = Operations()

_ACTIONS = ("CreateNew", "Update", "UpdateOrCreate")


@exporting("ExportItems")
async def export_items(call: Call, asked: Element) -> Xml:
    """Give items out, with flags, categories and dates."""

    async def one(element: Element) -> Xml:
        item = await item_at(call, item_id(element), Depth.CONTENT)
        data = tag("m:Data", base64_of(exported(item)))
        return success("ExportItems", item_shapes.item_id(item, "m:ItemId"), data)

    return await for_each("ExportItems", children(asked, "m:ItemIds"), one)


@exporting("UploadItems")
async def upload_items(call: Call, asked: Element) -> Xml:
    """File items that were given out, byte for byte, with what was known of them."""

    async def one(element: Element) -> Xml:
        if element.name != "t:Item":
            raise Violation(f"{element.local[:40]} cannot be uploaded", element)
        action = one_of(element, "CreateAction", *_ACTIONS)
        parent = child(element, "t:ParentFolderId")
        named = Element(name="t:FolderId", attributes=parent.attributes)
        folder, tree = await call.folder(named)
        if folder.mailbox is None:
            raise Failed(Code.MOVE_COPY_FAILED, f"{folder.name} takes no items")
        data = child(element, "t:Data")
        draft = uploaded(octets_of(data, Code.CORRUPT_DATA))
        replaced = await _replaced(call, element, action)
        actor = await call.owner(tree.account)
        made = await filed(call, actor, folder.mailbox.name, draft, instead_of=replaced)
        return success("UploadItems", item_shapes.item_id(made, "m:ItemId"))

    return await for_each("UploadItems", children(asked, "m:Items"), one)


async def _replaced(call: Call, element: Element, action: str) -> int | None:
    """Return the copy in whose place an item comes; raises Failed."""
    named = element.find("t:ItemId")
    if action == "CreateNew":
        return None
    if named is None:
        raise Violation("ItemId is missing", element)
    try:
        return (await item_at(call, item_id(named), Depth.FACTS)).facts.id
    except Failed as error:
        if action == "Update" or error.response_code is not Code.ITEM_NOT_FOUND:
            raise
        return None
