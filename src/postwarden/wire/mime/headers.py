"""Header blocks: where they end, their fields, and the text of a field."""

import re
from typing import Final

from postwarden.wire.mime.limits import MAX_FIELDS, MAX_HEADER, Budget, Buffer

# A field name is printable ASCII but the colon; white space before the colon
# is obsolete and still read (RFC 5322 §2.2, §4.5).
_NAME: Final = rb"[!-9;-~]++[ \t]*+:"
_FIELD: Final = re.compile(
    rb"^([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)", re.MULTILINE
)
_JUNK: Final = re.compile(rb"^(?![ \t\r\n]|\Z|%b)" % _NAME, re.MULTILINE)
_FIRST_FIELD: Final = re.compile(_NAME)
_FIELD_LINE: Final = re.compile(rb"^" + _NAME, re.MULTILINE)
_EMPTY_LINE: Final = re.compile(rb"\n\r?\n")
_LINE_END: Final = re.compile(rb"\r?\n")
_BLANK: Final = b" \t\r\n\0"
_ONCE: Final = (b"date", b"from", b"subject", b"message-id", b"content-type")


class NotAMessage(ValueError):
    """Not one header field stands before the first empty line."""


def require_header(buffer: Buffer) -> None:
    """Refuse what is no mail at all: raises NotAMessage.

    A mail has at least one field line, a name and a colon (RFC 5322 §2.2),
    before its first empty line. Other lines may surround it. Only LF and CRLF
    end a line here (RFC 5322 §2.3).
    """
    end = header_end(buffer, 0, len(buffer))
    if not _FIELD_LINE.search(buffer, 0, end):
        raise NotAMessage("no header field before the first empty line")


def header_end(buffer: Buffer, start: int, end: int) -> int:
    """Return the offset after the empty line that ends a header block.

    Without an empty line everything up to `end` is header.
    """
    first = _LINE_END.match(buffer, start, end)
    if first:
        return first.end()
    empty = _EMPTY_LINE.search(buffer, start, end)
    return empty.end() if empty else end


def after_empty_line(buffer: Buffer, start: int, end: int) -> int:
    """Return the offset after an empty line at `start`, else `start`."""
    first = _LINE_END.match(buffer, start, end)
    return first.end() if first else start


def ends_empty(buffer: Buffer, start: int, end: int) -> bool:
    """Tell whether `start` to `end` is nothing, or ends in an empty line."""
    last = buffer[max(start, end - 4) : end]
    return last.replace(b"\r\n", b"\n") in {b"", b"\n"} or last.endswith(
        (b"\n\n", b"\n\r\n")
    )


def text_without_empty_line(buffer: Buffer, start: int, end: int) -> int:
    """Return where the text begins if no empty line says so.

    That is the first line, after a field, that is no field and folds none.
    """
    field = _FIELD_LINE.search(buffer, start, end)
    if not field:
        return start
    junk = _JUNK.search(buffer, field.end(), end)
    return junk.start() if junk else end


def begins_with_field(buffer: Buffer, start: int, end: int) -> bool:
    """Tell whether a field line stands at `start`."""
    return _FIRST_FIELD.match(buffer, start, end) is not None


class Header:
    """The fields of one header block, by name in lower case."""

    __slots__ = ("_values", "count", "junk")

    def __init__(self, block: bytes, budget: Budget) -> None:
        fields: list[tuple[bytes, bytes]] = _FIELD.findall(block)
        if len(fields) > MAX_FIELDS:
            budget.note("header-too-many-fields")
            del fields[MAX_FIELDS:]
        values: dict[bytes, list[bytes]] = {}
        for name, value in fields:
            values.setdefault(name.lower(), []).append(value)
        self._values = values
        self.count = len(fields)
        # Lines that are no field and fold none; some clients show them as text.
        self.junk = _FIELD.sub(b"", block).strip(_BLANK) if _JUNK.search(block) else b""
        self._note_defects(block, budget)

    def _note_defects(self, block: bytes, budget: Budget) -> None:
        if self.junk:
            budget.note("header-junk")
        if block[:1] in {b" ", b"\t"}:
            budget.note("header-starts-folded")
        if not block.isascii():
            budget.note("header-eight-bit")
        if b"\0" in block:
            budget.note("header-nul")
        if block.count(b"\r") != block.count(b"\r\n"):
            budget.note("header-bare-cr")
        if any(len(self._values.get(name, ())) > 1 for name in _ONCE):
            budget.note("header-repeated-field")

    def first(self, name: bytes) -> bytes | None:
        """Return the topmost value of a field, unfolded; None if absent."""
        values = self._values.get(name)
        return unfold(values[0]) if values else None

    def every(self, name: bytes) -> list[bytes]:
        """Return all values of a field, unfolded, topmost first."""
        return [unfold(value) for value in self._values.get(name, ())]


def fields_of(block: bytes) -> list[tuple[bytes, bytes]]:
    """Return the fields of a header block in their order, with their values folded."""
    found: list[tuple[bytes, bytes]] = _FIELD.findall(block)
    return found[:MAX_FIELDS]


def read_header(buffer: Buffer, start: int, end: int, budget: Budget) -> Header:
    """Read the header block of `start` to `end`, at most 1 MiB of it."""
    if end - start > MAX_HEADER:
        budget.note("header-too-long")
        end = start + MAX_HEADER
    return Header(buffer[start:end], budget)


def unfold(value: bytes) -> bytes:
    """Return a field value on one line, without blanks around (RFC 5322 §2.2.3)."""
    if b"\n" in value:
        value = value.replace(b"\r\n", b"").replace(b"\n", b"")
    return value.strip(_BLANK)
