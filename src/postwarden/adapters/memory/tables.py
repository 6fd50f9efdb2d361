"""Tables of frozen values that a transaction copies when it first writes them.

They refuse what a database refuses (a repeated key, a time without zone, half a
surrogate pair, an integer beyond 64 bits), so that nothing passes here that would
fail there.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar


class Ordered(Protocol):
    """What keys are: hashable and with an order."""

    def __lt__(self, other: Any, /) -> bool: ...


K = TypeVar("K", bound=Ordered)
V = TypeVar("V")

_LARGEST = 2**63 - 1


class ConstraintError(Exception):
    """A row breaks a constraint that its writer should have kept: a bug."""


class ReadOnlyError(Exception):
    """A write where only reading is allowed: a bug."""


class Table(Generic[K, V]):
    """Rows by key; a fork shares them until one of the two writes."""

    __slots__ = ("_last_id", "_owned", "_rows", "_writable")

    def __init__(
        self,
        rows: dict[K, V] | None = None,
        last_id: int = 0,
        *,
        writable: bool = False,
    ) -> None:
        self._rows = rows or {}
        self._last_id = last_id
        self._owned = False
        self._writable = writable

    def fork(self, *, writable: bool) -> "Table[K, V]":
        return Table(self._rows, self._last_id, writable=writable)

    @property
    def is_changed(self) -> bool:
        """Whether anything was written since the fork."""
        return self._owned

    def seal(self) -> None:
        """Allow no more writes: the rows are shared from now on."""
        self._owned = self._writable = False

    def get(self, key: K) -> V | None:
        return self._rows.get(key)

    def __contains__(self, key: K) -> bool:
        return key in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[V]:
        """Yield the rows as they were inserted: by id, where ids are the keys."""
        return iter(tuple(self._rows.values()))

    def items(self) -> list[tuple[K, V]]:
        return list(self._rows.items())

    def behind(self, after: K, limit: int) -> list[V]:
        """Return the first rows in order of their keys, those behind `after`."""
        keys = sorted(key for key in self._rows if after < key)
        return [self._rows[key] for key in keys[:limit]]

    def among(self, first: K, last: K) -> list[V]:
        """Return the rows with keys from `first` to before `last`, in order."""
        keys = sorted(k for k in self._rows if not k < first and k < last)
        return [self._rows[key] for key in keys]

    def new_id(self) -> int:
        """Return an id that was never given before, unless that was rolled back."""
        self._own()
        self._last_id += 1
        return self._last_id

    def insert(self, key: K, row: V) -> None:
        if key in self._own():
            raise ConstraintError(f"{key} is there already")
        self._rows[key] = stored(row)

    def put(self, key: K, row: V) -> None:
        """Replace the row of a key."""
        self._own()[key] = stored(row)

    def remove(self, key: K) -> None:
        self._own().pop(key, None)

    def _own(self) -> dict[K, V]:
        if not self._writable:
            raise ReadOnlyError("this transaction does not write")
        if not self._owned:
            self._rows, self._owned = dict(self._rows), True
        return self._rows


def stored(value: Any) -> Any:
    """Return a value as a database gives it back: times in UTC.

    Raises TypeError, UnicodeError or OverflowError for what none would take.
    """
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TypeError("a time without zone")
        return value.astimezone(UTC)
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, int):
        if not -_LARGEST - 1 <= value <= _LARGEST:
            raise OverflowError("an integer beyond 64 bits")
    elif isinstance(value, tuple):
        return tuple(map(stored, value))
    elif is_dataclass(value) and not isinstance(value, type):
        return _stored_fields(value)
    return value


def _stored_fields(row: Any) -> Any:
    kept = {each.name: getattr(row, each.name) for each in fields(row)}
    new = {name: stored(value) for name, value in kept.items()}
    changed = {name: new[name] for name in kept if new[name] is not kept[name]}
    return replace(row, **changed) if changed else row


def as_json(value: Mapping[str, object]) -> Mapping[str, object]:
    """Return what comes back of a mapping once it was written as JSON."""
    read: Mapping[str, object] = json.loads(json.dumps(dict(value), sort_keys=True))
    return read
