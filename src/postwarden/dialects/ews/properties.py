"""What can be asked of an item: each property by its path, and what it takes to know.

Restrictions compare these, sort orders order by them, and extended properties show
them; `item_shapes` writes them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeAlias

from postwarden.dialects.ews import ids
from postwarden.dialects.ews.items import CLASS, Depth, Item, base64_of
from postwarden.dialects.ews.shapes import uri_of
from postwarden.model.mailboxes import Flag
from postwarden.wire.xml import Element

Value: TypeAlias = str | int | bool | datetime
Values: TypeAlias = tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """A property; it has several values where the thing has, and none if it lacks it.

    `kind` is the type its constants are read as. With `folds` texts compare without
    case, as almost all of Exchange's do.
    """

    values: Callable[[Item], Values]
    kind: type
    depth: Depth = Depth.FACTS
    folds: bool = True


def _texts(read: Callable[[Item], str | None], depth: Depth = Depth.FACTS) -> Property:
    return Property(values=lambda item: _some(read(item)), kind=str, depth=depth)


def _some(value: Value | None) -> Values:
    return () if value is None else (value,)


def _numbers(read: Callable[[Item], int]) -> Property:
    return Property(values=lambda item: (read(item),), kind=int)


def _booleans(read: Callable[[Item], bool], depth: Depth = Depth.FACTS) -> Property:
    return Property(values=lambda item: (read(item),), kind=bool, depth=depth)


def _times(read: Callable[[Item], datetime], depth: Depth = Depth.FACTS) -> Property:
    return Property(
        values=lambda item: (read(item).astimezone(UTC).replace(microsecond=0),),
        kind=datetime,
        depth=depth,
    )


def _people(name: bytes) -> Property:
    """What names somebody is found by the name and by the address."""
    return Property(
        values=lambda item: tuple(
            text
            for person in item.people(name)
            for text in (person.name, person.address)
            if text
        ),
        kind=str,
        depth=Depth.HEADER,
    )


def displayed(item: Item, name: bytes) -> str:
    """Return whom a field names as lists show it."""
    return "; ".join(each.name or each.address for each in item.people(name))


def message_id(item: Item) -> str | None:
    """Return the Message-ID in its brackets."""
    known = item.facts.message_id
    return None if known is None else f"<{known}>"


def importance(item: Item) -> str:
    """Return Low, Normal or High (RFC 2156 §5.3.4, and the older X-Priority)."""
    said = (item.text(b"importance") or "").strip().capitalize()
    if said in {"Low", "High"}:
        return said
    return {"1": "High", "2": "High", "4": "Low", "5": "Low"}.get(
        (item.text(b"x-priority") or "").strip()[:1], "Normal"
    )


_SENSITIVITIES: Final = {
    "personal": "Personal",
    "private": "Private",
    "company-confidential": "Confidential",
}


def sensitivity(item: Item) -> str:
    """Return what the field of RFC 2156 §5.3.10 says."""
    said = (item.text(b"sensitivity") or "").strip().lower()
    return _SENSITIVITIES.get(said, "Normal")


def has_attachments(item: Item) -> bool:
    return bool(item.details and item.details.attachments)


def sender(item: Item) -> bytes:
    """Return the field that says who sent it."""
    return b"sender" if item.people(b"sender") else b"from"


def _wants(name: bytes) -> Property:
    return _booleans(lambda item: item.header.first(name) is not None, Depth.HEADER)


_SUBJECT = _texts(lambda item: item.facts.subject)
_RECEIVED = _times(lambda item: item.facts.internal_date)
_SENT = _times(lambda item: item.sent, Depth.HEADER)
_SIZE = _numbers(lambda item: item.facts.size)
_MESSAGE_ID = Property(
    values=lambda item: _some(message_id(item)), kind=str, folds=False
)
_BODY = _texts(lambda item: item.text_body, Depth.CONTENT)
_FROM = _people(b"from")
_SENDER = Property(
    values=lambda item: _people(sender(item)).values(item), kind=str, depth=Depth.HEADER
)

PROPERTIES: Final[dict[str, Property]] = {
    "item:ItemClass": _texts(lambda _: CLASS),
    "item:Subject": _SUBJECT,
    "item:Sensitivity": _texts(sensitivity, Depth.HEADER),
    "item:Body": _BODY,
    "item:TextBody": _BODY,
    "item:DateTimeReceived": _RECEIVED,
    "item:Size": _SIZE,
    "item:Categories": Property(values=lambda item: item.facts.keywords, kind=str),
    "item:Importance": _texts(importance, Depth.HEADER),
    "item:InReplyTo": _texts(lambda item: item.text(b"in-reply-to"), Depth.HEADER),
    "item:IsSubmitted": _booleans(lambda _: False),
    "item:IsDraft": _booleans(lambda item: item.has(Flag.DRAFT)),
    "item:IsFromMe": _booleans(lambda _: False),
    "item:IsResend": _booleans(lambda _: False),
    "item:IsUnmodified": _booleans(lambda _: True),
    "item:IsAssociated": _booleans(lambda _: False),
    "item:DateTimeSent": _SENT,
    "item:DateTimeCreated": _RECEIVED,
    "item:LastModifiedTime": _RECEIVED,
    "item:DisplayCc": _texts(lambda item: displayed(item, b"cc"), Depth.HEADER),
    "item:DisplayTo": _texts(lambda item: displayed(item, b"to"), Depth.HEADER),
    "item:HasAttachments": _booleans(has_attachments, Depth.HEADER),
    "message:Sender": _SENDER,
    "message:From": _FROM,
    "message:ToRecipients": _people(b"to"),
    "message:CcRecipients": _people(b"cc"),
    "message:BccRecipients": _people(b"bcc"),
    "message:ReplyTo": _people(b"reply-to"),
    "message:IsReadReceiptRequested": _wants(b"disposition-notification-to"),
    "message:IsDeliveryReceiptRequested": _wants(b"return-receipt-to"),
    "message:ConversationTopic": _SUBJECT,
    "message:InternetMessageId": _MESSAGE_ID,
    "message:IsRead": _booleans(lambda item: item.has(Flag.SEEN)),
    "message:IsResponseRequested": _booleans(lambda _: False),
    "message:References": _texts(lambda item: item.text(b"references"), Depth.HEADER),
}
"""Properties by their FieldURI, as far as items can be found and sorted by them."""

# Bits of PidTagMessageFlags.
_READ, _UNSENT, _ATTACHED = 0x1, 0x8, 0x10


def _message_flags(item: Item) -> int:
    return (
        (_READ if item.has(Flag.SEEN) else 0)
        | (_UNSENT if item.has(Flag.DRAFT) else 0)
        | (_ATTACHED if has_attachments(item) else 0)
    )


def _address(name: Callable[[Item], bytes]) -> Property:
    def values(item: Item) -> Values:
        return tuple(each.address for each in item.people(name(item))[:1])

    return Property(values=values, kind=str, depth=Depth.HEADER)


_BY_FROM, _BY_SENDER = _address(lambda _: b"from"), _address(sender)

TAGS: Final[dict[int, tuple[str, Property]]] = {
    0x001A: ("String", _texts(lambda _: CLASS)),
    0x0037: ("String", _SUBJECT),
    0x0039: ("SystemTime", _SENT),
    0x0065: ("String", _BY_FROM),
    0x007D: (
        "String",
        _texts(
            lambda item: (item.details.header if item.details else b"").decode(
                "latin-1"
            ),
            Depth.HEADER,
        ),
    ),
    0x0070: ("String", _SUBJECT),
    0x0C1F: ("String", _BY_SENDER),
    0x0E03: ("String", PROPERTIES["item:DisplayCc"]),
    0x0E04: ("String", PROPERTIES["item:DisplayTo"]),
    0x0E06: ("SystemTime", _RECEIVED),
    0x0E07: (
        "Integer",
        Property(
            values=lambda item: (_message_flags(item),), kind=int, depth=Depth.HEADER
        ),
    ),
    0x0E08: ("Integer", _SIZE),
    0x0E1B: ("Boolean", PROPERTIES["item:HasAttachments"]),
    0x0FFF: ("Binary", _texts(lambda item: str(item.id))),
    0x1000: ("String", _BODY),
    0x1035: ("String", _MESSAGE_ID),
    0x1039: ("String", PROPERTIES["message:References"]),
    0x1042: ("String", PROPERTIES["item:InReplyTo"]),
    0x3007: ("SystemTime", _RECEIVED),
    0x3008: ("SystemTime", _RECEIVED),
    0x300B: ("Binary", _texts(lambda item: base64_of(item.facts.sha256[:16]))),
    0x5D01: ("String", _BY_SENDER),
    0x5D02: ("String", _BY_FROM),
}
"""Extended properties by their tag: type, and what they are."""

HEADERS: Final = "item:InternetMessageHeader"


def property_of(path: Element) -> Property | None:
    """Return what a path names, None for what no item here has; raises Failed."""
    match path.name:
        case "t:FieldURI":
            return PROPERTIES.get(uri_of(path))
        case "t:ExtendedFieldURI":
            return tagged(path)
        case "t:IndexedFieldURI" if uri_of(path) == HEADERS:
            name = path.attributes.get("FieldIndex", "").lower().encode()
            return _texts(lambda item: item.text(name), Depth.HEADER)
        case _:
            return None


def tagged(path: Element) -> Property | None:
    """Return the extended property of a path, None for one that no item here has."""
    found = TAGS.get(tag_of(path) or 0)
    return None if found is None else found[1]


def tag_of(path: Element) -> int | None:
    """Return the tag of an extended property, None for one that is named otherwise."""
    try:
        return int(path.attributes.get("PropertyTag", ""), 0)
    except ValueError:
        return None


def folder_of(item: Item) -> ids.FolderId:
    """Return where an item lies."""
    places = {
        ids.Lying.DELETED: ids.Place.DELETIONS,
        ids.Lying.PURGED: ids.Place.PURGES,
        ids.Lying.REPLACED: ids.Place.VERSIONS,
    }
    if item.lying in places:
        return ids.PlaceId(item.facts.account, places[item.lying])
    return ids.MailboxId(item.facts.account, item.facts.mailbox_id)
