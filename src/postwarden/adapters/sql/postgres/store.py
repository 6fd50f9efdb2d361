"""A store in a PostgreSQL database: one writer in each process, readers apart.

The writers of all processes take turns by an advisory lock that each transaction
holds from its beginning: functions see what they see on SQLite, nobody's writes
but their own, and ids come in the order of commits, which is what readers of the
ledger and the index of words go by (docs/decisions/0021).
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Concatenate, ParamSpec, TypeVar

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout

from postwarden.adapters.clocks import Clock, utc_now
from postwarden.adapters.group_commit import Writer
from postwarden.adapters.sql.postgres import fulltext, schema
from postwarden.adapters.sql.postgres.connection import (
    OPTIONS,
    PostgresConnection,
    adapt,
    connect,
    translated,
)
from postwarden.adapters.sql.postgres.listening import CHANNEL, Listener
from postwarden.adapters.sql.statements import Row
from postwarden.adapters.sql.unit_of_work import SqlUnitOfWork
from postwarden.model.errors import Unavailable
from postwarden.services.ports import UnitOfWork, Watch

P = ParamSpec("P")
T = TypeVar("T")

READERS = 4
PATIENCE = 30.0  # seconds a reader waits for a connection

_WRITERS = 0x506F737477617264  # the lock that all who write to this database share
BEGIN = f"BEGIN; SELECT pg_advisory_xact_lock({_WRITERS})"
_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class PostgresStore:
    """Rows and full text in one database."""

    def __init__(self, url: str, *, clock: Clock = utc_now) -> None:
        """Open the store, making or migrating its schema first.

        `url` is a connection URI of libpq. Raises Unavailable when there is no way
        in, the engine is too old, or the schema is of a newer release.
        """
        raw = connect(url)
        try:
            schema.prepare(raw, url)
            fulltext.prepare(raw)
        except BaseException:
            raw.close()
            raise
        self._clock = clock
        writing = _Writing(raw, url)
        self._listener = Listener(url, lambda: writing.connection.backend)
        self._writer: Writer[UnitOfWork] = Writer(
            writing,
            lambda: SqlUnitOfWork(writing.connection, clock()),
            lambda: self._listener.wake() if writing.has_told else None,
            begin=BEGIN,
            failures=translated,
            before_commit=writing.tell,
        )
        self._pool = ConnectionPool(
            url,
            min_size=1,
            max_size=READERS,
            timeout=PATIENCE,
            kwargs=dict(OPTIONS),
            configure=adapt,
            name="postwarden-reader",
            open=True,
        )
        self._readers = ThreadPoolExecutor(READERS, "postwarden-reader")
        self._writer.start()

    async def transact(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """See `services.ports.Store.transact`."""
        result: T = await self._writer.submit(lambda uow: fn(uow, *args, **kwargs))
        return result

    async def read(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """See `services.ports.Store.read`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._readers, self._read, lambda uow: fn(uow, *args, **kwargs)
        )

    async def peek(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """See `services.ports.Store.peek`; off the event loop: it is a round trip."""
        return await self.read(fn, *args, **kwargs)

    def _read(self, run: Callable[[UnitOfWork], T]) -> T:
        with self._reader() as connection:
            try:
                return self._snapshot(connection, run)
            except Unavailable:
                if not connection.is_lost:
                    raise
        # The server was restarted since this connection was last used, and the others.
        self._pool.check()
        with self._reader() as connection:
            return self._snapshot(connection, run)

    def _snapshot(
        self, connection: PostgresConnection, run: Callable[[UnitOfWork], T]
    ) -> T:
        with translated():
            connection.execute(_BEGIN_READING)
            try:
                return run(SqlUnitOfWork(connection, self._clock()))
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def _reader(self) -> Iterator[PostgresConnection]:
        try:
            with self._pool.connection() as raw:
                yield PostgresConnection(raw)
        except PoolTimeout as error:
            raise Unavailable("cannot reach the store") from error

    @contextmanager
    def watch(self) -> Iterator[Watch]:
        """See `services.ports.Store.watch`."""
        with self._listener.heard(asyncio.get_running_loop()) as watch:
            yield watch

    @property
    def longest_transaction(self) -> float:
        """Seconds that the longest group of writes took."""
        return self._writer.longest

    def close(self) -> None:
        """Finish queued writes and close every connection."""
        self._writer.stop()
        self._readers.shutdown()
        self._pool.close()
        self._listener.close()


class _Writing:
    """The writer's connection, opened anew where it was lost."""

    def __init__(self, raw: "psycopg.Connection[Row]", url: str) -> None:
        self.connection = PostgresConnection(raw)
        self._url = url
        self._before = 0  # rows written before this transaction

    def execute(self, sql: str, /) -> object:
        if sql == BEGIN:
            if self.connection.is_lost:
                self.connection = PostgresConnection(connect(self._url))
            self._before = self.connection.total_changes
        return self.connection.execute(sql)

    @property
    def has_told(self) -> bool:
        return self.connection.total_changes != self._before

    def tell(self) -> None:
        """Tell every process of this commit, unless nothing was written."""
        if self.has_told:
            self.connection.execute(f"NOTIFY {CHANNEL}")

    @property
    def in_transaction(self) -> bool:
        return self.connection.in_transaction

    def close(self) -> None:
        self.connection.close()
