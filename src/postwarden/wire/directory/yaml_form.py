"""The directory as YAML: a list of mappings below the name of each kind.

Only the events of the safe loader are used, and each value is the text it is: that
a name is `no`, or a quota `12:30`, makes nothing else of it. Aliases, anchors, tags
and deep nesting are refused where they begin, so no file costs more than its size.
"""

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final

import yaml

from postwarden.wire.directory.rows import (
    FIELDS,
    LISTS,
    BadRow,
    Row,
    RowKind,
    UnreadableFile,
    Value,
)

VERSION: Final = "1"
SECTIONS: Final[Mapping[RowKind, str]] = {
    RowKind.DOMAIN: "domains",
    RowKind.DOMAIN_ALIAS: "domain_aliases",
    RowKind.ACCOUNT: "accounts",
    RowKind.ALIAS: "aliases",
    RowKind.GROUP: "groups",
    RowKind.LIST: "lists",
    RowKind.FORWARD: "forwards",
}
MAX_DEPTH: Final = 8  # mappings and lists inside each other; a file has four

_KINDS: Final = {section: kind for kind, section in SECTIONS.items()}
_NUMBERS: Final = frozenset(
    name for fields in FIELDS.values() for name in fields if "quota" in name
)
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DUMPER: Final = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_WIDE: Final = 1 << 20  # characters; no address is folded


def head() -> str:
    """Return what a file begins with."""
    return f"version: {VERSION}\n"


def section(kind: RowKind) -> str:
    """Return the line above the objects of a kind."""
    return f"{SECTIONS[kind]}:\n"


def format_row(row: Row) -> str:
    """Return the lines of an object."""
    fields = {name: _written(name, value) for name, value in row.fields.items()}
    lines: str = yaml.dump(
        [fields], Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=_WIDE
    )
    return lines


def _written(name: str, value: Value) -> object:
    if isinstance(value, tuple):
        return list(value)
    if name in _NUMBERS and value.isdecimal():
        return int(value)
    return value == "true" if name == "keep_copy" else value


def read(stream: BinaryIO) -> Iterator[Row | BadRow]:
    """Read the objects of a file; raises UnreadableFile."""
    try:
        yield from _Reading(stream).rows()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or getattr(error, "reason", "not YAML")
        raise UnreadableFile(str(reason), mark and mark.line + 1) from error


class _Reading:
    def __init__(self, stream: BinaryIO) -> None:
        # Its stubs have no types.
        self._events: Iterator[Any] = yaml.parse(stream, Loader=_LOADER)
        self._depth = 0

    def rows(self) -> Iterator[Row | BadRow]:
        self._next()  # of the stream
        beginning = self._next()
        if isinstance(beginning, yaml.StreamEndEvent):
            return
        root = self._next()
        if self._is_null(root):
            return
        if not isinstance(root, yaml.MappingStartEvent):
            raise UnreadableFile("the file is a mapping of kinds", _line(root))
        seen: set[str] = set()
        while not isinstance(key := self._next(), yaml.MappingEndEvent):
            name = key.value if isinstance(key, yaml.ScalarEvent) else ""
            if name in seen:
                raise UnreadableFile(f"{name!r} stands here twice", _line(key))
            seen.add(name)
            if name == "version":
                self._version(self._next())
            elif name in _KINDS:
                yield from self._section(_KINDS[name])
            else:
                known = ", ".join(("version", *_KINDS))
                raise UnreadableFile(f"{name[:40]!r} is none of {known}", _line(key))
        self._next()  # end of the document
        if not isinstance(after := self._next(), yaml.StreamEndEvent):
            raise UnreadableFile("a file is one document", _line(after))

    def _version(self, value: Any) -> None:
        if not isinstance(value, yaml.ScalarEvent) or value.value != VERSION:
            raise UnreadableFile(f"the version is {VERSION}", _line(value))

    def _section(self, kind: RowKind) -> Iterator[Row | BadRow]:
        value = self._next()
        if self._is_null(value):
            return
        if not isinstance(value, yaml.SequenceStartEvent):
            raise UnreadableFile(f"{SECTIONS[kind]} is a list", _line(value))
        while not isinstance(item := self._next(), yaml.SequenceEndEvent):
            if isinstance(item, yaml.MappingStartEvent):
                yield self._row(kind, _line(item))
            else:
                self._skip(item)
                yield BadRow(_line(item), f"{kind} is a mapping of fields")

    def _row(self, kind: RowKind, number: int) -> Row | BadRow:
        fields: dict[str, Value] = {}
        wrong: str | None = None
        while not isinstance(key := self._next(), yaml.MappingEndEvent):
            name = key.value if isinstance(key, yaml.ScalarEvent) else ""
            if not name:
                self._skip(key)
            value = self._value(name)
            if name not in FIELDS[kind]:
                known = ", ".join(FIELDS[kind])
                wrong = wrong or f"{kind} has no {name[:40]!r}; it has {known}"
            elif name in fields:
                wrong = wrong or f"{name} stands here twice"
            elif value is None:
                kept = "a list of addresses" if name in LISTS else "a text"
                wrong = wrong or f"{name} is {kept}"
            else:
                fields[name] = value
        return Row(number, kind, fields) if wrong is None else BadRow(number, wrong)

    def _value(self, name: str) -> Value | None:
        """Read a value; None for one that `name` cannot have."""
        value = self._next()
        if isinstance(value, yaml.ScalarEvent):
            text = "" if self._is_null(value) else value.value
            if name in LISTS:
                return (text,) if text else ()
            return str(text)
        if not isinstance(value, yaml.SequenceStartEvent):
            self._skip(value)
            return None
        items: list[str] | None = []
        while not isinstance(item := self._next(), yaml.SequenceEndEvent):
            if items is not None and isinstance(item, yaml.ScalarEvent):
                items.append(item.value)
            else:
                items = None
                self._skip(item)
        return tuple(items) if items is not None and name in LISTS else None

    def _skip(self, event: Any) -> None:
        """Read on to the end of a value that is not wanted."""
        if not isinstance(event, yaml.CollectionStartEvent):
            return
        outside = self._depth - 1
        while self._depth > outside:
            self._next()

    def _is_null(self, event: Any) -> bool:
        return (
            isinstance(event, yaml.ScalarEvent)
            and event.implicit[0]
            and event.value in _NULLS
        )

    def _next(self) -> Any:
        event = next(self._events)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise UnreadableFile("anchors and aliases are not read", _line(event))
        if getattr(event, "tag", None) is not None:
            raise UnreadableFile(f"tags are not read: {event.tag[:40]}", _line(event))
        if isinstance(event, yaml.CollectionStartEvent):
            self._depth += 1
            if self._depth > MAX_DEPTH:
                raise UnreadableFile("too many levels", _line(event))
        elif isinstance(event, yaml.CollectionEndEvent):
            self._depth -= 1
        return event


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
