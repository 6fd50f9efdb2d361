"""What repositories ask of a connection, whatever the engine."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from postwarden.adapters.sql.statements import Prepared, Row, Values


class ConstraintViolation(Exception):
    """A statement would have broken a constraint of the schema; it did nothing."""


class Connection(Protocol):
    """A connection inside a transaction; it runs prepared statements."""

    def rows(self, statement: Prepared, **values: Any) -> Iterator[Row]:
        """Run a statement and yield its rows."""
        ...

    def one(self, statement: Prepared, **values: Any) -> Row | None:
        """Run a statement and return its first row."""
        ...

    def run(self, statement: Prepared, **values: Any) -> int:
        """Run a statement that answers nothing; return how many rows it changed."""
        ...

    def run_many(self, statement: Prepared, values: Iterable[Values]) -> None:
        """Run a statement that answers nothing with each of some thousand values."""
        ...

    def add_many(self, statement: Prepared, values: Sequence[Values]) -> list[int]:
        """Insert some thousand rows; return the ids that they were given, in order."""
        ...

    def constrained(self) -> AbstractContextManager[None]:
        """Run what may break a constraint: the transaction goes on after it.

        Raises ConstraintViolation, and nothing of the block is done then.
        """
        ...
