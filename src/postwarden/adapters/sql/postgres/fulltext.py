"""Full text in PostgreSQL: lexemes with positions, under one GIN index.

The words come ready-made from `model.queries.words`, so no dictionary of the
engine has a say: index and scan agree to the letter. Each word is led by the
letter of its field. A vector holds 16,383 positions at most, 256 of one lexeme,
and one MiB (PostgreSQL's manual, "Limitations" of text search), so a long text
is cut into parts that overlap by a phrase.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg

from postwarden.adapters.sql.indexed_words import LETTERS, lexeme
from postwarden.adapters.sql.postgres.connection import connect, translated
from postwarden.adapters.sql.statements import Row
from postwarden.model.messages import SearchText
from postwarden.model.queries.readers import MAX_PHRASE

MAX_POSITION = 16_000
MAX_REPEATS = 255
MAX_OCTETS = 900_000

_SCHEMA = """
CREATE SCHEMA IF NOT EXISTS search;
CREATE TABLE IF NOT EXISTS search.texts (
  message bigint NOT NULL,
  part integer NOT NULL,
  words tsvector NOT NULL,
  PRIMARY KEY (message, part)
);
CREATE INDEX IF NOT EXISTS texts_by_words ON search.texts USING gin (words);
CREATE TABLE IF NOT EXISTS search.progress (up_to bigint NOT NULL);
INSERT INTO search.progress SELECT 0 WHERE NOT EXISTS (SELECT FROM search.progress);
"""
_IS_THERE = "SELECT to_regclass('search.progress') IS NOT NULL"
_PREPARING = 0x506F737477617266  # the lock of whoever makes the tables
_PENDING = (
    "SELECT id, sha256 FROM messages WHERE id > (SELECT up_to FROM search.progress)"
    " AND tombstone = 0 ORDER BY id LIMIT %s"
)
_LAG = (
    "SELECT count(*) FROM messages WHERE id > (SELECT up_to FROM search.progress)"
    " AND tombstone = 0"
)
_ADD = (
    "INSERT INTO search.texts (message, part, words)"
    " SELECT %(message)s, %(part)s, CAST(%(words)s AS tsvector) WHERE NOT EXISTS"
    " (SELECT FROM messages WHERE id = %(message)s AND tombstone <> 0)"
)


def prepare(raw: "psycopg.Connection[Row]") -> None:
    """Make the tables of full text where they are not there."""
    with translated():
        if raw.execute(_IS_THERE).fetchone() == (True,):
            return
        with raw.transaction():
            raw.execute("SELECT pg_advisory_xact_lock(%s)", (_PREPARING,))
            raw.execute(_SCHEMA)


class PostgresSearchIndex:
    """The writing side of full text; queries reach it where the rows are."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Row] | None = None

    async def pending(self, limit: int) -> list[tuple[int, bytes]]:
        """See `services.ports.SearchIndex.pending`."""
        return await asyncio.to_thread(self._pending, limit)

    async def lag(self) -> int:
        """See `services.ports.SearchIndex.lag`."""
        return await asyncio.to_thread(self._lag)

    async def add(self, texts: Sequence[SearchText], up_to: int) -> None:
        """See `services.ports.SearchIndex.add`."""
        await asyncio.to_thread(self._add, texts, up_to)

    async def remove(self, messages: Sequence[int]) -> None:
        """See `services.ports.SearchIndex.remove`."""
        await asyncio.to_thread(self._remove, messages)

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _opened(self) -> "Iterator[psycopg.Connection[Row]]":
        with self._lock, translated():
            if self._connection is None or self._connection.closed:
                self._connection = connect(self._url)
            yield self._connection

    def _pending(self, limit: int) -> list[tuple[int, bytes]]:
        with self._opened() as connection:
            return [(row[0], row[1]) for row in connection.execute(_PENDING, (limit,))]

    def _lag(self) -> int:
        with self._opened() as connection:
            row = connection.execute(_LAG).fetchone()
            return int(row[0]) if row else 0

    def _add(self, texts: Sequence[SearchText], up_to: int) -> None:
        with self._opened() as connection, connection.transaction():
            # Another process may have been here first, and waits here otherwise.
            row = connection.execute(
                "SELECT up_to FROM search.progress FOR UPDATE"
            ).fetchone()
            done = row[0] if row else 0
            connection.cursor().executemany(
                _ADD,
                [
                    {"message": text.message, "part": part, "words": words}
                    for text in texts
                    if text.message > done
                    for part, words in enumerate(vectors(text))
                ],
            )
            connection.execute(
                "UPDATE search.progress SET up_to = greatest(up_to, %s)", (up_to,)
            )

    def _remove(self, messages: Sequence[int]) -> None:
        with self._opened() as connection:
            connection.execute(
                "DELETE FROM search.texts WHERE message = ANY(%s)", (list(messages),)
            )


def vectors(text: SearchText) -> Iterator[str]:
    """Yield the words of a text, as vectors in the engine's writing."""
    lexemes = [
        lexeme(letter, word)
        for field, letter in LETTERS.items()
        for word in str(getattr(text, field)).split()
    ]
    begin = 0
    while begin < len(lexemes):
        end = _end_of_part(lexemes, begin)
        yield _vector(lexemes[begin:end])
        # A phrase that ends in the next part begins there too.
        begin = end if end == len(lexemes) else max(begin + 1, end - MAX_PHRASE + 1)


def _end_of_part(lexemes: Sequence[str], begin: int) -> int:
    repeats = Counter[str]()
    octets = 0
    for end in range(begin, min(len(lexemes), begin + MAX_POSITION)):
        word = lexemes[end]
        repeats[word] += 1
        octets += len(word.encode()) + 8
        if repeats[word] > MAX_REPEATS or octets > MAX_OCTETS:
            return end
    return min(len(lexemes), begin + MAX_POSITION)


def _vector(lexemes: Sequence[str]) -> str:
    positions: dict[str, list[int]] = {}
    for position, word in enumerate(lexemes, 1):
        positions.setdefault(word, []).append(position)
    return " ".join(
        f"{word}:{','.join(map(str, places))}" for word, places in positions.items()
    )
