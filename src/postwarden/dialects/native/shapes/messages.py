"""A message as those see it who may look at content."""

from datetime import datetime
from typing import TypedDict

from postwarden.model.messages import Message
from postwarden.wire.mime import Part, ScannedMessage


class PartShape(TypedDict):
    """A body part; `sha256` is that of its decoded octets, where there is one."""

    part: str
    content_type: str
    filename: str | None
    size: int
    sha256: str | None


class MessageShape(TypedDict):
    """A message with its text."""

    sha256: str
    size: int
    message_id: str | None
    date: datetime | None
    author: str
    to: str
    cc: str
    subject: str
    text: str
    parts: list[PartShape]


class HeadersShape(TypedDict):
    """The header fields of a message, as they are, with LF between lines."""

    sha256: str
    headers: str


class StructureShape(TypedDict):
    """Which parts a message has."""

    sha256: str
    parts: list[PartShape]


def part(of: Part) -> PartShape:
    """Return a body part without its content."""
    return {
        "part": of.number,
        "content_type": of.content_type,
        "filename": of.filename,
        "size": of.size,
        "sha256": of.sha256.hex() if of.sha256 else None,
    }


def message(of: Message, scanned: ScannedMessage) -> MessageShape:
    """Return a message with its text and what parts it has."""
    return {
        "sha256": of.sha256.hex(),
        "size": of.size,
        "message_id": of.message_id and f"<{of.message_id}>",
        "date": scanned.date,
        "author": scanned.author,
        "to": scanned.header_to,
        "cc": scanned.header_cc,
        "subject": scanned.subject,
        "text": scanned.text,
        "parts": [part(each) for each in scanned.parts],
    }


def headers(of: Message, scanned: ScannedMessage) -> HeadersShape:
    """Return the header fields of a message."""
    block = scanned.header.decode("utf-8", "replace").replace("\r\n", "\n")
    return {"sha256": of.sha256.hex(), "headers": block}


def structure(of: Message, scanned: ScannedMessage) -> StructureShape:
    """Return what parts a message has."""
    return {"sha256": of.sha256.hex(), "parts": [part(each) for each in scanned.parts]}
