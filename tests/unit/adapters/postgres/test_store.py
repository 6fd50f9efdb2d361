"""A store in PostgreSQL, as its server and other processes come and go."""

import asyncio
import threading
from collections.abc import Iterator
from itertools import count

import psycopg
import pytest

from postwarden.adapters.sql.postgres.store import PostgresStore
from postwarden.model.accounts import Usage
from postwarden.model.domains import MailDomain
from postwarden.model.errors import Unavailable
from postwarden.services.ports import UnitOfWork
from tests.support import postgres
from tests.support.factories import account, audit_entry, ledger_event, mail_domain

PATIENCE = 60  # seconds after which a test has hung


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    store = PostgresStore(url)
    yield store
    store.close()


def record(uow: UnitOfWork, events: int) -> None:
    uow.ledger.record([ledger_event() for _ in range(events)])


def add_domain(uow: UnitOfWork, domain: MailDomain) -> None:
    uow.domains.add(domain)


def ids_after(uow: UnitOfWork, after: int) -> list[int]:
    return [event.id for event in uow.ledger.page(after=after, limit=1000)]


async def test_no_event_comes_before_one_that_was_read(url: str) -> None:
    """Who reads on from the last id misses nothing, whoever commits when."""
    stores = [PostgresStore(url) for _ in range(3)]
    try:
        done = asyncio.Event()

        async def read_on() -> list[int]:
            seen: list[int] = []
            while True:
                is_last = done.is_set()
                new = await stores[0].read(ids_after, seen[-1] if seen else 0)
                seen += new
                if is_last and not new:
                    return seen

        async with asyncio.timeout(PATIENCE):
            reading = asyncio.create_task(read_on())
            await asyncio.gather(
                *(
                    store.transact(record, 1 + number % 3)
                    for number in range(40)
                    for store in stores
                )
            )
            done.set()
            seen = await reading
        assert len(seen) == 3 * sum(1 + number % 3 for number in range(40))
        assert seen == sorted(set(seen))
    finally:
        for store in stores:
            store.close()


async def test_writers_of_two_processes_take_turns(url: str) -> None:
    one, other = PostgresStore(url), PostgresStore(url)
    try:
        added = await one.transact(lambda uow: uow.accounts.add(account()))

        def count_up(uow: UnitOfWork) -> None:
            uow.accounts.use([(added.id, Usage(messages=1, octets=7))])

        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(
                *(each.transact(count_up) for _ in range(50) for each in (one, other))
            )
        kept = await one.read(lambda uow: uow.accounts.get(added.id))
        assert (kept.used_messages, kept.used_octets) == (100, 700)
    finally:
        one.close()
        other.close()


async def test_a_watch_hears_of_the_commits_of_others(url: str) -> None:
    one, other = PostgresStore(url), PostgresStore(url)
    try:
        with one.watch() as watch:
            await watch.wait(0)
            await other.transact(lambda uow: uow.domains.add(mail_domain()))
            assert await watch.wait(PATIENCE)
            assert not await watch.wait(0.3)
    finally:
        one.close()
        other.close()


async def test_what_was_acknowledged_survives_the_server() -> None:
    with postgres.running(durable=True) as server:
        store = PostgresStore(server.create())
        acknowledged: list[str] = []
        moving = asyncio.Condition()
        stopped = asyncio.Event()

        async def write() -> None:
            for number in count():
                if stopped.is_set():
                    return
                new = mail_domain(f"d{number}.example")
                try:
                    await store.transact(add_domain, new)
                except Unavailable:
                    continue
                async with moving:
                    acknowledged.append(new.name)
                    moving.notify_all()

        async def written(more: int) -> None:
            wanted = len(acknowledged) + more
            async with moving:
                await moving.wait_for(lambda: len(acknowledged) >= wanted)

        try:
            async with asyncio.timeout(PATIENCE):
                writing = asyncio.create_task(write())
                await written(20)
                await asyncio.to_thread(server.stop)
                await asyncio.to_thread(server.start)
                await written(20)
                stopped.set()
                await writing
            kept = await store.read(lambda uow: uow.domains.page(limit=100_000))
            assert set(acknowledged) <= {each.name for each in kept}
        finally:
            store.close()


async def test_a_read_does_not_notice_that_the_server_was_restarted() -> None:
    with postgres.running() as server:
        store = PostgresStore(server.create())
        try:
            await store.read(lambda uow: uow.domains.count())
            server.stop()
            server.start()
            assert await store.read(lambda uow: uow.domains.count()) == 0
        finally:
            store.close()


async def test_a_server_that_is_away_is_said_and_comes_back() -> None:
    with postgres.running() as server:
        store = PostgresStore(server.create())
        try:
            server.stop()
            with pytest.raises(Unavailable, match="store"):
                await store.transact(lambda uow: uow.domains.add(mail_domain()))
            server.start()
            await store.transact(lambda uow: uow.domains.add(mail_domain()))
        finally:
            store.close()


async def test_a_transaction_that_others_undid_is_run_again(
    store: PostgresStore, url: str
) -> None:
    """A deadlock with somebody outside: here with a session of ours."""
    first = await store.transact(lambda uow: uow.accounts.add(account()))
    runs: list[int] = []
    with psycopg.connect(url, autocommit=True) as outside:
        outside.execute("SET deadlock_timeout = '10s'")
        outside.execute("BEGIN")
        outside.execute("LOCK TABLE domains IN ACCESS EXCLUSIVE MODE")

        def work(uow: UnitOfWork) -> None:
            runs.append(len(runs))
            uow.accounts.use([(first.id, Usage(messages=1, octets=1))])
            if len(runs) == 1:
                threading.Thread(target=close_the_circle).start()
            uow.domains.add(mail_domain())

        def close_the_circle() -> None:
            outside.execute("UPDATE accounts SET used_messages = used_messages + 10")
            outside.execute("COMMIT")

        async with asyncio.timeout(PATIENCE):
            await store.transact(work)
    assert len(runs) == 2
    kept = await store.read(lambda uow: uow.accounts.get(first.id))
    assert kept.used_messages == 11


async def test_text_that_the_engine_cannot_hold_is_kept_readable(
    store: PostgresStore,
) -> None:
    await store.transact(lambda uow: uow.audit.record(audit_entry(reason="a\0b")))

    (entry,) = await store.read(lambda uow: uow.audit.page(limit=2))
    assert entry.reason == "a\ufffdb"
