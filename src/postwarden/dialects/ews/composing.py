"""Messages made of what clients say in fields, and made anew with other fields.

A stored message is never rewritten: a changed draft is another message in its place.
"""

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.headerregistry import Address as Named
from email.message import EmailMessage, MIMEPart
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed
from postwarden.dialects.ews.reading import boolean_of
from postwarden.model.addresses import Address
from postwarden.model.errors import Invalid
from postwarden.wire.xml import Element

MAX_RECIPIENTS: Final = 1000
MAX_TEXT: Final = 8 << 20  # characters of a body

_POLICY: Final = SMTP.clone(max_line_length=78)
_UNWRITABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,64}", re.ASCII)
_PEOPLE: Final = {
    "t:Sender": "Sender",
    "t:From": "From",
    "t:ToRecipients": "To",
    "t:CcRecipients": "Cc",
    "t:BccRecipients": "Bcc",
    "t:ReplyTo": "Reply-To",
}
_TEXTS: Final = {
    "t:Subject": "Subject",
    "t:InReplyTo": "In-Reply-To",
    "t:References": "References",
    "t:InternetMessageId": "Message-ID",
}
_WORDS: Final = {
    "t:Importance": ("Importance", {"Low": "low", "Normal": None, "High": "high"}),
    "t:Sensitivity": (
        "Sensitivity",
        {
            "Normal": None,
            "Personal": "Personal",
            "Private": "Private",
            "Confidential": "Company-Confidential",
        },
    ),
}
_RECEIPTS: Final = {
    "t:IsReadReceiptRequested": "Disposition-Notification-To",
    "t:IsDeliveryReceiptRequested": "Return-Receipt-To",
}
COMPOSED: Final = frozenset({*_PEOPLE, *_TEXTS, *_WORDS, *_RECEIPTS, "t:Body"})
"""Elements that change the octets of a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """Something to attach; of an attached message `content` is its octets."""

    name: str
    content_type: str
    content: bytes
    content_id: str | None = None
    is_inline: bool = False


def composed(
    fields: Iterable[Element], author: Address, now: datetime, files: Sequence[File]
) -> bytes:
    """Return a new message; raises Failed for what cannot be in one."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = str(author)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{secrets.token_hex(16)}@{author.domain}>"
    message.set_content("")
    for each in fields:
        _put(message, each, author)
    for file in files:
        _attach(message, file)
    return _written(message)


def changed(
    content: bytes, fields: Iterable[Element], author: Address, gone: Iterable[str]
) -> bytes:
    """Return a message with other fields; those in `gone` have none any more."""
    message = _read(content)
    for name in gone:
        _remove(message, name)
    for each in fields:
        _put(message, each, author)
    return _written(message)


def _read(content: bytes) -> EmailMessage:
    message = message_from_bytes(content, policy=_POLICY)
    assert isinstance(message, EmailMessage)  # noqa: S101  the policy makes it so
    return message


def _written(message: EmailMessage) -> bytes:
    try:
        return message.as_bytes()
    except (ValueError, LookupError, UnicodeError) as error:
        raise Failed(Code.ITEM_SAVE, "This message cannot be written.") from error


def _put(message: EmailMessage, element: Element, author: Address) -> None:
    name, text = element.name, element.text.strip()
    if name in _PEOPLE:
        _head(message, _PEOPLE[name], _people(element))
    elif name in _TEXTS:
        _head(message, _TEXTS[name], _line(text))
    elif name in _WORDS:
        field, words = _WORDS[name]
        if text not in words:
            raise _invalid(element)
        _head(message, field, words[text])
    elif name in _RECEIPTS:
        wanted = str(author) if boolean_of(element) else None
        _head(message, _RECEIPTS[name], wanted)
    elif name == "t:Body":
        _set_body(message, element)


def _remove(message: EmailMessage, name: str) -> None:
    if name == "t:Body":
        _set_text(message, "", "plain")
    known = {**_PEOPLE, **_TEXTS, **_RECEIPTS}
    known |= {key: field for key, (field, _) in _WORDS.items()}
    if name in known:
        _head(message, known[name], None)


def _head(message: EmailMessage, name: str, value: object) -> None:
    del message[name]
    if value:
        message[name] = value


def _line(text: str) -> str:
    return _UNWRITABLE.sub(" ", text)[:10_000].strip()


def _people(element: Element) -> tuple[Named, ...]:
    given = [each for each in element.children if each.name == "t:Mailbox"]
    if len(given) > MAX_RECIPIENTS:
        raise Failed(Code.DATA_SIZE_LIMIT_EXCEEDED, "too many recipients")
    return tuple(map(_person, given))


def _person(element: Element) -> Named:
    written = element.value("t:EmailAddress") or ""
    try:
        address = Address.parse(written)
        return Named(
            display_name=_line(element.value("t:Name") or ""),
            username=address.local_part,
            domain=address.domain,
        )
    except (Invalid, ValueError) as error:
        message = f"{written[:80]!r} is no address."
        raise Failed(Code.INVALID_RECIPIENTS, message) from error


def _set_body(message: EmailMessage, element: Element) -> None:
    kind = element.attributes.get("BodyType", "")
    if kind not in {"HTML", "Text"}:
        raise _invalid(element)
    if len(element.text) > MAX_TEXT:
        raise Failed(Code.MESSAGE_SIZE_EXCEEDED, "The body is too long.")
    _set_text(message, element.text, "html" if kind == "HTML" else "plain")


def _set_text(message: EmailMessage, text: str, subtype: str) -> None:
    part: MIMEPart = message
    if message.is_multipart():
        found = message.get_body(("html", "plain"))
        part = message if found is None else found
    clean = text.encode("utf-8", "replace").decode()
    if part is message and message.is_multipart():
        parts = list(message.iter_attachments())
        message.clear_content()
        message.set_content(clean, subtype=subtype)
        for each in parts:
            message.make_mixed()
            message.attach(each)
        return
    part.set_content(clean, subtype=subtype)


def _attach(message: EmailMessage, file: File) -> None:
    name = _line(file.name)[:255] or None
    if file.content_type == "message/rfc822":
        inner = message_from_bytes(file.content, policy=_POLICY)
        message.add_attachment(inner, filename=name)
        return
    maintype, _, subtype = file.content_type.partition("/")
    if maintype == "multipart" or not all(map(_TOKEN.fullmatch, (maintype, subtype))):
        maintype, subtype = "application", "octet-stream"
    message.add_attachment(
        file.content,
        maintype=maintype,
        subtype=subtype,
        filename=name,
        disposition="inline" if file.is_inline else "attachment",
        cid=f"<{_line(file.content_id)}>" if file.content_id else None,
    )


def _invalid(element: Element) -> Failed:
    message = f"{element.local} cannot be {element.text[:40]!r}."
    return Failed(Code.INVALID_VALUE_FOR_PROPERTY, message)
