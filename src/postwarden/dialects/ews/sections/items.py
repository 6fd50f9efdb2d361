"""Looking at items: GetItem, GetAttachment."""

from postwarden.dialects.ews import ids, item_shapes
from postwarden.dialects.ews.attachments import shown
from postwarden.dialects.ews.calls import Call
from postwarden.dialects.ews.failures import Failed, Violation
from postwarden.dialects.ews.items import Depth
from postwarden.dialects.ews.loading import item_at, items_at, with_content
from postwarden.dialects.ews.operations import Operations
from postwarden.dialects.ews.reading import attribute, child, children
from postwarden.dialects.ews.responses import for_each, success
from postwarden.dialects.ews.shapes import Shape, shape_of
from postwarden.wire.xml import Element, Xml, tag

items = Operations()

_NONE = tag("m:Items")


@items("GetItem")
async def get_item(call: Call, asked: Element) -> Xml:
    """Show items by their ids."""
    shape = shape_of(child(asked, "m:ItemShape"))
    depth = item_shapes.depth_of(shape)
    elements = children(asked, "m:ItemIds")
    wanted = [_id_or_failure(each) for each in elements]
    known = [each for each in wanted if isinstance(each, ids.ItemId)]
    found = dict(zip(known, await items_at(call, known, depth), strict=True))

    async def one(element: Element) -> Xml:
        identifier = _item_id(element)
        item = found[identifier]
        if isinstance(item, Failed):
            raise item
        if depth is Depth.CONTENT:
            item = await with_content(call, item)
        answer = success("GetItem", tag("m:Items", item_shapes.written(item, shape)))
        item.content = None  # one message at a time is enough
        return answer

    return await for_each("GetItem", elements, one, _NONE)


def _item_id(element: Element) -> ids.ItemId:
    if element.name != "t:ItemId":
        raise Violation(f"{element.local[:40]} is no item", element)
    return ids.item_id(attribute(element, "Id"))


def _id_or_failure(element: Element) -> ids.ItemId | Failed:
    try:
        return _item_id(element)
    except Failed as error:
        return error


@items("GetAttachment")
async def get_attachment(call: Call, asked: Element) -> Xml:
    """Show attachments by their ids, with what they contain."""
    given = asked.find("m:AttachmentShape")
    wants_mime = given is not None and given.value("t:IncludeMimeContent") in {
        "true",
        "1",
    }
    shape = Shape(base="AllProperties", mime=wants_mime)

    async def one(element: Element) -> Xml:
        identifier = ids.attachment_id(attribute(element, "Id"))
        item = await item_at(call, identifier.item, Depth.CONTENT)
        found = shown(item, identifier, lambda it: item_shapes.written(it, shape))
        return success("GetAttachment", tag("m:Attachments", found))

    elements = children(asked, "m:AttachmentIds")
    return await for_each("GetAttachment", elements, one, tag("m:Attachments"))
