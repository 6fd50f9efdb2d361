"""A store in one SQLite file: WAL, one writer thread, readers apart."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from postwarden.adapters.clocks import Clock, utc_now
from postwarden.adapters.group_commit import Writer, translated
from postwarden.adapters.sql import fulltext, schema
from postwarden.adapters.sql.sqlite_connection import SqliteConnection
from postwarden.adapters.sql.unit_of_work import SqlUnitOfWork
from postwarden.services.ports import UnitOfWork

P = ParamSpec("P")
T = TypeVar("T")

READERS = 2
POLL = 0.1  # seconds between looks at what other processes committed


class SqliteStore:
    """Rows in `DIR/postwarden.db`, full text in `DIR/search.db` beside it."""

    def __init__(self, path: Path, *, clock: Clock = utc_now) -> None:
        """Open the store, making or migrating its schema first.

        Raises Unavailable when the file cannot be opened, is no store, or was
        written by a newer release.
        """
        search = path.with_name("search.db")
        schema.prepare(path)
        with translated():
            fulltext.prepare(search)
            self._open_reader = partial(SqliteConnection, path, search)
            self._peeker = self._open_reader()
            self._watches: set[SqliteWatch] = set()
            connection = self._writing = SqliteConnection(path, None)
            self._told = 0  # rows written when the watches were last woken
            self._writer = Writer(
                connection, lambda: SqlUnitOfWork(connection, clock()), self._notify
            )
        self._clock = clock
        self._local = threading.local()
        self._reader_connections: list[SqliteConnection] = []
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
            self._readers,
            lambda: self._snapshot(
                self._reader(), lambda uow: fn(uow, *args, **kwargs)
            ),
        )

    async def peek(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """See `services.ports.Store.peek`; runs on the event loop's thread."""
        return self._snapshot(self._peeker, lambda uow: fn(uow, *args, **kwargs))

    def _snapshot(
        self, connection: SqliteConnection, run: Callable[[UnitOfWork], T]
    ) -> T:
        with translated():
            connection.execute("BEGIN")
            try:
                return run(SqlUnitOfWork(connection, self._clock()))
            finally:
                connection.execute("COMMIT")

    def _reader(self) -> SqliteConnection:
        connection: SqliteConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._open_reader()
            self._reader_connections.append(connection)
        return connection

    @contextmanager
    def watch(self) -> Iterator["SqliteWatch"]:
        """See `services.ports.Store.watch`."""
        watch = SqliteWatch(asyncio.get_running_loop(), self._data_version)
        self._watches.add(watch)
        try:
            yield watch
        finally:
            self._watches.discard(watch)

    def _data_version(self) -> int:
        return int(next(self._peeker.execute("PRAGMA main.data_version"))[0])

    def _notify(self) -> None:
        """Wake the watches, unless nothing was written: no news of a worker's look."""
        before, self._told = self._told, self._writing.total_changes
        if self._told == before:
            return
        for watch in tuple(self._watches):
            watch.wake()

    @property
    def longest_transaction(self) -> float:
        """Seconds that the longest group of writes took."""
        return self._writer.longest

    def close(self) -> None:
        """Finish queued writes and close every connection."""
        self._writer.stop()
        self._readers.shutdown()
        for connection in self._reader_connections:
            connection.close()
        self._peeker.close()


class SqliteWatch:
    """See `services.ports.Watch`; commits of other processes are polled."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, data_version: Callable[[], int]
    ) -> None:
        self._loop = loop
        self._event = asyncio.Event()
        self._data_version = data_version
        self._seen = data_version()

    def wake(self) -> None:
        """Hear of a commit of this process; called by its writer thread."""
        if self._event.is_set():  # who has not looked yet will see this commit too
            return
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, seconds: float | None = None) -> bool:
        """See `services.ports.Watch.wait`."""
        until = None if seconds is None else self._loop.time() + seconds
        while not self._is_news():
            left = POLL if until is None else min(POLL, until - self._loop.time())
            if left <= 0:
                return False
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._event.wait()
        return True

    def _is_news(self) -> bool:
        before, self._seen = self._seen, self._data_version()
        woken = self._event.is_set()
        self._event.clear()
        return woken or self._seen != before
