"""The tree of MIME entities in a message (RFC 2045, 2046), found by offset.

A multipart is cut at its own boundary first and its parts are read next, so
that an outer boundary always wins (RFC 2046 §5.1.2) and every octet is looked
at once per level of nesting.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from postwarden.wire.mime import boundaries, headers, parameters, transfer
from postwarden.wire.mime.limits import (
    MAX_BARE_CR,
    MAX_BOUNDARY,
    MAX_DEPTH,
    Budget,
    Buffer,
)
from postwarden.wire.mime.parameters import Parameterised

_MESSAGES: Final = frozenset({"message/rfc822", "message/global"})  # RFC 6532 §3.7


@dataclass(frozen=True, slots=True)
class Source:
    """The octets as they are, and the same with line ends that contain LF."""

    octets: Buffer
    lined: Buffer

    @classmethod
    def of(cls, buffer: Buffer, budget: Budget) -> "Source":
        """Take a buffer; a bare CR ends its lines only if it has no LF at all."""
        has_bare_cr_lines = (
            len(buffer) <= MAX_BARE_CR
            and buffer.find(b"\n") == -1
            and buffer.find(b"\r") != -1
        )
        if not has_bare_cr_lines:
            return cls(buffer, buffer)
        budget.note("line-ends-bare-cr")
        return cls(buffer, buffer[:].replace(b"\r", b"\n"))


@dataclass(slots=True)
class Entity:
    """A message or body part: header, body, and what lies inside."""

    source: Source
    start: int
    body_start: int
    end: int
    header: headers.Header
    media: Parameterised
    encoding: str
    disposition: Parameterised | None
    parent_type: str = ""
    number: str = ""
    children: list["Entity"] = field(default_factory=list)
    message: "Entity | None" = None  # what a message/rfc822 part carries
    unread_from: int | None = None  # where reading stopped at the limit of parts

    @property
    def size(self) -> int:
        """Octets of the body as transferred."""
        return self.end - self.body_start

    @property
    def decoded(self) -> transfer.Decoded:
        """The body without its transfer encoding, not in memory as a whole."""
        octets = self.source.octets
        return transfer.Decoded(octets, self.body_start, self.end, self.encoding)

    @property
    def carries_message_in_place(self) -> bool:
        """Whether an attached message can be read at its offsets."""
        return self.message is not None and self.message.source is self.source


def read_message(buffer: Buffer, budget: Budget) -> Entity:
    """Read the tree of a whole message."""
    source = Source.of(buffer, budget)
    return _message(source, (0, len(buffer)), budget, prefix="", depth=0)


def entities(root: Entity) -> Iterator[Entity]:
    """Yield an entity and all below it that have offsets, in IMAP order."""
    pending = [root]
    while pending:
        entity = pending.pop()
        yield entity
        if entity.message is not None and entity.carries_message_in_place:
            pending.append(entity.message)
        pending.extend(reversed(entity.children))


def _message(
    source: Source, span: tuple[int, int], budget: Budget, *, prefix: str, depth: int
) -> Entity:
    start, end = span
    body_start = _body_start(source, start, end, budget)
    entity = _entity(source, (start, body_start, end), budget)
    # RFC 9051 §6.4.5: the only part of a message is its part 1; a multipart at
    # the top has a TEXT but no number.
    _descend(entity, budget, number=f"{prefix}1", prefix=prefix, depth=depth)
    entity.number = f"{prefix}TEXT" if entity.children else f"{prefix}1"
    return entity


def _part(
    parent: Entity, span: tuple[int, int], budget: Budget, *, number: str, depth: int
) -> Entity:
    start, end = span
    source = parent.source
    if headers.begins_with_field(source.lined, start, end):
        body_start = _body_start(source, start, end, budget)
    else:  # the empty line itself, or text whose mailer forgot it
        body_start = headers.after_empty_line(source.lined, start, end)
    entity = _entity(source, (start, body_start, end), budget, parent.media.value)
    entity.number = number
    _descend(entity, budget, number=number, prefix=f"{number}.", depth=depth)
    return entity


def _body_start(source: Source, start: int, end: int, budget: Budget) -> int:
    body_start = headers.header_end(source.lined, start, end)
    if body_start == end and not headers.ends_empty(source.lined, start, end):
        budget.note("no-empty-line")
        return headers.text_without_empty_line(source.lined, start, end)
    return body_start


def _entity(
    source: Source, span: tuple[int, int, int], budget: Budget, parent_type: str = ""
) -> Entity:
    budget.parts -= 1
    start, body_start, end = span
    header = headers.read_header(source.lined, start, body_start, budget)
    raw_disposition = header.first(b"content-disposition")
    return Entity(
        source,
        start,
        body_start,
        end,
        header,
        media=_media(header, budget, parent_type),
        encoding=_encoding(header, budget),
        disposition=parameters.disposition(raw_disposition, budget)
        if raw_disposition
        else None,
        parent_type=parent_type,
    )


def _media(header: headers.Header, budget: Budget, parent_type: str) -> Parameterised:
    raw = header.first(b"content-type")
    if not raw:  # RFC 2046 §5.1.5, RFC 2045 §5.2
        is_digest = parent_type == "multipart/digest"
        return parameters.MESSAGE if is_digest else parameters.TEXT_PLAIN
    media = parameters.media_type(raw, budget)
    if media is None:
        budget.note("bad-content-type")
        return parameters.TEXT_PLAIN
    return media


def _encoding(header: headers.Header, budget: Budget) -> str:
    raw = header.first(b"content-transfer-encoding")
    if not raw:
        return "7bit"  # RFC 2045 §6.1
    encoding = transfer.encoding_name(raw)
    if encoding not in transfer.KNOWN:
        budget.note("bad-transfer-encoding")
    return encoding


def _descend(
    entity: Entity, budget: Budget, *, number: str, prefix: str, depth: int
) -> None:
    is_multipart = entity.media.value.startswith("multipart/")
    is_message = entity.media.value in _MESSAGES
    if not (is_multipart or is_message):
        return
    if depth >= MAX_DEPTH:
        budget.note("too-deep")
        entity.media = parameters.OCTETS
    elif is_multipart:
        _read_parts(entity, budget, prefix, depth + 1)
    elif budget.parts <= 0:
        budget.note("too-many-parts")
        entity.media = parameters.OCTETS
    else:
        _read_attached(entity, budget, f"{number}.", depth + 1)


def _read_parts(entity: Entity, budget: Budget, prefix: str, depth: int) -> None:
    boundary = (entity.media.octets(b"boundary") or b"").rstrip()
    if 0 < len(boundary) <= MAX_BOUNDARY:
        spans = boundaries.split(
            entity.source.lined, boundary, entity.body_start, entity.end, budget
        )
        for index, span in enumerate(spans, start=1):
            if budget.parts <= 0:
                budget.note("too-many-parts")
                entity.unread_from = span[0]
                break
            number = f"{prefix}{index}"
            part = _part(entity, span, budget, number=number, depth=depth)
            entity.children.append(part)
    if entity.children:
        return
    if entity.unread_from is not None:
        entity.media, entity.unread_from = parameters.OCTETS, None
        return
    budget.note("boundary-missing")
    entity.media = parameters.TEXT_PLAIN


def _read_attached(entity: Entity, budget: Budget, prefix: str, depth: int) -> None:
    source, span = entity.source, (entity.body_start, entity.end)
    if entity.encoding in transfer.ENCODED and not headers.begins_with_field(
        source.lined, *span
    ):
        # RFC 2046 §5.2.1 forbids it and RFC 6532 §3.7 does not: decode to read.
        budget.note("attached-message-encoded")
        budget.decoded -= entity.size
        if budget.decoded < 0:
            budget.note("attached-message-too-large")
            entity.media = parameters.OCTETS
            return
        decoded = b"".join(entity.decoded)
        source, span = Source.of(decoded, budget), (0, len(decoded))
    entity.message = _message(source, span, budget, prefix=prefix, depth=depth)
