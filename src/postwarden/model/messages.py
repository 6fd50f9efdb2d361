"""Messages: immutable RFC 5322 byte strings, stored once, named by SHA-256."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is known of a message without opening it.

    An emptied one has no content any more, only what the ledger shows.
    """

    id: int
    sha256: bytes
    size: int
    message_id: str | None
    subject: str
    author: str
    date: datetime | None
    fingerprint: bytes | None
    content_fingerprint: bytes | None
    is_emptied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A part that people would call a file; `sha256` is of its decoded octets."""

    filename: str
    content_type: str
    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedMessage:
    """A message carried inside another one (message/rfc822)."""

    sha256: bytes
    message_id: str | None
    fingerprint: bytes | None
    content_fingerprint: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """All that is stored of a message at ingest, computed once from its bytes.

    `header_addresses` are (field, address key) pairs with field from, to or cc;
    `envelope`, `bodystructure` and `header` are what IMAP will send verbatim.
    """

    sha256: bytes
    size: int
    message_id: str | None
    subject: str
    author: str
    date: datetime | None
    fingerprint: bytes | None
    content_fingerprint: bytes | None
    header_addresses: tuple[tuple[str, str], ...]
    references: tuple[str, ...]
    attachments: tuple[Attachment, ...]
    attached_messages: tuple[AttachedMessage, ...]
    envelope: bytes
    bodystructure: bytes
    header: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchText:
    """The words of a message by field, as `queries.words` makes them."""

    message: int
    subject: str
    body: str
    author: str
    header_to: str
    cc: str
    filenames: str
