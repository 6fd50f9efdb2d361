"""The mbox format: mails one behind another in one file (RFC 4155).

A mail begins behind a separator line, `From SENDER DATE`. What we read is kept as
it stands in the file. What we write is quoted as mboxrd does (one more `>` before
every `>*From ` line), and the sender of our separator lines is the SHA-256 of the
mail, so that reading our own files gives back the very octets.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from typing import Final

from postwarden.wire.mime.dates import parse_date

MAX_LINE: Final = 1000  # octets of a separator line
_FROM: Final = b"From "
_MAX_DATES: Final = 4  # a sender may be called Sun
_WEEKDAY: Final = re.compile(rb"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b")
_FIELD: Final = re.compile(rb"[!-9;-~]++[ \t]*+:")
_OURS: Final = re.compile(rb"From ([0-9a-f]{64})@sha256\.invalid ")
_TO_QUOTE: Final = re.compile(rb"^(>*+From )", re.MULTILINE)
_QUOTED: Final = re.compile(rb"^>(>*+From )", re.MULTILINE)
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


class NotAnMbox(ValueError):
    """The file does not begin with a separator line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MboxItem:
    """What stands between two separator lines.

    `number` counts from 1. `date` is that of the separator line, UTC unless it
    says otherwise (RFC 4155, appendix A). `content` is None, and `size` only what
    it would have been, when it is larger than the splitter may hold. `is_exact`
    says that these are the octets that we once wrote, to the last one.
    """

    number: int
    date: datetime | None
    content: bytes | None
    size: int
    is_exact: bool = False


def separator_date(line: bytes) -> datetime | None:
    """Return the date of a full separator line, None for any other line."""
    if not line.startswith(_FROM) or len(line) > MAX_LINE:
        return None
    for weekday in islice(_WEEKDAY.finditer(line, len(_FROM)), _MAX_DATES):
        date = parse_date(line[weekday.start() :])
        if date is not None:
            return date
    return None


def without_separator(content: bytes) -> bytes:
    """Return a mail file without the `From ` line that it may begin with."""
    if not content.startswith(_FROM):
        return content
    return content.partition(b"\n")[2]


