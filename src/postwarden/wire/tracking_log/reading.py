"""Reading a message tracking log, row by row; what cannot be read has a reason."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from postwarden.wire.tracking_log.rows import (
    EVENTS,
    MAX_LINE,
    MAX_RECIPIENTS,
    Row,
    time_of,
)

_TYPE: Final = "message tracking log"
_BOM: Final = b"\xef\xbb\xbf"
_MAX_FIELDS: Final = 100
_MAX_LINES: Final = 10  # of one row: a quoted subject may have line ends
_MAX_SHOWN: Final = 40  # characters of a bad value
_FIELD: Final = re.compile(r'"((?:[^"]|"")*+)"|([^,]*+)')


@dataclass(frozen=True, slots=True)
class BadRow:
    """What cannot be read, from the line `number`, counted from 1, and why."""

    number: int
    reason: str


class _Bad(Exception):
    """A line that is no row."""


class _Unfinished(Exception):
    """A row whose quotation goes on in the next line."""


def read_rows(lines: Iterable[bytes]) -> Iterator[Row | BadRow]:
    """Yield the rows of a log and, in their places, reasons for what is none.

    Takes lines with their ends; a line longer than MAX_LINE may come in pieces.
    Header lines may come again anywhere, and change the order of the fields.
    """
    return _Reader(lines).rows()


class _Reader:
    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = _numbered(lines)
        self._again: deque[tuple[int, bytes]] = deque()
        self._fields: Sequence[str] = ()
        self._is_passed_over = False  # until the next header that we can read

    def rows(self) -> Iterator[Row | BadRow]:
        while (taken := self._take()) is not None:
            number, line = taken
            try:
                found = self._row(number, line)
            except _Bad as error:
                yield BadRow(number, str(error))
            else:
                if found is not None:
                    yield found

    def _take(self) -> tuple[int, bytes] | None:
        return self._again.popleft() if self._again else next(self._lines, None)

    def _row(self, number: int, line: bytes) -> Row | None:
        if line.startswith(b"#"):
            self._header(_text(line))
            return None
        if not line.strip() or self._is_passed_over:
            return None
        if len(line) > MAX_LINE:
            raise _Bad(f"longer than {MAX_LINE} octets")
        if not self._fields:
            raise _Bad("no #Fields line before it says what it has")
        return _row_of(number, self._fields, self._values(line))

    def _header(self, text: str) -> None:
        name, _, value = text[1:].partition(":")
        value = value.strip()
        if name.lower() == "log-type":
            self._is_passed_over = value.lower() != _TYPE
            if self._is_passed_over:
                raise _Bad(f"a {_shown(value)} follows, which is no {_TYPE}")
        elif name.lower() == "fields" and not self._is_passed_over:
            self._fields = [each.strip().lower() for each in value.split(",")]
            problem = _problem(self._fields)
            if problem:
                self._fields = ()
                raise _Bad(problem)

    def _values(self, line: bytes) -> list[str]:
        """Return the values of a row, which may go on in lines that follow."""
        whole, more = line, list[tuple[int, bytes]]()
        try:
            while True:
                try:
                    return _split(_text(whole))
                except _Unfinished as error:
                    following = self._take() if len(more) < _MAX_LINES else None
                    if following is None:
                        raise _Bad("a quotation does not end") from error
                    more.append(following)
                    whole += following[1]
                    if len(whole) > MAX_LINE:
                        raise _Bad("a quotation does not end") from error
        except _Bad:
            self._again.extendleft(reversed(more))  # they may be rows of their own
            raise


def _numbered(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield lines with their numbers, without what exceeds MAX_LINE by far."""
    number, begun = 1, b""
    for piece in lines:
        if len(begun) <= MAX_LINE:
            begun += piece
        if piece.endswith(b"\n"):
            yield number, begun.removeprefix(_BOM)
            number, begun = number + 1, b""
    if begun:
        yield number, begun.removeprefix(_BOM)


def _text(line: bytes) -> str:
    return line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8", "replace")


def _split(text: str) -> list[str]:
    values: list[str] = []
    place = 0
    while True:
        found = _FIELD.match(text, place)
        quoted, plain = found.groups() if found else (None, "")
        if quoted is None and plain.startswith('"'):
            raise _Unfinished
        values.append(plain if quoted is None else quoted.replace('""', '"'))
        place = found.end() if found else place
        if place == len(text):
            return values
        if text[place] != ",":
            raise _Bad("something stands behind a closing quote")
        if len(values) > _MAX_FIELDS:
            raise _Bad(f"more than {_MAX_FIELDS} fields")
        place += 1


def _problem(fields: Sequence[str]) -> str | None:
    if len(fields) > _MAX_FIELDS:
        return f"#Fields names more than {_MAX_FIELDS}"
    if len(set(fields)) < len(fields):
        return "#Fields names a field twice"
    missing = [name for name in ("date-time", "event-id") if name not in fields]
    return f"#Fields lacks {' and '.join(missing)}" if missing else None


def _row_of(number: int, names: Sequence[str], values: Sequence[str]) -> Row:
    if len(values) != len(names):
        raise _Bad(f"{len(values)} fields where #Fields names {len(names)}")
    fields = {name: value for name, value in zip(names, values, strict=True) if value}
    time = time_of(fields.get("date-time", ""))
    if time is None:
        raise _Bad(f"date-time {_shown(fields.get('date-time', ''))} is no time")
    row = Row(number, time, fields)
    if row.event not in EVENTS:
        raise _Bad(f"event-id {_shown(row.event)} is none of Exchange's")
    if max(len(row.recipients), len(row.related)) > MAX_RECIPIENTS:
        raise _Bad(f"more than {MAX_RECIPIENTS} recipients")
    if any("\0" in value for value in values):
        raise _Bad("it has a NUL, which no log has")
    return row


def _shown(value: str) -> str:
    return repr(value if len(value) <= _MAX_SHOWN else f"{value[:_MAX_SHOWN]}...")
