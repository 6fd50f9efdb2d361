"""The one writer thread that a process has for a database: group commit.

It takes what is queued, opens one transaction, runs each function in a
savepoint of its own, commits once, and then answers all. A function that fails
rolls back only its own writes; a commit that fails, fails the whole group, and
so does an error after which the engine has ended the transaction by itself. A
group that came into conflict with another process is run again.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Generic, Protocol, TypeVar

import apsw

from postwarden.model.errors import StorageFull, Unavailable

GROUP = 64  # functions in one commit at most
ATTEMPTS = 5  # at a group that others come into conflict with

U = TypeVar("U")


class Database(Protocol):
    """What the writer needs of a connection."""

    def execute(self, sql: str, /) -> object: ...

    @property
    def in_transaction(self) -> bool: ...

    def close(self) -> None: ...


class Conflict(Unavailable):
    """Another process got in between; the transaction may be run again."""


@dataclass(slots=True)
class Job(Generic[U]):
    """A function to run, and the future of whoever waits for it."""

    run: Callable[[U], Any]
    future: "asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop
    result: Any = None
    error: BaseException | None = field(default=None)

    def answer(self) -> None:
        if self.future.done():  # the caller gave up waiting
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


@contextmanager
def translated() -> Iterator[None]:
    """Turn the engine's failures into ours; raises StorageFull or Unavailable."""
    try:
        yield
    except StopIteration:
        # No future can carry it: whoever waits would wait forever.
        raise RuntimeError("a function ended with StopIteration") from None
    except apsw.FullError as error:
        raise StorageFull("no room left for the store") from error
    except apsw.BusyError as error:
        raise Unavailable("another process keeps the store locked") from error
    except (apsw.IOError, apsw.CorruptError, apsw.CantOpenError) as error:
        raise Unavailable(f"the store cannot be used: {error}") from error


class Writer(threading.Thread, Generic[U]):
    """Runs every write of this process to one database, in order, in groups.

    `unit` makes what each function is given; `begin` is the SQL that begins a
    transaction in which nobody else writes; `failures` turns the engine's errors
    into ours; `before_commit` finishes what the functions of a group share;
    `committed` hears of each commit.
    """

    def __init__(
        self,
        connection: Database,
        unit: Callable[[], U],
        committed: Callable[[], None] = lambda: None,
        *,
        begin: str = "BEGIN IMMEDIATE",
        failures: Callable[[], AbstractContextManager[None]] = translated,
        before_commit: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(name="postwarden-writer", daemon=True)
        self._connection = connection
        self._unit = unit
        self._committed = committed
        self._begin = begin
        self._failures = failures
        self._before_commit = before_commit
        self._jobs: SimpleQueue[Job[U] | None] = SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self.longest = 0.0  # seconds the longest group took; `make bench` watches it

    async def submit(self, run: Callable[[U], Any]) -> Any:
        """Run a function in a transaction; returns when it is durable.

        Raises Unavailable once the writer was stopped.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        with self._closing:
            if self._closed:
                raise Unavailable("the store is closed")
            self._jobs.put(Job(run, future, loop))
        return await future

    def stop(self) -> None:
        """Finish what is queued, then end the thread."""
        with self._closing:
            self._closed = True
            self._jobs.put(None)
        self.join()
        self._connection.close()

    def run(self) -> None:
        while (job := self._jobs.get()) is not None:
            group, last = self._gather(job)
            started = time.monotonic()
            self._commit(group)
            self.longest = max(self.longest, time.monotonic() - started)
            self._answer(group)
            if last:
                return

    def _gather(self, first: Job[U]) -> tuple[list[Job[U]], bool]:
        group = [first]
        while len(group) < GROUP:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                break
            if job is None:
                return group, True
            group.append(job)
        return group, False

    def _commit(self, group: list[Job[U]]) -> None:
        """Run a group and commit it, or fail those of it that have not failed yet."""
        for left in reversed(range(ATTEMPTS)):
            try:
                is_committed = self._is_committed(group)
            except Exception as error:  # noqa: BLE001  whatever it is, nobody may be told "done"
                self._roll_back()
                if isinstance(error, Conflict) and left:
                    for job in group:
                        job.result = job.error = None
                    continue
                for job in group:
                    if job.error is None:
                        job.error = _failure(error)
                return
            if is_committed:
                self._committed()
            return

    def _is_committed(self, group: list[Job[U]]) -> bool:
        """Run a group; False, and nothing is written, when all of it failed."""
        connection = self._connection
        with self._failures():
            connection.execute(self._begin)
            for job in group:
                self._run_one(job, is_alone=len(group) == 1)
            if all(job.error is not None for job in group):
                connection.execute("ROLLBACK")
                return False
            self._before_commit()
            connection.execute("COMMIT")
        return True

    def _roll_back(self) -> None:
        with suppress(Exception):  # the next BEGIN fails, and comes here again
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _run_one(self, job: Job[U], *, is_alone: bool) -> None:
        """Run a function; alone in its group, all the transaction is its own."""
        connection = self._connection
        if not is_alone:
            connection.execute("SAVEPOINT one")
        try:
            with self._failures():
                job.result = job.run(self._unit())
        except Conflict:
            raise
        except BaseException as error:  # it goes to whoever waits for the job
            job.error = error
            # A full disk ends the transaction even inside a savepoint.
            if not connection.in_transaction:
                raise Unavailable("the store ended the transaction") from error
            if not is_alone:
                connection.execute("ROLLBACK TO one")
        if not is_alone:
            connection.execute("RELEASE one")

    def _answer(self, group: list[Job[U]]) -> None:
        by_loop: dict[asyncio.AbstractEventLoop, list[Job[U]]] = {}
        for job in group:
            by_loop.setdefault(job.loop, []).append(job)
        for loop, jobs in by_loop.items():
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(_answer_all, jobs)


def _failure(error: Exception) -> Exception:
    if isinstance(error, Unavailable):
        return type(error)(str(error))
    return Unavailable(f"the store could not commit: {error}")


def _answer_all(jobs: list[Job[Any]]) -> None:
    for job in jobs:
        job.answer()
