"""One SQLite connection that runs prepared statements."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from postwarden.adapters.sql.connection import ConstraintViolation
from postwarden.adapters.sql.statements import SQLITE, Prepared, Row, Values

BUSY_TIMEOUT = 20_000  # milliseconds another process may keep the write lock
_CACHE = -16_384  # KiB of pages, per connection
_CHECKPOINT = 4000  # pages of log after which they are written in place


class SqliteConnection:
    """See `connection.Connection`; `execute` takes SQL text, of ours alone."""

    def __init__(self, path: Path, search: Path | None) -> None:
        """Open `path`; with `search`, to read only, full text included.

        The writer has no full text: BEGIN IMMEDIATE would lock that file too.
        """
        flags = apsw.SQLITE_OPEN_READWRITE
        self._raw = apsw.Connection(str(path), flags=flags)
        self._raw.set_busy_timeout(BUSY_TIMEOUT)
        for pragma in (
            "foreign_keys = ON",
            # An acknowledged message survives power loss: docs/decisions/0002.
            "synchronous = FULL",
            "trusted_schema = OFF",
            f"cache_size = {_CACHE}",
            f"wal_autocheckpoint = {_CHECKPOINT}",
            "temp_store = MEMORY",
        ):
            self._raw.execute(f"PRAGMA {pragma}")
        if search is not None:
            self._raw.execute("ATTACH DATABASE ? AS search", (str(search),))
            self._raw.execute("PRAGMA search.cache_size = -4096")
            self._raw.execute("PRAGMA query_only = ON")

    def execute(self, sql: str, values: Values | None = None) -> Iterator[Row]:
        return self._raw.execute(sql, values)

    def rows(self, statement: Prepared, **values: Any) -> Iterator[Row]:
        sql, fixed = statement.compiled(SQLITE)
        return self._raw.execute(sql, {**fixed, **values} if fixed else values)

    def one(self, statement: Prepared, **values: Any) -> Row | None:
        sql, fixed = statement.compiled(SQLITE)
        cursor = self._raw.execute(sql, {**fixed, **values} if fixed else values)
        for row in cursor:
            cursor.close(force=True)
            return row  # type: ignore[no-any-return]  # apsw types rows as Any
        return None

    def run(self, statement: Prepared, **values: Any) -> int:
        """Run a statement that answers nothing; return how many rows it changed."""
        self.one(statement, **values)
        return self._raw.changes()

    def run_many(self, statement: Prepared, values: Iterable[Values]) -> None:
        """Run a statement that answers nothing with each of some thousand values."""
        rows = list(values)
        if not rows:  # what most mails have none of
            return
        sql, fixed = statement.compiled(SQLITE)
        if fixed:
            rows = [{**fixed, **each} for each in rows]
        self._raw.executemany(sql, rows)

    def add_many(self, statement: Prepared, values: Sequence[Values]) -> list[int]:
        sql, fixed = statement.compiled(SQLITE)
        ids = []
        for each in values:
            self._raw.execute(sql, {**fixed, **each} if fixed else each)
            ids.append(self._raw.last_insert_rowid())
        return ids

    @contextmanager
    def constrained(self) -> Iterator[None]:
        # A statement that fails is undone by itself, and blocks are of one statement.
        try:
            yield
        except apsw.ConstraintError as error:
            raise ConstraintViolation(str(error)) from error

    @property
    def total_changes(self) -> int:
        """How many rows this connection has written so far."""
        return self._raw.total_changes()

    @property
    def in_transaction(self) -> bool:
        return self._raw.in_transaction

    def close(self) -> None:
        self._raw.close()
