"""Full text in a SQLite file of its own: FTS5 without content.

The words come ready-made from `model.queries.words`; FTS5's `ascii` tokenizer
then only splits at blanks, since it takes every other character that words
have as part of a token. So index and scan agree to the letter. The file can be
rebuilt from the messages at any time, which is why it need not be durable.
"""

import asyncio
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import apsw

from postwarden.adapters.group_commit import translated
from postwarden.model.messages import SearchText

_SCHEMA = """
CREATE VIRTUAL TABLE IF NOT EXISTS texts USING fts5(
  subject, body, author, header_to, cc, filenames,
  content='', contentless_delete=1, tokenize='ascii', detail='full'
);
CREATE TABLE IF NOT EXISTS progress (up_to INTEGER NOT NULL);
INSERT INTO progress SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM progress);
"""


def _connect(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(20_000)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def prepare(path: Path) -> None:
    """Make the search file where it is not there."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = _connect(path)
    try:
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables == (0,):
            with connection:
                connection.execute(_SCHEMA)
    finally:
        connection.close()


class SqliteSearchIndex:
    """The writing side of full text; queries reach it through ATTACH."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._search = store.with_name("search.db")
        self._lock = threading.Lock()
        self._connection: apsw.Connection | None = None

    async def pending(self, limit: int) -> list[tuple[int, bytes]]:
        """See `services.ports.SearchIndex.pending`."""
        return await asyncio.to_thread(self._pending, limit)

    async def lag(self) -> int:
        """See `services.ports.SearchIndex.lag`."""
        return await asyncio.to_thread(self._lag)

    async def add(self, texts: Sequence[SearchText], up_to: int) -> None:
        """See `services.ports.SearchIndex.add`."""
        await asyncio.to_thread(self._add, texts, up_to)

    @contextmanager
    def _opened(self) -> Iterator[apsw.Connection]:
        with self._lock, translated():
            if self._connection is None:
                connection = _connect(self._search)
                connection.execute("ATTACH DATABASE ? AS store", (str(self._store),))
                self._connection = connection
            yield self._connection

    def _pending(self, limit: int) -> list[tuple[int, bytes]]:
        with self._opened() as connection:
            return list(
                connection.execute(
                    "SELECT id, sha256 FROM store.messages"
                    " WHERE id > (SELECT up_to FROM progress) AND tombstone = 0"
                    " ORDER BY id LIMIT ?",
                    (limit,),
                )
            )

    def _lag(self) -> int:
        with self._opened() as connection:
            rows = connection.execute(
                "SELECT count(*) FROM store.messages"
                " WHERE id > (SELECT up_to FROM progress) AND tombstone = 0"
            )
            return int(next(iter(rows))[0])

    def _add(self, texts: Sequence[SearchText], up_to: int) -> None:
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                (done,) = next(connection.execute("SELECT up_to FROM progress"))
                connection.executemany(
                    "INSERT INTO texts"
                    "(rowid, subject, body, author, header_to, cc, filenames)"
                    " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE NOT EXISTS"
                    " (SELECT 1 FROM store.messages WHERE id = ?1 AND tombstone != 0)",
                    # Another process may have been here first.
                    (_row(text) for text in texts if text.message > done),
                )
                connection.execute(
                    "UPDATE progress SET up_to = max(up_to, ?)", (up_to,)
                )
                connection.execute("COMMIT")
            except BaseException:
                # A full disk ends the transaction by itself.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    async def remove(self, messages: Sequence[int]) -> None:
        """See `services.ports.SearchIndex.remove`."""
        await asyncio.to_thread(self._remove, messages)

    def _remove(self, messages: Sequence[int]) -> None:
        with self._opened() as connection, connection:
            connection.executemany(
                "DELETE FROM texts WHERE rowid = ?", ((each,) for each in messages)
            )

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


def _row(text: SearchText) -> tuple[object, ...]:
    return (
        text.message,
        text.subject,
        text.body,
        text.author,
        text.header_to,
        text.cc,
        text.filenames,
    )
