"""Attachments of items: listed with what they are, shown when asked for.

An attached message is an item without an identifier of its own; what is attached to
it in turn is reached by the path from the item that lies in the mailbox.
"""

from collections.abc import Callable

from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed
from postwarden.dialects.ews.ids import AttachmentId
from postwarden.dialects.ews.items import Item, attached, base64_of, is_message
from postwarden.wire.mime import Part
from postwarden.wire.xml import Xml, tag

_UNNAMED = "attachment"


def listed(item: Item) -> Xml | None:
    """Return what is attached to an item, without its content."""
    found = [
        described(item, AttachmentId(item.id, (*item.path, number)), part)
        for number, part in enumerate(item.attachments)
    ]
    return tag("t:Attachments", *found) if found else None


def shown(item: Item, wanted: AttachmentId, write: Callable[[Item], Xml]) -> Xml:
    """Return one attachment with its content; raises Failed.

    `write` writes an attached message.
    """
    *way, last = wanted.path
    for number in way:
        part = _part(item, number)
        if not is_message(part):
            raise _not_found()
        item = attached(item, number)
    part = _part(item, last)
    content = (
        write(attached(item, last))
        if is_message(part)
        else tag("t:Content", base64_of(item.octets(part)))
    )
    return described(item, wanted, part, content)


def described(
    item: Item, identifier: AttachmentId, part: Part, content: Xml | None = None
) -> Xml:
    """Return one attachment; `content` stands in it where it is shown."""
    return tag(
        "t:ItemAttachment" if is_message(part) else "t:FileAttachment",
        tag("t:AttachmentId", Id=str(identifier)),
        tag("t:Name", part.filename or _UNNAMED),
        tag("t:ContentType", part.content_type),
        tag("t:Size", len(item.octets(part))),
        tag("t:LastModifiedTime", item.facts.internal_date),
        tag("t:IsInline", part.disposition == "inline" and not is_message(part)),
        content,
    )


def _part(item: Item, number: int) -> Part:
    if number >= len(item.attachments):
        raise _not_found()
    return item.attachments[number]


def _not_found() -> Failed:
    message = "The specified attachment Id is invalid."
    return Failed(Code.INVALID_ATTACHMENT_ID, message)
