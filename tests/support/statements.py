"""Counts the SQL statements that a store runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from postwarden.adapters.sql.connection import Connection


class Statements:
    """How many prepared statements have run since the last `taken`."""

    def __init__(self) -> None:
        self._count = 0

    def add(self) -> None:
        self._count += 1

    def taken(self) -> int:
        """Return the count and begin anew."""
        count, self._count = self._count, 0
        return count


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    """Count the prepared statements of every connection; memory has none."""
    statements = Statements()
    with monkeypatch.context() as patched:
        for name in ("rows", "one", "run_many"):
            patched.setattr(
                Connection, name, _counting(getattr(Connection, name), statements)
            )
        yield statements


def _counting(method: Any, statements: Statements) -> Any:
    def run(*args: Any, **values: Any) -> Any:
        statements.add()
        return method(*args, **values)

    return run
