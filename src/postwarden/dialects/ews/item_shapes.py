"""Items on the wire, in the order of the schema."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from postwarden.dialects.ews.attachments import listed
from postwarden.dialects.ews.items import Depth, Item, Person, base64_of
from postwarden.dialects.ews.properties import (
    PROPERTIES,
    TAGS,
    displayed,
    folder_of,
    message_id,
    property_of,
    sender,
    tag_of,
)
from postwarden.dialects.ews.shapes import (
    ALL,
    ASKED,
    DEFAULT,
    EVERYWHERE,
    LONG,
    Field,
    Shape,
)
from postwarden.dialects.ews.shapes import written as shaped
from postwarden.model.mailboxes import Flag
from postwarden.wire.xml import Xml, tag

MAX_HEADERS: Final = 500  # fields of one item that are shown

_CONTENT: Final = frozenset(
    {
        *("item:MimeContent", "item:Body", "item:TextBody", "item:UniqueBody"),
        *("item:Attachments", "item:NormalizedBody", "item:Preview"),
    }
)
_FACTS: Final = frozenset(
    {uri for uri, each in PROPERTIES.items() if each.depth is Depth.FACTS}
    | {"item:ItemId", "item:ParentFolderId", "item:EffectiveRights"}
)


def item_id(item: Item, name: str = "t:ItemId") -> Xml:
    """Return the identifier of an item with its change key."""
    return tag(name, Id=str(item.id), ChangeKey=item.change_key)


def mailbox(person: Person) -> Xml:
    return tag(
        "t:Mailbox",
        tag("t:Name", person.name or person.address),
        tag("t:EmailAddress", person.address),
        tag("t:RoutingType", "SMTP"),
        tag("t:MailboxType", "OneOff"),
    )


def _plain(uri: str, name: str, bases: frozenset[str] = ALL) -> Field[Item]:
    """Return a property with one value that is written as it is."""

    def write(item: Item, _: Shape) -> Xml | None:
        values = PROPERTIES[uri].values(item)
        return tag(f"t:{name}", values[0]) if values else None

    return Field(uri, write, bases)


def _always(
    uri: str, read: Callable[[Item], Xml | None], bases: frozenset[str] = ALL
) -> Field[Item]:
    return Field(uri, lambda item, _: read(item), bases)


def _all_of(name: str, people: Iterable[Person]) -> Xml | None:
    found = [mailbox(each) for each in people]
    return tag(f"t:{name}", *found) if found else None


def _first_of(name: str, people: Sequence[Person]) -> Xml | None:
    return _all_of(name, people[:1])


def _body(item: Item, shape: Shape, name: str = "t:Body") -> Xml:
    text, kind = item.body(shape.body)
    return tag(name, text, BodyType=kind)


def _categories(item: Item) -> Xml | None:
    words = [tag("t:String", each) for each in item.facts.keywords]
    return tag("t:Categories", *words) if words else None


def _headers(item: Item) -> Xml | None:
    fields = [
        tag("t:InternetMessageHeader", value, HeaderName=name)
        for name, value in item.fields[:MAX_HEADERS]
    ]
    return tag("t:InternetMessageHeaders", *fields) if fields else None


def _rights(_: Item) -> Xml:
    return tag(
        "t:EffectiveRights",
        tag("t:CreateAssociated", False),
        tag("t:CreateContents", False),
        tag("t:CreateHierarchy", False),
        tag("t:Delete", True),
        tag("t:Modify", True),
        tag("t:Read", True),
        tag("t:ViewPrivateItems", True),
    )


def _flag(item: Item) -> Xml:
    status = "Flagged" if item.has(Flag.FLAGGED) else "NotFlagged"
    return tag("t:Flag", tag("t:FlagStatus", status))


def _mime(item: Item, _: Shape) -> Xml:
    octets = base64_of(item.content or b"")
    return tag("t:MimeContent", octets, CharacterSet="UTF-8")


def _extended(item: Item, shape: Shape) -> Xml | None:
    found = []
    for path in shape.extended:
        known, number = property_of(path), tag_of(path)
        values = known.values(item) if known is not None and number else ()
        if not values or number is None:
            continue
        kind, _ = TAGS[number]
        where = tag(
            "t:ExtendedFieldURI", PropertyTag=f"0x{number:04x}", PropertyType=kind
        )
        found.append(tag("t:ExtendedProperty", where, tag("t:Value", values[0])))
    return Xml("".join(found)) if found else None


FIELDS: Final[Sequence[Field[Item]]] = (
    Field("item:MimeContent", _mime, ASKED),
    _always("item:ItemId", lambda i: None if i.path else item_id(i), EVERYWHERE),
    _always(
        "item:ParentFolderId",
        lambda item: tag("t:ParentFolderId", Id=str(folder_of(item))),
    ),
    _plain("item:ItemClass", "ItemClass"),
    _plain("item:Subject", "Subject", DEFAULT),
    _plain("item:Sensitivity", "Sensitivity", DEFAULT),
    Field("item:Body", _body, LONG),
    _always("item:Attachments", listed, LONG),
    _plain("item:DateTimeReceived", "DateTimeReceived"),
    _plain("item:Size", "Size", DEFAULT),
    _always("item:Categories", _categories),
    _plain("item:Importance", "Importance"),
    _plain("item:InReplyTo", "InReplyTo"),
    _plain("item:IsSubmitted", "IsSubmitted"),
    _plain("item:IsDraft", "IsDraft"),
    _plain("item:IsFromMe", "IsFromMe"),
    _plain("item:IsResend", "IsResend"),
    _plain("item:IsUnmodified", "IsUnmodified"),
    _always("item:InternetMessageHeaders", _headers, LONG),
    _plain("item:DateTimeSent", "DateTimeSent", DEFAULT),
    _plain("item:DateTimeCreated", "DateTimeCreated"),
    _always("item:ReminderIsSet", lambda _: tag("t:ReminderIsSet", False)),
    _always("item:DisplayCc", lambda item: tag("t:DisplayCc", displayed(item, b"cc"))),
    _always("item:DisplayTo", lambda item: tag("t:DisplayTo", displayed(item, b"to"))),
    _plain("item:HasAttachments", "HasAttachments", DEFAULT),
    Field("item:ExtendedProperty", _extended, EVERYWHERE),
    _always("item:EffectiveRights", _rights),
    _plain("item:LastModifiedTime", "LastModifiedTime"),
    _plain("item:IsAssociated", "IsAssociated"),
    Field("item:UniqueBody", lambda i, s: _body(i, s, "t:UniqueBody"), ASKED),
    _always("item:Flag", _flag),
    _always(
        "item:TextBody",
        lambda item: tag("t:TextBody", item.text_body, BodyType="Text"),
        ASKED,
    ),
    _always(
        "message:Sender",
        lambda item: _first_of("Sender", item.people(sender(item))),
    ),
    _always(
        "message:ToRecipients", lambda item: _all_of("ToRecipients", item.people(b"to"))
    ),
    _always(
        "message:CcRecipients", lambda item: _all_of("CcRecipients", item.people(b"cc"))
    ),
    _always(
        "message:BccRecipients",
        lambda item: _all_of("BccRecipients", item.people(b"bcc")),
    ),
    _plain("message:IsReadReceiptRequested", "IsReadReceiptRequested"),
    _plain("message:IsDeliveryReceiptRequested", "IsDeliveryReceiptRequested"),
    _plain("message:ConversationTopic", "ConversationTopic"),
    _always(
        "message:From",
        lambda item: _first_of("From", item.people(b"from")),
        DEFAULT,
    ),
    _always(
        "message:InternetMessageId",
        lambda item: (
            None
            if item.facts.message_id is None
            else tag("t:InternetMessageId", message_id(item))
        ),
    ),
    _plain("message:IsRead", "IsRead", DEFAULT),
    _plain("message:IsResponseRequested", "IsResponseRequested"),
    _plain("message:References", "References"),
    _always(
        "message:ReplyTo", lambda item: _all_of("ReplyTo", item.people(b"reply-to"))
    ),
)


def depth_of(shape: Shape) -> Depth:
    """Return how deep a shape looks."""
    if shape.mime or shape.base == "AllProperties" or shape.uris & _CONTENT:
        return Depth.CONTENT
    depths = [
        found.depth
        for path in (*shape.extended, *shape.indexed)
        if (found := property_of(path)) is not None
    ]
    if shape.base in {"Default", "Listing"} or shape.uris - _FACTS:
        depths.append(Depth.HEADER)
    return max(depths, default=Depth.FACTS)


def for_listing(shape: Shape) -> Shape:
    """Return a shape without what is only shown of single items."""
    return replace(
        shape,
        base="Listing" if shape.base == "AllProperties" else shape.base,
        uris=shape.uris - _CONTENT,
        mime=False,
    )


def written(item: Item, shape: Shape) -> Xml:
    """Return an item as a client wants to see it."""
    uris = shape.uris | ({"item:MimeContent"} if shape.mime else set())
    if shape.indexed:
        uris |= {"item:InternetMessageHeaders"}
    return shaped("t:Message", FIELDS, item, replace(shape, uris=uris))
