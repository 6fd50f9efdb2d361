"""What clients give of an item: its octets, flags, words and dates."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.composing import File, composed
from postwarden.dialects.ews.failures import Failed, Violation
from postwarden.dialects.ews.items import CLASS
from postwarden.dialects.ews.properties import tag_of
from postwarden.dialects.ews.reading import boolean_of
from postwarden.model.addresses import Address
from postwarden.model.mailboxes import NO_FLAGS, Flag
from postwarden.wire.xml import Element

MAX_FILES: Final = 100  # attached to one item

# PidTagMessageFlags, and PidTagMessageDeliveryTime
_FLAGS_TAG, _DELIVERY_TAG = 0x0E07, 0x0E06
_READ, _UNSENT = 0x1, 0x8
_STATUS: Final = {"NotFlagged": False, "Complete": False, "Flagged": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An item that is to be filed."""

    content: bytes
    flags: Flag
    keywords: tuple[str, ...]
    internal_date: datetime | None


def draft_of(element: Element, author: Address, now: datetime) -> Draft:
    """Return what an element makes an item of; raises Failed.

    Given octets win over fields. It is a draft unless PidTagMessageFlags say that it
    was sent.
    """
    if element.name not in {"t:Message", "t:Item"}:
        message = f"{element.local[:40]} is not kept here: only mail is."
        raise Failed(Code.INVALID_OPERATION, message)
    kind = element.value("t:ItemClass") or CLASS
    if not kind.upper().startswith(CLASS.upper()):
        raise Failed(Code.INVALID_OPERATION, f"{kind[:80]} is not kept here.")
    mime = element.find("t:MimeContent")
    content = (
        octets_of(mime, Code.MIME_CONTENT_INVALID_BASE64)
        if mime is not None
        else composed(element.children, author, now, files_of(element))
    )
    tags = _tags(element)
    return Draft(
        content=content,
        flags=_flags(element, tags),
        keywords=keywords_of(element.find("t:Categories")),
        internal_date=_time(tags.get(_DELIVERY_TAG)),
    )


def _flags(element: Element, tags: dict[int, Element]) -> Flag:
    given = tags.get(_FLAGS_TAG)
    known = None if given is None else _number(given)
    is_draft = known is None or bool(known & _UNSENT)
    read = element.find("t:IsRead")
    if read is not None:
        is_read = boolean_of(read)
    else:
        is_read = is_draft or bool((known or 0) & _READ)
    flags = Flag.DRAFT if is_draft else NO_FLAGS
    if is_read:
        flags |= Flag.SEEN
    flag = element.find("t:Flag")
    return flags | Flag.FLAGGED if flag is not None and is_flagged(flag) else flags


def is_flagged(element: Element) -> bool:
    """Return whether a Flag is set; raises Failed."""
    status = element.value("t:FlagStatus") or ""
    if status not in _STATUS:
        raise Violation(f"FlagStatus cannot be {status[:40]!r}", element)
    return _STATUS[status]


def keywords_of(element: Element | None) -> tuple[str, ...]:
    """Return categories as keywords; raises Failed for what cannot be one.

    Keywords are atoms (RFC 9051 §9), so that a category of several words has none.
    """
    words = [] if element is None else [e.text.strip() for e in element.children]
    return tuple(words)


def octets_of(element: Element, code: Code) -> bytes:
    """Return what an element has in base64; raises Failed with `code`."""
    try:
        return base64.b64decode("".join(element.text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Failed(code, f"{element.local} is no base64.") from error


def files_of(element: Element, *path: str) -> list[File]:
    """Return what is to be attached; raises Failed."""
    found = element.find(*(path or ("t:Attachments",)))
    given = [] if found is None else found.children
    if len(given) > MAX_FILES:
        raise Failed(Code.DATA_SIZE_LIMIT_EXCEEDED, "too many attachments")
    return [_file(each) for each in given]


def _file(element: Element) -> File:
    name = element.value("t:Name") or ""
    inline = element.find("t:IsInline")
    if element.name == "t:ItemAttachment":
        mime = element.find("t:Message", "t:MimeContent")
        if mime is None:
            mime = element.find("t:Item", "t:MimeContent")
        if mime is None:
            message = "An attached item is given by its MimeContent here."
            raise Failed(Code.INVALID_OPERATION, message)
        content = octets_of(mime, Code.MIME_CONTENT_INVALID_BASE64)
        return File(name=name, content_type="message/rfc822", content=content)
    if element.name != "t:FileAttachment":
        raise Violation(f"{element.local[:40]} cannot be attached", element)
    octets = element.find("t:Content")
    return File(
        name=name,
        content_type=(element.value("t:ContentType") or "").lower(),
        content=b"" if octets is None else octets_of(octets, Code.CORRUPT_DATA),
        content_id=element.value("t:ContentId") or None,
        is_inline=inline is not None and boolean_of(inline),
    )


def _tags(element: Element) -> dict[int, Element]:
    found: dict[int, Element] = {}
    for each in element.every("t:ExtendedProperty"):
        path, value = each.find("t:ExtendedFieldURI"), each.find("t:Value")
        if path is not None and value is not None:
            found[tag_of(path) or 0] = value
    return found


def _number(element: Element) -> int:
    try:
        return int(element.text.strip()[:11])
    except ValueError as error:
        message = "PidTagMessageFlags is a number."
        raise Failed(Code.INVALID_VALUE_FOR_PROPERTY, message) from error


def _time(element: Element | None) -> datetime | None:
    if element is None:
        return None
    try:
        found = datetime.fromisoformat(element.text.strip()[:40])
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        message = "This is no time."
        raise Failed(Code.INVALID_VALUE_FOR_PROPERTY, message) from error
