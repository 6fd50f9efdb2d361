"""Group commit under stress: what is acknowledged is there, what failed is not."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

import apsw
import pytest

from postwarden.adapters.group_commit import GROUP
from postwarden.adapters.sql.sqlite import SqliteStore
from postwarden.adapters.sql.sqlite_connection import SqliteConnection
from postwarden.model.errors import (
    AlreadyExists,
    MailError,
    Refused,
    StorageFull,
    Unavailable,
)
from postwarden.services.ports import UnitOfWork
from tests.support.factories import audit_entry, mail_domain, message

T = TypeVar("T")
PATIENCE = 20  # seconds after which a test has hung


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "postwarden.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(path)
    yield store
    store.close()


class Commands:
    """The writer's connection, with a log of what begins and ends transactions.

    `fail` makes an execution of a command raise, after `skip` others.
    """

    def __init__(self, store: SqliteStore) -> None:
        self._real: SqliteConnection = store._writing
        self._failures: dict[str, tuple[int, Exception]] = {}
        self.log: list[str] = []
        store._writer._connection = self

    def fail(self, command: str, error: Exception, *, skip: int = 0) -> None:
        self._failures[command] = skip, error

    def execute(self, sql: str, /) -> object:
        self.log.append(sql)
        if failure := self._failures.pop(sql, None):
            skip, error = failure
            if not skip:
                raise error
            self._failures[sql] = skip - 1, error
        return self._real.execute(sql)

    @property
    def in_transaction(self) -> bool:
        return self._real.in_transaction

    @property
    def total_changes(self) -> int:
        return self._real.total_changes

    def close(self) -> None:
        self._real.close()


class Pause:
    """Holds the writer inside a function, so that what follows is one group."""

    def __init__(self, store: SqliteStore) -> None:
        self.begun, self._go_on = threading.Event(), threading.Event()
        self.waiting = asyncio.ensure_future(store.transact(self._hold))

    def _hold(self, _: UnitOfWork) -> None:
        self.begun.set()
        assert self._go_on.wait(PATIENCE)

    async def reached(self) -> None:
        assert await asyncio.to_thread(self.begun.wait, PATIENCE)

    def end(self) -> None:
        self._go_on.set()


async def in_one_group(
    store: SqliteStore, *asked: Awaitable[T]
) -> list[T | BaseException]:
    """Have functions wait for the writer together; return results or errors."""
    pause = Pause(store)
    await pause.reached()
    tasks = [asyncio.ensure_future(each) for each in asked]
    await asyncio.sleep(0)  # each has handed its function over
    pause.end()
    async with asyncio.timeout(PATIENCE):
        await pause.waiting
        return await asyncio.gather(*tasks, return_exceptions=True)


def add(uow: UnitOfWork, name: str) -> str:
    uow.domains.add(mail_domain(name))
    uow.audit.record(audit_entry(object=name))
    return name


def add_and_fail(uow: UnitOfWork, name: str) -> str:
    add(uow, name)
    raise Refused(name)


def domains(path: Path) -> list[str]:
    """Return what another connection sees, in the order of writing."""
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)) as raw:
        names = {name for (name,) in raw.execute("SELECT name FROM domains")}
        written = [
            name for (name,) in raw.execute("SELECT object FROM audit ORDER BY id")
        ]
    assert names == set(written)
    return written


async def test_only_those_that_fail_are_rolled_back(
    store: SqliteStore, path: Path
) -> None:
    commands = Commands(store)

    def slow(uow: UnitOfWork, name: str) -> str:
        threading.Event().wait(0.02)
        return add(uow, name)

    def conflict(uow: UnitOfWork, name: str) -> str:
        uow.domains.add(mail_domain(f"lost-{name}"))
        return add(uow, "first")

    kinds: list[Callable[[UnitOfWork, str], str]] = [add, add_and_fail, slow, conflict]
    names = [f"{number:02}" for number in range(40)]
    answers = await in_one_group(
        store,
        store.transact(add, "first"),
        *(store.transact(kinds[n % 4], name) for n, name in enumerate(names)),
    )

    assert commands.log.count("COMMIT") == 2  # the pause's, and the group's
    kept = ["first", *(name for n, name in enumerate(names) if n % 4 in {0, 2})]
    assert [each for each in answers if isinstance(each, str)] == kept
    for n, answer in enumerate(answers[1:]):
        assert isinstance(answer, (str, Refused, str, AlreadyExists)[n % 4])
        if n % 4 == 1:
            assert str(answer) == names[n]
    assert domains(path) == kept


async def test_more_than_a_group_is_several_commits(
    store: SqliteStore, path: Path
) -> None:
    commands = Commands(store)
    names = [f"{number:03}" for number in range(2 * GROUP + 2)]

    answers = await in_one_group(store, *(store.transact(add, n) for n in names))

    assert answers == names == domains(path)
    assert commands.log.count("COMMIT") == 4


async def test_a_group_in_which_all_fail_commits_nothing(
    store: SqliteStore, path: Path
) -> None:
    commands = Commands(store)

    answers = await in_one_group(
        store, *(store.transact(add_and_fail, str(n)) for n in range(3))
    )

    assert [type(each) for each in answers] == [Refused] * 3
    assert commands.log.count("COMMIT") == 1
    assert domains(path) == []


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (apsw.FullError("disk"), StorageFull),
        (apsw.IOError("disk"), Unavailable),
        (apsw.BusyError("lock"), Unavailable),
        (apsw.SQLError("a bug"), Unavailable),
        (MemoryError(), Unavailable),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
@pytest.mark.parametrize("command", ["BEGIN IMMEDIATE", "COMMIT"])
async def test_a_commit_that_fails_fails_the_whole_group(
    store: SqliteStore,
    path: Path,
    command: str,
    failure: Exception,
    expected: type[MailError],
) -> None:
    commands = Commands(store)
    pause = Pause(store)
    await pause.reached()
    # The pause has begun its transaction, and still has to commit it.
    commands.fail(command, failure, skip=1 if command == "COMMIT" else 0)
    group = store.transact(add, "a"), store.transact(add_and_fail, "b")
    tasks = [asyncio.ensure_future(each) for each in (*group, store.transact(add, "c"))]
    await asyncio.sleep(0)
    pause.end()
    await pause.waiting
    answers = await asyncio.gather(*tasks, return_exceptions=True)

    refused = expected if command == "BEGIN IMMEDIATE" else Refused
    assert [type(each) for each in answers] == [expected, refused, expected]
    assert len({id(each) for each in answers}) == 3
    assert domains(path) == []
    assert await store.transact(add, "a") == "a"
    assert domains(path) == ["a"]


async def test_a_rollback_that_fails_is_made_up_for(
    store: SqliteStore, path: Path
) -> None:
    commands = Commands(store)
    commands.fail("COMMIT", apsw.IOError("disk"))
    commands.fail("ROLLBACK", apsw.IOError("disk"))

    with pytest.raises(Unavailable):
        await store.transact(add, "a")
    with pytest.raises(Unavailable):  # the transaction of before is still open
        await store.transact(add, "b")

    assert await store.transact(add, "c") == "c"
    assert domains(path) == ["c"]


def fill_up(uow: UnitOfWork, name: str, *, statements: int) -> str:
    """Write more than there is room for: in one row, or in many."""
    add(uow, name)
    for number in range(statements):
        big = message(f"{name}{number}", header=b"x" * (2**22 // statements))
        uow.messages.add(big)
    return name


@contextmanager
def room(store: SqliteStore, pages: int) -> Iterator[None]:
    """Let the store grow by so many pages only."""
    raw = store._writing._raw
    size = raw.pragma("page_count")
    raw.pragma("max_page_count", size + pages)
    yield
    raw.pragma("max_page_count", 2**30)


@pytest.mark.parametrize("statements", [1, 64])
async def test_a_full_disk_fails_who_filled_it_and_keeps_what_was_promised(
    store: SqliteStore, path: Path, statements: int
) -> None:
    await store.transact(add, "before")
    names = [f"{number:02}" for number in range(12)]
    with room(store, 40):
        answers = await in_one_group(
            store,
            *(store.transact(add, name) for name in names[:6]),
            store.transact(fill_up, "filler", statements=statements),
            *(store.transact(add, name) for name in names[6:]),
        )

    culprit = answers.pop(6)
    assert isinstance(culprit, StorageFull)
    promised = [name for name, each in zip(names, answers, strict=True) if each == name]
    failed = [each for each in answers if not isinstance(each, str)]
    assert all(isinstance(each, Unavailable) for each in failed)
    assert domains(path) == ["before", *promised]
    assert await store.transact(add, "after") == "after"
    assert domains(path) == ["before", *promised, "after"]


async def test_what_sqlite_ended_itself_fails_the_whole_group(
    store: SqliteStore, path: Path
) -> None:
    def end(uow: UnitOfWork) -> None:
        add(uow, "culprit")
        store._writing.execute("ROLLBACK")  # as SQLite does on a full disk
        raise apsw.FullError("disk")

    culprit, *others = await in_one_group(
        store,
        store.transact(end),
        *(store.transact(add, str(number)) for number in range(3)),
    )

    assert isinstance(culprit, StorageFull)
    assert [type(each) for each in others] == [Unavailable] * 3
    assert domains(path) == []
    assert await store.transact(add, "after") == "after"


async def test_a_lock_held_too_long_is_unavailable(
    store: SqliteStore, path: Path
) -> None:
    store._writing._raw.set_busy_timeout(20)
    with closing(apsw.Connection(str(path))) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="another process"):
            await store.transact(add, "a")
        other.execute("ROLLBACK")

    assert await store.transact(add, "a") == "a"


async def test_who_stopped_waiting_keeps_nobody_else_from_an_answer(
    store: SqliteStore, path: Path
) -> None:
    pause = Pause(store)
    await pause.reached()
    tasks = [asyncio.ensure_future(store.transact(add, str(n))) for n in range(6)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    pause.end()
    await pause.waiting
    answers = await asyncio.gather(*tasks, return_exceptions=True)

    assert [each for each in answers if isinstance(each, str)] == ["1", "3", "5"]
    # Handed over is done: who gave up may find it there.
    assert domains(path) == [str(n) for n in range(6)]


class Abort(BaseException):
    """What no handler of exceptions catches."""


@pytest.mark.parametrize("error", [Abort, StopIteration, asyncio.CancelledError])
async def test_the_writer_outlives_whatever_a_function_raises(
    store: SqliteStore, path: Path, error: type[BaseException]
) -> None:
    def fail(uow: UnitOfWork) -> str:
        add(uow, "gone")
        raise error

    first, failed, last = await in_one_group(
        store, store.transact(add, "a"), store.transact(fail), store.transact(add, "b")
    )

    assert (first, last) == ("a", "b")
    expected = RuntimeError if error is StopIteration else error
    assert isinstance(failed, expected)
    assert domains(path) == ["a", "b"]


def test_the_writer_outlives_an_event_loop(path: Path) -> None:
    store = SqliteStore(path)
    begun, go_on = threading.Event(), threading.Event()

    def slow(uow: UnitOfWork) -> None:
        add(uow, "slow")
        begun.set()
        assert go_on.wait(PATIENCE)

    async def give_up() -> None:
        waiting = asyncio.ensure_future(store.transact(slow))
        assert await asyncio.to_thread(begun.wait, PATIENCE)
        waiting.cancel()

    asyncio.run(give_up())
    go_on.set()

    assert asyncio.run(store.transact(add, "next")) == "next"
    store.close()
    assert domains(path) == ["slow", "next"]


async def test_closing_finishes_what_is_queued_and_takes_nothing_more(
    path: Path,
) -> None:
    store = SqliteStore(path)
    pause = Pause(store)
    await pause.reached()
    names = [f"{number:03}" for number in range(GROUP + 10)]
    tasks = [asyncio.ensure_future(store.transact(add, name)) for name in names]
    await asyncio.sleep(0)
    closing_store = asyncio.ensure_future(asyncio.to_thread(store.close))
    pause.end()
    async with asyncio.timeout(PATIENCE):
        await closing_store
        answers = await asyncio.gather(*tasks)

    assert answers == names == domains(path)
    with pytest.raises(Unavailable, match="closed"):
        await store.transact(add, "late")
    store.close()


async def test_a_store_is_wal_and_synchronous(store: SqliteStore) -> None:
    await store.read(lambda uow: uow.now)
    connections = [store._writing, store._peeker, *store._reader_connections]

    for connection in connections:
        settings = {
            name: next(connection.execute(f"PRAGMA main.{name}"))[0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
        assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert len(connections) == 3


async def test_a_reader_never_sees_half_a_function(
    store: SqliteStore, path: Path
) -> None:
    half, go_on = threading.Event(), threading.Event()

    def write_in_two(uow: UnitOfWork) -> None:
        uow.domains.add(mail_domain("first"))
        half.set()
        assert go_on.wait(PATIENCE)
        uow.domains.add(mail_domain("second"))

    def seen(uow: UnitOfWork) -> list[str]:
        return [each.name for each in uow.domains.page(limit=9)]

    writing = asyncio.ensure_future(store.transact(write_in_two))
    assert await asyncio.to_thread(half.wait, PATIENCE)
    during = await store.read(seen), await store.peek(seen)
    go_on.set()
    await writing

    assert during == ([], [])
    assert await store.read(seen) == await store.peek(seen) == ["first", "second"]


async def test_a_read_is_one_snapshot(store: SqliteStore) -> None:
    looked, go_on = threading.Event(), threading.Event()

    def look_twice(uow: UnitOfWork) -> list[int]:
        first = len(uow.domains.page(limit=9))
        looked.set()
        assert go_on.wait(PATIENCE)
        return [first, len(uow.domains.page(limit=9))]

    reading = asyncio.ensure_future(store.read(look_twice))
    assert await asyncio.to_thread(looked.wait, PATIENCE)
    await store.transact(add, "meanwhile")
    go_on.set()

    assert await reading == [0, 0]
    assert len(await store.read(lambda uow: uow.domains.page(limit=9))) == 1
