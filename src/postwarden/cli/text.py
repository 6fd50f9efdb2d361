"""Results as text for people: fields, tables, and nothing a terminal obeys."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

_WIDEST = 60  # characters a column is given at most
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


def plain(value: object) -> object:
    """Return what JSON has no word for as something it has.

    Times become RFC 3339 in UTC, octets hexadecimal, all else its text.
    """
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return list(value)
    return str(value)


def visible(string: str) -> str:
    """Return `string` with every character that does not print written out."""
    if string.isprintable():
        return string
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode()
        for c in string
    )


def cell(value: object, name: str = "") -> str:
    """Return one value as people read it; `name` tells sizes from numbers."""
    match value:
        case None | "":
            shown = "-"
        case bool():
            shown = "yes" if value else "no"
        case int() if name.endswith("octets") or name == "size":
            shown = size(value)
        case datetime():
            shown = f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"
        case list() | tuple():
            shown = ", ".join(cell(each) for each in value) or "-"
        case dict():
            shown = ", ".join(f"{key}={cell(each, key)}" for key, each in value.items())
        case _:
            shown = visible(str(value if isinstance(value, str) else plain(value)))
    return shown


def size(octets: int) -> str:
    """Return a size in the unit that leaves the fewest digits."""
    number = float(octets)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(number) < 1024:
            return f"{number:.3g} {unit}" if number < 1000 else f"{number:.0f} {unit}"
        number /= 1024
    return f"{number:.1f} TiB"


def fields(result: Mapping[str, object]) -> Iterator[str]:
    """Yield one line per field; a list of things becomes a table behind them."""
    width = max((len(name) for name in result), default=0)
    tables = []
    for name, value in result.items():
        if isinstance(value, list) and value and isinstance(value[0], Mapping):
            tables.append(value)
        else:
            yield f"{_title(name):<{width}}  {cell(value, name)}"
    for rows in tables:
        yield ""
        yield from Table(list(rows[0])).lines(rows, coloured=False)


def changes(rehearsed: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """Yield what a dry run would have done, and each field before and after."""
    for change in rehearsed:
        yield visible(f"would {change['action']}: {change['object']}")
        before, after = change["before"], change["after"]
        old = before if isinstance(before, Mapping) else {}
        new = after if isinstance(after, Mapping) else {}
        for name in dict.fromkeys([*old, *new]):
            yield f"  {_title(name)}: {cell(old.get(name), name)} -> " + cell(
                new.get(name), name
            )


class Table:
    """A table that is written batch by batch; the first one sets the widths."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = columns
        self._widths: list[int] = []

    def lines(
        self, batch: Iterable[Mapping[str, object]], *, coloured: bool
    ) -> list[str]:
        rows = [[cell(row.get(c), c) for c in self._columns] for row in batch]
        if not rows or self._widths:
            return [self._line(row) for row in rows]
        titles = [_title(column) for column in self._columns]
        self._widths = [
            min(_WIDEST, max(map(len, column)))
            for column in zip(titles, *rows, strict=True)
        ]
        head = self._line(titles)
        head = f"{_BOLD}{head}{_PLAIN}" if coloured else head
        return [head, *map(self._line, rows)]

    def _line(self, cells: Sequence[str]) -> str:
        padded = [f"{c:<{w}}" for c, w in zip(cells, self._widths, strict=True)]
        return "  ".join(padded).rstrip()


def _title(name: str) -> str:
    return name.replace("_", " ")