class MboxSplitter:
    """Cuts a file that comes in pieces; holds one item of at most `max_size` octets.

    A line separates when it is a full separator line behind an empty line, or at
    least before a header field: some programs leave the empty line out.
    """

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._buffer = bytearray()
        self._searched = 0  # no separator begins before this
        self._separator = b""
        self._number = 0
        self._dropped = 0  # octets of an item that is too large

    def feed(self, piece: bytes) -> Iterator[MboxItem]:
        """Yield the items that end within `piece`; raises NotAnMbox."""
        self._buffer += piece
        yield from self._cut(last=False)

    def finish(self) -> Iterator[MboxItem]:
        """Yield what is left at the end of the file; raises NotAnMbox."""
        yield from self._cut(last=True)
        if self._number:
            yield self._item(len(self._buffer))

    def _cut(self, *, last: bool) -> Iterator[MboxItem]:
        if not self._number and not self._begin(last=last):
            return
        begin = 0
        while (start := self._next(begin, last=last)) is not None:
            yield self._item(start, begin)
            begin = self._take_separator(start)
        del self._buffer[:begin]
        self._searched = max(0, self._searched - begin)
        self._shed()

    def _begin(self, *, last: bool) -> bool:
        """Take the first separator line; empty lines may stand before it."""
        blank = len(self._buffer) - len(self._buffer.lstrip(b"\r\n"))
        del self._buffer[:blank]
        seen = _FROM if last else _FROM[: len(self._buffer)]
        if self._buffer and not self._buffer.startswith(seen):
            raise NotAnMbox("it does not begin with a `From ` line")
        if b"\n" not in self._buffer and not last:
            if len(self._buffer) > MAX_LINE:
                raise NotAnMbox("its first line is no `From ` line")
            return False
        if self._buffer:
            del self._buffer[: self._take_separator(0)]
            self._searched = 0
        return self._number > 0

    def _take_separator(self, start: int) -> int:
        """Start an item behind the separator line at `start`; return where."""
        end = self._buffer.find(b"\n", start)
        end = len(self._buffer) if end == -1 else end + 1
        self._separator = bytes(self._buffer[start:end])
        self._number += 1
        self._dropped = 0
        self._searched = end
        return end

    def _next(self, begin: int, *, last: bool) -> int | None:
        """Return where the next separator line starts, None if none is in sight."""
        buffer = self._buffer
        while True:
            start = self._line_start(begin)
            if start is None:
                self._searched = max(begin, self._searched, len(buffer) - len(_FROM))
                return None
            verdict = self._separates(begin, start, last=last)
            if verdict is None:
                self._searched = start
                return None
            if verdict:
                return start
            self._searched = start + 1

    def _line_start(self, begin: int) -> int | None:
        """Return the next start of a line that begins with `From `."""
        at = max(self._searched, begin)
        if at == begin and not self._dropped and self._buffer.startswith(_FROM, at):
            return at
        at = self._buffer.find(b"\n" + _FROM, max(begin, at - 1))
        return None if at == -1 else at + 1

    def _separates(self, begin: int, start: int, *, last: bool) -> bool | None:
        """Tell whether the line at `start` separates; None: too early to tell."""
        buffer = self._buffer
        end = buffer.find(b"\n", start, start + MAX_LINE)
        if end == -1:
            end = len(buffer)
            if end - start < MAX_LINE and not last:
                return None
        if separator_date(bytes(buffer[start : end + 1])) is None:
            return False
        if start == begin or _ends_empty(buffer, begin, start):
            return True
        following = buffer.find(b":", end + 1, end + 1 + MAX_LINE)
        if following == -1 and len(buffer) - end <= MAX_LINE and not last:
            return None
        return _FIELD.match(buffer, end + 1) is not None

    def _item(self, end: int, begin: int = 0) -> MboxItem:
        """Return the item before `end`; the empty line that closes it is not its."""
        buffer = self._buffer
        closing = _empty_line(buffer, begin, end)
        size = self._dropped + end - closing - begin
        date = separator_date(self._separator)
        if size > self._max_size or self._dropped:
            return MboxItem(number=self._number, date=date, content=None, size=size)
        content = bytes(buffer[begin : end - closing])
        written = _as_written(self._separator, content)
        content = content if written is None else written
        return MboxItem(
            number=self._number,
            date=date,
            content=content,
            size=len(content),
            is_exact=written is not None,
        )

    def _shed(self) -> None:
        """Forget what is too large, but for what tells where it ends."""
        keep = 3 * MAX_LINE  # two lines that are looked at, and what is before them
        if len(self._buffer) <= self._max_size + keep and not self._dropped:
            return
        excess = len(self._buffer) - keep
        if excess > 0:
            del self._buffer[:excess]
            self._dropped += excess
            self._searched -= excess


def _ends_empty(buffer: bytearray, begin: int, end: int) -> bool:
    """Tell whether an empty line, and no line's end alone, stands before `end`."""
    return _empty_line(buffer, begin, end) > 0


def _empty_line(buffer: bytearray, begin: int, end: int) -> int:
    """Return the length of the empty line before `end`, 0 if there is none."""
    for line in (b"\r\n", b"\n"):
        if buffer.endswith(line, begin, end):
            before = end - len(line)
            if before == begin or buffer[before - 1] == 0x0A:
                return len(line)
            return 0
    return 0


def _as_written(separator: bytes, content: bytes) -> bytes | None:
    """Return the octets that an item of ours was made of; None for any other."""
    ours = _OURS.match(separator)
    if ours is None:
        return None
    digest = bytes.fromhex(ours[1].decode())
    for written in (content, content.removesuffix(b"\n")):
        stored = _QUOTED.sub(rb"\1", written)
        if sha256(stored).digest() == digest:
            return stored
    return None


def format_item(content: bytes, digest: bytes, date: datetime) -> bytes:
    """Return a mail as it stands in an mbox file, separator line and all.

    `digest` is the SHA-256 of `content`.
    """
    end = b"\n" if content.endswith(b"\n") else b"\n\n"
    line = f"From {digest.hex()}@sha256.invalid {_asctime(date)}\n"
    return line.encode() + _TO_QUOTE.sub(rb">\1", content) + end


def _asctime(date: datetime) -> str:
    """Return a date as separator lines have it, whatever the locale."""
    utc = date.astimezone(UTC)
    return (
        f"{_DAYS[utc.weekday()]} {_MONTHS[utc.month - 1]} {utc.day:2} "
        f"{utc:%H:%M:%S} {utc.year:04}"
    )
