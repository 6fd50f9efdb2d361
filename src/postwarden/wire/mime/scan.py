"""One scan of a message: everything that is stored about it, in one pass.

`scan` takes any octets and always answers. What is broken is named in
`ScannedMessage.defects`; what exceeds a bound of `limits` is left out.
"""

from dataclasses import dataclass
from datetime import datetime

from postwarden.wire.mime import identifiers, render, transfer, words
from postwarden.wire.mime.contents import AttachedMessage, Contents, read_contents
from postwarden.wire.mime.dates import parse_date
from postwarden.wire.mime.headers import Header
from postwarden.wire.mime.limits import (
    MAX_FILENAME,
    MAX_HEADER,
    MAX_SUBJECT,
    MAX_TEXT,
    Budget,
    Buffer,
)
from postwarden.wire.mime.render import AddressFields
from postwarden.wire.mime.structure import Entity, entities, read_message


@dataclass(frozen=True, slots=True)
class Part:
    """A body part, with offsets into the message.

    `number` is the IMAP part specifier (RFC 9051 §6.4.5); the multipart at the
    top of a message, attached ones included, has no number there and is
    called `TEXT` or `2.TEXT`. `size` is in octets as transferred. `filename`
    is a label somebody chose, never a path. `sha256` is that of the decoded
    octets (of an attached message: its own), and None for text that is no
    attachment and for multiparts.
    """

    number: str
    content_type: str
    charset: str | None
    encoding: str
    disposition: str | None
    filename: str | None
    size: int
    lines: int
    header_start: int
    body_start: int
    body_end: int
    is_attachment: bool
    sha256: bytes | None


@dataclass(frozen=True, slots=True)
class ScannedMessage:
    """What a scan found. Texts are decoded, in NFC, free of control characters.

    `header` is the header block with its empty line, at most 1 MiB of it;
    `header_end` is its length even if longer. Addresses are `local@domain` as
    written. Dates are aware and in UTC. `envelope` and `bodystructure` are
    ready to be sent by an IMAP server (RFC 9051 §7.5.2). `fingerprint` and
    `content_fingerprint` are 32 octets, None where a message has none.
    `defects` are words of `limits.DEFECTS`.
    """

    size: int
    header_end: int
    header: bytes
    message_id: str | None
    subject: str
    author: str
    author_addresses: tuple[str, ...]
    sender_addresses: tuple[str, ...]
    reply_to_addresses: tuple[str, ...]
    header_to: str
    to_addresses: tuple[str, ...]
    header_cc: str
    cc_addresses: tuple[str, ...]
    bcc_addresses: tuple[str, ...]
    date: datetime | None
    received_date: datetime | None
    in_reply_to: str | None
    references: tuple[str, ...]
    list_id: str | None
    parts: tuple[Part, ...]
    attached_messages: tuple[AttachedMessage, ...]
    text: str
    envelope: bytes
    bodystructure: bytes
    fingerprint: bytes | None
    content_fingerprint: bytes | None
    defects: tuple[str, ...]

    @property
    def attachments(self) -> tuple[Part, ...]:
        """The parts that a person would call attachments."""
        return tuple(part for part in self.parts if part.is_attachment)


