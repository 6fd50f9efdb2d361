"""Rows of other systems' message tracking logs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from postwarden.model.tracking import LogRow


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvents:
    """A row as it was logged, and the ids of all its events, in their order."""

    fields: Mapping[str, str]
    events: Sequence[int]


class LogRows(Protocol):
    """What other systems' logs say, a row at a time; it goes with its last event."""

    def known(self, digests: Sequence[bytes]) -> set[bytes]:
        """Return which rows are there already."""
        ...

    def add(self, rows: Sequence[LogRow]) -> list[int]:
        """Store rows that are not there; return their ids."""
        ...

    def logged(self, rows: Sequence[int]) -> dict[int, LoggedEvents]:
        """Return rows by their ids; unknown ones are left out."""
        ...
