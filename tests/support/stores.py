"""Stores to test with: every adapter opened the same way."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import apsw
import psycopg

from postwarden.adapters.memory import content, facts, tables
from postwarden.adapters.memory.store import MemoryStore
from postwarden.adapters.sql.fulltext import SqliteSearchIndex
from postwarden.adapters.sql.postgres.fulltext import PostgresSearchIndex
from postwarden.adapters.sql.postgres.store import PostgresStore
from postwarden.adapters.sql.sqlite import SqliteStore
from postwarden.services.ports import SearchIndex, Store
from tests.support import postgres
from tests.support.factories import Clock

ADAPTERS: Final = (
    "memory",
    "sqlite",
    *(["postgresql"] if postgres.find_programs() else []),
)

# What each adapter raises where the caller has a bug.
BROKEN_CONSTRAINT: Final = (
    tables.ConstraintError,
    apsw.ConstraintError,
    psycopg.IntegrityError,
)
READ_ONLY: Final = (
    tables.ReadOnlyError,
    apsw.ReadOnlyError,
    psycopg.errors.ReadOnlySqlTransaction,
)
TOO_LARGE: Final = OverflowError, psycopg.errors.NumericValueOutOfRange
NO_FULL_TEXT: Final = (facts.NoFullText, apsw.SQLError)


@dataclass(frozen=True, slots=True)
class Adapter:
    """A store with its full text."""

    store: Store
    index: SearchIndex
    close: Callable[[], None]


def make_sqlite(folder: Path) -> Path:
    """Make an empty store in `folder`, to copy: its migration takes a while."""
    SqliteStore(folder / "postwarden.db").close()
    return folder


@contextmanager
def opened(
    name: str, folder: Path, clock: Clock, empty_sqlite: Path
) -> Iterator[Adapter]:
    """Open an empty store of the adapter called `name`, in a new `folder`."""
    if name == "memory":
        adapter = _memory(clock)
    elif name == "postgresql":
        with postgres.database() as url:
            adapter = _postgresql(url, clock)
            try:
                yield adapter
            finally:
                adapter.close()
        return
    else:
        shutil.copytree(empty_sqlite, folder)
        adapter = _sqlite(folder / "postwarden.db", clock)
    try:
        yield adapter
    finally:
        adapter.close()


def _memory(clock: Clock) -> Adapter:
    store = MemoryStore(clock=clock)
    return Adapter(store, content.MemorySearchIndex(store), lambda: None)


def _postgresql(url: str, clock: Clock) -> Adapter:
    store, index = PostgresStore(url, clock=clock), PostgresSearchIndex(url)

    def close() -> None:
        index.close()
        store.close()

    return Adapter(store, index, close)


def _sqlite(path: Path, clock: Clock) -> Adapter:
    store, index = SqliteStore(path, clock=clock), SqliteSearchIndex(path)

    def close() -> None:
        index.close()
        store.close()

    return Adapter(store, index, close)