def scan(buffer: Buffer, *, text_limit: int = MAX_TEXT) -> ScannedMessage:
    """Scan a message; never raises, whatever the octets are.

    `text_limit` is in octets of UTF-8. A message is not copied as a whole,
    only the part that is being decoded.
    """
    budget = Budget(text_limit)
    root = read_message(buffer, budget)
    header = root.header
    if not header.count:
        budget.note("no-header-field")
    addresses = render.address_fields(header, budget)
    contents = read_contents(root, budget)
    return ScannedMessage(
        size=len(buffer),
        header_end=root.body_start,
        header=buffer[: min(root.body_start, MAX_HEADER)],
        message_id=identifiers.message_id(header, budget),
        subject=_subject(header, budget),
        author=_text(header, b"from"),
        author_addresses=_addresses(addresses, b"from"),
        sender_addresses=_addresses(addresses, b"sender"),
        reply_to_addresses=_addresses(addresses, b"reply-to"),
        header_to=_text(header, b"to"),
        to_addresses=_addresses(addresses, b"to"),
        header_cc=_text(header, b"cc"),
        cc_addresses=_addresses(addresses, b"cc"),
        bcc_addresses=_addresses(addresses, b"bcc"),
        date=_date(header, budget),
        received_date=_received_date(header),
        in_reply_to=identifiers.in_reply_to(header),
        references=identifiers.references(header),
        list_id=identifiers.list_id(header),
        parts=tuple(_part(entity, contents, budget) for entity in entities(root)),
        attached_messages=tuple(contents.attached_messages),
        text="\n".join(contents.texts),
        envelope=render.envelope(header, addresses),
        bodystructure=render.bodystructure(root, budget),
        fingerprint=contents.fingerprints.fingerprint,
        content_fingerprint=contents.fingerprints.content_fingerprint,
        defects=tuple(budget.defects),
    )


def decoded_part(buffer: Buffer, part: Part) -> bytes:
    """Return the decoded octets of a part that `scan` found in `buffer`."""
    content, _ = transfer.decode(buffer[part.body_start : part.body_end], part.encoding)
    return content


def _text(header: Header, name: bytes) -> str:
    return ", ".join(words.decode_text(raw) for raw in header.every(name) if raw)


def _subject(header: Header, budget: Budget) -> str:
    subject = words.decode_text(header.first(b"subject") or b"")
    if len(subject) > MAX_SUBJECT:
        budget.note("subject-too-long")
    return subject[:MAX_SUBJECT]


def _addresses(fields: AddressFields, name: bytes) -> tuple[str, ...]:
    return tuple(address for entry in fields[name] if (address := entry.address))


def _date(header: Header, budget: Budget) -> datetime | None:
    raw = header.first(b"date")
    if not raw:
        return None
    moment = parse_date(raw)
    if moment is None:
        budget.note("bad-date")
    return moment


def _received_date(header: Header) -> datetime | None:
    """Return when the last relay took the message (RFC 5321 §4.4)."""
    raw = header.first(b"received")
    if not raw:
        return None
    return parse_date(raw.rpartition(b";")[2].strip())


def _part(entity: Entity, contents: Contents, budget: Budget) -> Part:
    filename = _filename(entity, budget)
    label = entity.media.octets(b"charset")
    return Part(
        number=entity.number,
        content_type=entity.media.value,
        charset=label.decode("latin-1").lower() if label else None,
        encoding=entity.encoding,
        disposition=entity.disposition.value if entity.disposition else None,
        filename=filename,
        size=entity.size,
        lines=render.count_lines(entity),
        header_start=entity.start,
        body_start=entity.body_start,
        body_end=entity.end,
        is_attachment=_is_attachment(entity, filename),
        sha256=contents.sha256.get(entity.number),
    )


def _filename(entity: Entity, budget: Budget) -> str | None:
    name = entity.disposition.text(b"filename") if entity.disposition else None
    name = name or entity.media.text(b"name")
    if name and len(name) > MAX_FILENAME:
        budget.note("filename-too-long")
        name = name[:MAX_FILENAME]
    return name or None


def _is_attachment(entity: Entity, filename: str | None) -> bool:
    """Tell whether people would call this part an attachment.

    Not the machine's parts of a report, nor the pictures an HTML part shows.
    """
    if entity.children:
        return False
    disposition = entity.disposition.value if entity.disposition else ""
    if disposition == "attachment":
        return True
    if entity.parent_type == "multipart/report":
        return False
    main = entity.media.value.partition("/")[0]
    if main == "image" and entity.parent_type == "multipart/related":
        return False
    return filename is not None or main != "text"
