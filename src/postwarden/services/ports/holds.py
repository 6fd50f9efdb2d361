"""Holds and the copies that they mark."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from postwarden.model.holds import HeldAccount, HeldCopies, Hold


class Holds(Protocol):
    """Holds with their marks: a mark is a copy that may not be destroyed."""

    def add(self, hold: Hold) -> Hold: ...

    def get(self, hold: int) -> Hold:
        """Raise NotFound for an unknown id."""
        ...

    def replace(self, hold: Hold) -> None:
        """Write state and release; nothing else of a hold changes.

        Raises NotFound for an unknown id.
        """
        ...

    def page(self, *, after: int = 0, limit: int) -> list[Hold]: ...

    def in_force(self) -> list[Hold]:
        """Return the holds that mark what arrives: placing and active ones."""
        ...

    def unfinished(self, *, after: int = 0, limit: int) -> list[Hold]:
        """Return holds that are placing or releasing, those behind the id `after`."""
        ...

    def mark(self, hold: int, copies: Sequence[int]) -> list[int]:
        """Mark copies that exist; return those that the hold had not marked."""
        ...

    def unmark(self, hold: int, copies: Sequence[int]) -> None: ...

    def recount(self, copies: Sequence[int]) -> None:
        """Count the marks on copies anew, where `Copy.held` says something else."""
        ...

    def marked(self, hold: int, *, after: int = 0, limit: int) -> list[int]:
        """Return ids of marked copies behind the id `after`, ascending."""
        ...

    def of(self, copies: Sequence[int]) -> Mapping[int, tuple[int, ...]]:
        """Return the holds that mark each copy, those of none left out."""
        ...

    def extent(self, hold: int) -> HeldCopies:
        """Count what a hold marks."""
        ...

    def extent_by_account(
        self, hold: int, *, after: int = 0, limit: int
    ) -> list[HeldAccount]:
        """Count by account, in order of account ids, those behind `after`."""
        ...
