"""Items: copies of messages as clients see them, read no deeper than they ask."""

import base64
import html
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum
from functools import cached_property
from typing import Final

from postwarden.dialects.ews import ids
from postwarden.model.mailboxes import DiscardKind, Flag
from postwarden.services.ports import CopyFacts, MessageDetails
from postwarden.wire.mime import Part, ScannedMessage, decoded_part, scan
from postwarden.wire.mime import charset as charsets
from postwarden.wire.mime.addresses import HeaderAddress, parse_addresses
from postwarden.wire.mime.dates import parse_date
from postwarden.wire.mime.headers import Header, fields_of, unfold
from postwarden.wire.mime.limits import Budget
from postwarden.wire.mime.text import html_text
from postwarden.wire.mime.words import decode_text

MAX_BODY: Final = 4 << 20  # octets of a body that are shown
CLASS: Final = "IPM.Note"
_MESSAGE: Final = "message/rfc822"
_LYING: Final = {
    DiscardKind.DELETED: ids.Lying.DELETED,
    DiscardKind.PURGED: ids.Lying.PURGED,
    DiscardKind.REPLACED: ids.Lying.REPLACED,
}


class Depth(IntEnum):
    """How much of a message a property takes to know."""

    FACTS = 0  # its rows
    HEADER = 1  # its header fields and attachments, which are rows, too
    CONTENT = 2  # its octets: to look at them is an act of its own


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a header field."""

    name: str
    address: str


@dataclass(kw_only=True)
class Item:
    """One copy; `details` and `content` are there when they were asked for.

    A message that is attached to one has the `path` to it, and no identifier.
    """

    facts: CopyFacts
    details: MessageDetails | None = None
    content: bytes | None = None
    path: tuple[int, ...] = ()
    _people: dict[bytes, list[Person]] = field(default_factory=dict)

    @property
    def id(self) -> ids.ItemId:
        facts = self.facts
        item = facts.item or facts.id
        return ids.ItemId(facts.account, facts.mailbox_id, item, self.lying)

    @property
    def lying(self) -> ids.Lying:
        """Where it lies: in its mailbox, or where discarded mail waits."""
        kind = self.facts.discarded
        return ids.Lying.LIVE if kind is None else _LYING[kind]

    @property
    def change_key(self) -> str:
        """What changes with the flags, and when another message takes its place."""
        return ids.change_key(self.facts.modseq)

    @cached_property
    def header(self) -> Header:
        block = self.details.header if self.details is not None else b""
        return Header(block, Budget())

    def text(self, name: bytes) -> str | None:
        """Return a header field as people read it, None without one."""
        raw = self.header.first(name)
        return None if raw is None else decode_text(raw)

    def people(self, name: bytes) -> list[Person]:
        """Return whom an address field names."""
        if name not in self._people:
            entries = [
                entry
                for raw in self.header.every(name)
                for entry in parse_addresses(raw, Budget())
            ]
            self._people[name] = [
                person for entry in entries if (person := _person(entry))
            ]
        return self._people[name]

    def has(self, flag: Flag) -> bool:
        return bool(self.facts.flags & flag)

    @property
    def fields(self) -> list[tuple[str, str]]:
        """All header fields in their order, as people read them."""
        block = self.details.header if self.details is not None else b""
        return [
            (name.decode("latin-1"), decode_text(unfold(value)))
            for name, value in fields_of(block)
        ]

    @property
    def sent(self) -> datetime:
        """When it was written, by its own word, else when it came."""
        raw = self.header.first(b"date")
        return (parse_date(raw) if raw else None) or self.facts.internal_date

    @cached_property
    def scanned(self) -> ScannedMessage:
        return scan(self.content or b"")

    @cached_property
    def attachments(self) -> list[Part]:
        """The parts that are files, those in attached messages left out."""
        found: list[Part] = []
        for part in self.scanned.attachments:
            if not any(_is_in(part, each) for each in found):
                found.append(part)
        return found

    def octets(self, part: Part) -> bytes:
        """Return a part as it is, without its transfer encoding."""
        return decoded_part(self.content or b"", part)

    @cached_property
    def plain_text(self) -> str | None:
        return self._text_of("text/plain")

    @cached_property
    def html(self) -> str | None:
        return self._text_of("text/html")

    def body(self, kind: str) -> tuple[str, str]:
        """Return a body and what it is: HTML or Text; `kind` may be Best."""
        if kind == "Text":
            return self.text_body, "Text"
        if self.html is not None:
            return self.html, "HTML"
        if kind == "Best":
            return self.plain_text or "", "Text"
        return (
            f"<html><body><pre>{html.escape(self.text_body)}</pre></body></html>",
            "HTML",
        )

    @cached_property
    def text_body(self) -> str:
        if self.plain_text is not None:
            return self.plain_text
        return html_text(self.html) if self.html is not None else ""

    def _text_of(self, media_type: str) -> str | None:
        for part in self.scanned.parts:
            if part.content_type == media_type and not part.is_attachment:
                if any(_is_in(part, each) for each in self.attachments):
                    continue
                octets = self.octets(part)[:MAX_BODY]
                codec = charsets.codec_of(part.charset) if part.charset else None
                return charsets.loosely(octets, codec).replace("\r\n", "\n")
        return None


def attached(item: Item, number: int) -> Item:
    """Return the message that is an attachment of an item, as an item of its own."""
    content = item.octets(item.attachments[number])
    scanned = scan(content)
    facts = replace(
        item.facts,
        message_id=scanned.message_id,
        subject=scanned.subject,
        author=scanned.author,
        size=len(content),
        flags=Flag.SEEN,
        keywords=(),
    )
    return Item(
        facts=facts,
        details=MessageDetails(header=scanned.header),
        content=content,
        path=(*item.path, number),
    )


def is_message(part: Part) -> bool:
    return part.content_type == _MESSAGE


def _is_in(part: Part, other: Part) -> bool:
    return (
        part is not other
        and is_message(other)
        and other.body_start <= part.header_start
        and part.body_end <= other.body_end
    )


def _person(entry: HeaderAddress) -> Person | None:
    address = entry.address
    if address is None:
        return None
    return Person(decode_text(entry.name) if entry.name else "", address)


def base64_of(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
