"""The directory as CSV (RFC 4180): a column for each field, a row for each object.

Spreadsheets take a cell that begins like a formula for one. Such a cell gets an
apostrophe in front when it is written, and so does one that begins with an
apostrophe, so that reading takes exactly one away and nothing else changes.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TextIO

from postwarden.wire.directory.rows import (
    FIELDS,
    LISTS,
    BadRow,
    Row,
    RowKind,
    UnreadableFile,
    Value,
)

KIND: Final = "kind"
COLUMNS: Final = (
    KIND,
    *dict.fromkeys(name for fields in FIELDS.values() for name in fields),
)
MAX_CELL: Final = 4 << 20  # characters; ten thousand members fit
MAX_LINE: Final = 8 << 20

_FORMULA: Final = re.compile(r"\s*['=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_ADDRESSES: Final = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^\s",])+')


def head(columns: Sequence[str] = COLUMNS) -> str:
    """Return the first row, which names the columns."""
    return _line(columns)


def format_row(row: Row, columns: Sequence[str] = COLUMNS) -> str:
    """Return the line of an object; a field without a column is left out."""
    cells = {name: _cell(value) for name, value in row.fields.items()}
    cells[KIND] = row.kind.value
    return _line([protected(cells.get(name, "")) for name in columns])


def protected(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unprotected(cell: str) -> str:
    """Return what `protected` was given."""
    return cell.removeprefix("'")


def read(stream: TextIO) -> Iterator[Row | BadRow]:
    """Read the rows of a stream opened with `newline=""`; raises UnreadableFile."""
    csv.field_size_limit(MAX_CELL)  # of the whole process; nothing else reads so much
    records = _records(csv.reader(_lines(stream), strict=True))
    _, first = next(records, (1, []))
    columns = _columns(first)
    for number, record in records:
        if isinstance(record, csv.Error):
            yield BadRow(number, f"not CSV: {record}")
        elif any(record):
            yield _row(number, columns, record)


def _lines(stream: TextIO) -> Iterator[str]:
    while line := stream.readline(MAX_LINE):
        if len(line) == MAX_LINE:
            raise UnreadableFile(f"a line has {MAX_LINE} characters at most")
        yield line


def _records(
    reader: Iterable[list[str]],
) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Yield numbered records; one that is no CSV comes as the error it raised."""
    lines = iter(reader)
    number = 1
    while True:
        try:
            record: list[str] | csv.Error = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            record = error
        yield number, record
        number += 1


def _columns(first: list[str] | csv.Error) -> list[str]:
    names = [] if isinstance(first, csv.Error) else [n.strip().lower() for n in first]
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise UnreadableFile(
            f"there is no column {unknown[0]!r}; there are {', '.join(COLUMNS)}", 1
        )
    if KIND not in names or len(set(names)) < len(names):
        raise UnreadableFile("the first row names the columns, `kind` and others", 1)
    return names


def _row(number: int, columns: Sequence[str], record: Sequence[str]) -> Row | BadRow:
    if len(record) > len(columns):
        return BadRow(number, "more cells than the first row has")
    try:
        "".join(record).encode()
    except UnicodeEncodeError:
        return BadRow(number, "not UTF-8")
    cells = dict(zip(columns, map(unprotected, record), strict=False))
    word = cells.pop(KIND).strip().lower()
    try:
        kind = RowKind(word)
    except ValueError:
        kinds = ", ".join(RowKind)
        return BadRow(number, f"kind is one of {kinds}; not {word[:40]!r}")
    allowed = FIELDS[kind]
    for name, cell in cells.items():
        if cell and name not in allowed:
            return BadRow(number, f"{kind} has no {name}; it has {', '.join(allowed)}")
    fields = {name: _value(name, cells[name]) for name in allowed if name in cells}
    return Row(number, kind, fields)


def _cell(value: Value) -> str:
    return value if isinstance(value, str) else " ".join(value)


def _value(name: str, cell: str) -> Value:
    return tuple(_ADDRESSES.findall(cell)) if name in LISTS else cell


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()
