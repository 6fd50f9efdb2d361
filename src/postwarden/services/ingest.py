"""From bytes to what is stored of a message, computed once."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from postwarden.model.addresses import Address
from postwarden.model.errors import Invalid
from postwarden.model.messages import (
    AttachedMessage,
    Attachment,
    NewMessage,
    SearchText,
)
from postwarden.model.queries import TextField, message_id_key, words_of
from postwarden.services.ports import Octets, References
from postwarden.wire.mime import ScannedMessage, scan

SCANNED_INLINE = 256 * 1024  # octets up to which a scan keeps nobody waiting
BETWEEN_NAMES = "¶"  # no word, so that no phrase reaches over two file names
_LINES = {
    TextField.SUBJECT: "subject",
    TextField.BODY: "body",
    TextField.AUTHOR: "author",
    TextField.TO: "header_to",
    TextField.CC: "cc",
    TextField.FILENAME: "filenames",
}
_MAX_KEPT = 998  # characters of Message-ID, subject and author that are kept


@dataclass(frozen=True, slots=True)
class Texts:
    """What people would search a message by, as they read it."""

    subject: str
    body: str
    author: str
    header_to: str
    cc: str
    filenames: tuple[str, ...]


def read_message(sha256: bytes, content: Octets) -> tuple[NewMessage, Texts]:
    """Scan a message once for all that is kept of it.

    Whatever its bytes are, there is an answer.
    """
    scanned = scan(content)
    return _new_message(sha256, scanned), _texts(scanned)


def new_message(sha256: bytes, content: Octets) -> NewMessage:
    """Return what is stored of a message."""
    return _new_message(sha256, scan(content))


def texts_of(content: Octets) -> Texts:
    """Return what a message is searched by."""
    return _texts(scan(content))


def search_text(message: int, texts: Texts) -> SearchText:
    """Return the words of a message by field, for the full-text index."""
    return SearchText(
        message=message,
        subject=_words(texts.subject),
        body=_words(texts.body),
        author=_words(texts.author),
        header_to=_words(texts.header_to),
        cc=_words(texts.cc),
        filenames=f" {BETWEEN_NAMES} ".join(map(_words, texts.filenames)),
    )


def line_of(text: SearchText, field: TextField) -> str:
    """Return the words of one field; TEXT is two of them, and is never asked for."""
    return str(getattr(text, _LINES[field]))


def _texts(scanned: ScannedMessage) -> Texts:
    return Texts(
        subject=scanned.subject,
        body=scanned.text,
        author=scanned.author,
        header_to=scanned.header_to,
        cc=scanned.header_cc,
        filenames=tuple(part.filename for part in scanned.parts if part.filename),
    )


def _new_message(sha256: bytes, scanned: ScannedMessage) -> NewMessage:
    return NewMessage(
        sha256=sha256,
        size=scanned.size,
        message_id=_id_or_none(scanned.message_id),
        subject=scanned.subject[:_MAX_KEPT],
        author=scanned.author[:_MAX_KEPT],
        date=scanned.date,
        fingerprint=scanned.fingerprint,
        content_fingerprint=scanned.content_fingerprint,
        header_addresses=tuple(dict.fromkeys(_address_keys(scanned))),
        references=tuple(_references(scanned)),
        attachments=tuple(
            Attachment(
                filename=part.filename or "",
                content_type=part.content_type,
                size=part.size,
                sha256=part.sha256,
            )
            for part in scanned.parts
            if part.is_attachment and part.sha256 is not None
        ),
        attached_messages=tuple(
            AttachedMessage(
                sha256=each.sha256,
                message_id=_id_or_none(each.message_id),
                fingerprint=each.fingerprint,
                content_fingerprint=each.content_fingerprint,
            )
            for each in scanned.attached_messages
        ),
        envelope=scanned.envelope,
        bodystructure=scanned.bodystructure,
        header=scanned.header,
    )


def references_of(content: Octets) -> References:
    """Return what makes other messages exact, same or variant of these bytes."""
    scanned = scan(content)
    return References(
        sha256s=frozenset({hashlib.sha256(content).digest()}),
        fingerprints=_given(scanned.fingerprint),
        content_fingerprints=_given(scanned.content_fingerprint),
    )


def stored_form(octets: bytes) -> bytes:
    """Return a mail file as it is stored: with CRLF if all its line ends are LF.

    Any other is stored byte for byte.
    """
    if b"\r" in octets:
        return octets
    return octets.replace(b"\n", b"\r\n")


def _given(value: bytes | None) -> frozenset[bytes]:
    return frozenset() if value is None else frozenset({value})


def _words(text: str) -> str:
    return " ".join(words_of(text))


def _id_or_none(text: str | None) -> str | None:
    return message_id_key(text)[:_MAX_KEPT] if text else None


def _references(scanned: ScannedMessage) -> Iterator[str]:
    replied = [scanned.in_reply_to] if scanned.in_reply_to else []
    yield from dict.fromkeys(map(message_id_key, [*replied, *scanned.references]))


def _address_keys(scanned: ScannedMessage) -> Iterator[tuple[str, str]]:
    fields = {
        "from": scanned.author_addresses,
        "to": scanned.to_addresses,
        "cc": scanned.cc_addresses,
    }
    for field, texts in fields.items():
        for text in texts:
            try:
                yield field, Address.parse(text).key
            except Invalid:
                continue  # found by its words all the same
