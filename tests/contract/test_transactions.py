"""transact, read, peek and watch."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from postwarden.model.errors import AlreadyExists, Refused
from postwarden.model.mailboxes import Mailbox
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import (
    ADA,
    BOB,
    NOW,
    Clock,
    account,
    audit_entry,
    entry,
    ledger_event,
    mail_domain,
    message,
)
from tests.support.stores import BROKEN_CONSTRAINT, READ_ONLY, TOO_LARGE


async def test_what_a_function_wrote_is_there_when_transact_returns(
    store: Store,
) -> None:
    added = await store.transact(lambda uow: uow.accounts.add(account()))

    assert await store.read(lambda uow: uow.accounts.get(added.id)) == added
    assert await store.peek(lambda uow: uow.accounts.get(added.id)) == added


async def test_arguments_reach_the_function(store: Store) -> None:
    def concatenate(_: UnitOfWork, first: str, *, second: str) -> str:
        return first + second

    assert await store.transact(concatenate, "a", second="b") == "ab"
    assert await store.read(concatenate, "c", second="d") == "cd"
    assert await store.peek(concatenate, "e", second="f") == "ef"


async def test_a_function_sees_its_own_writes_in_every_repository(store: Store) -> None:
    def work(uow: UnitOfWork) -> tuple[int, Mailbox | None]:
        ada = uow.accounts.add(account())
        uow.directory.add(entry(account=ada.id))
        inbox = uow.mailboxes.add(ada.id, "INBOX", 1)
        assert uow.mailboxes.find(ada.id, "INBOX") == inbox
        found = uow.directory.find(ADA)
        return (found.account if found else None) == ada.id, inbox

    sees, inbox = await store.transact(work)

    assert sees
    assert inbox is not None
    assert await store.read(lambda uow: uow.mailboxes.of_account(inbox.account)) == [
        inbox
    ]


async def test_an_exception_rolls_back_everything_the_function_wrote(
    store: Store,
) -> None:
    def fail(uow: UnitOfWork) -> None:
        uow.domains.add(mail_domain("gone.example"))
        uow.ledger.record([ledger_event()])
        uow.audit.record(audit_entry())
        uow.messages.add(message("gone"))
        raise Refused("no")

    def left(uow: UnitOfWork) -> list[object]:
        return [
            uow.domains.page(limit=9),
            uow.audit.page(limit=9),
            uow.messages.page(after=0, limit=9),
            uow.ledger.rows([1]),
        ]

    with pytest.raises(Refused, match="no"):
        await store.transact(fail)

    assert await store.read(left) == [[], [], [], []]


async def test_only_the_function_that_fails_is_rolled_back(store: Store) -> None:
    def add(uow: UnitOfWork, name: str, *, fail: bool) -> str:
        uow.domains.add(mail_domain(name))
        uow.audit.record(audit_entry(object=name))
        if fail:
            raise Refused(name)
        return name

    results = await asyncio.gather(
        *(
            store.transact(add, f"d{number:02}.example", fail=number % 3 == 1)
            for number in range(12)
        ),
        return_exceptions=True,
    )

    kept = [f"d{number:02}.example" for number in range(12) if number % 3 != 1]
    assert [each for each in results if isinstance(each, str)] == kept
    assert [str(each) for each in results if isinstance(each, Refused)] == [
        "d01.example",
        "d04.example",
        "d07.example",
        "d10.example",
    ]
    domains = await store.read(lambda uow: uow.domains.page(limit=99))
    assert [each.name for each in domains] == kept
    audited = await store.read(lambda uow: uow.audit.page(limit=99))
    assert [each.object for each in audited] == kept


async def test_functions_run_in_the_order_they_were_given(store: Store) -> None:
    await asyncio.gather(
        *(
            store.transact(
                lambda uow, n: uow.audit.record(audit_entry(object=n)), str(n)
            )
            for n in range(30)
        )
    )

    audited = await store.read(lambda uow: uow.audit.page(limit=99))
    assert [entry.object for entry in audited] == [str(n) for n in range(30)]
    assert [entry.id for entry in audited] == list(range(1, 31))


async def test_an_error_that_the_function_handles_keeps_the_rest(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.domains.add(mail_domain("one.example"))
        with pytest.raises(AlreadyExists):
            uow.domains.add(mail_domain("one.example"))
        uow.domains.add(mail_domain("two.example"))

    await store.transact(work)

    domains = await store.read(lambda uow: uow.domains.page(limit=9))
    assert [each.name for each in domains] == ["one.example", "two.example"]


@pytest.mark.parametrize("error", [ValueError, KeyError, StopIteration, AssertionError])
async def test_any_exception_reaches_the_caller_and_the_store_lives_on(
    store: Store, error: type[Exception]
) -> None:
    def fail(uow: UnitOfWork) -> None:
        uow.domains.add(mail_domain())
        raise error

    # A StopIteration cannot pass through a future: RuntimeError stands for it.
    expected = RuntimeError if error is StopIteration else error
    with pytest.raises(expected):
        await store.transact(fail)
    with pytest.raises(expected):
        await store.read(lambda _: _raise(error))

    assert await store.transact(lambda uow: uow.domains.page(limit=9)) == []


def _raise(error: type[Exception]) -> None:
    raise error


@pytest.mark.parametrize("how", ["read", "peek"])
async def test_a_read_does_not_write(store: Store, how: str) -> None:
    run = store.read if how == "read" else store.peek

    with pytest.raises(READ_ONLY):
        await run(lambda uow: uow.domains.add(mail_domain()))
    with pytest.raises(READ_ONLY):
        await run(lambda uow: uow.audit.record(audit_entry()))
    with pytest.raises(READ_ONLY):
        await run(lambda uow: uow.domains.remove("example.org"))

    assert await store.read(lambda uow: uow.domains.page(limit=9)) == []
    await store.transact(lambda uow: uow.domains.add(mail_domain()))


async def test_a_unit_of_work_has_one_time(store: Store, clock: Clock) -> None:
    def times(uow: UnitOfWork) -> tuple[datetime, datetime]:
        first = uow.now
        clock.forward(seconds=1)
        return first, uow.now

    assert await store.transact(times) == (NOW, NOW)
    clock.now = NOW
    assert await store.read(times) == (NOW, NOW)
    assert await store.peek(lambda uow: uow.now) == NOW + timedelta(seconds=1)


async def test_times_come_back_in_utc_to_the_microsecond(store: Store) -> None:
    local = datetime(2026, 3, 29, 1, 2, 3, 456789, timezone(timedelta(hours=5.5)))

    added = await store.transact(
        lambda uow: uow.accounts.add(account(created_at=local))
    )

    kept = (await store.read(lambda uow: uow.accounts.get(added.id))).created_at
    assert kept == local
    assert kept.tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({"created_at": datetime(2026, 1, 1)}, TypeError),  # noqa: DTZ001  that is it
        ({"name": "half \ud800 a pair"}, UnicodeError),
        ({"quota_octets": 2**63}, TOO_LARGE),
    ],
    ids=["time without zone", "surrogate", "integer too large"],
)
async def test_what_no_database_keeps_is_refused(
    store: Store,
    value: dict[str, Any],
    error: type[Exception] | tuple[type[Exception], ...],
) -> None:
    with pytest.raises(error):
        await store.transact(lambda uow: uow.accounts.add(account(**value)))


async def test_a_watch_hears_of_commits_and_of_nothing_else(store: Store) -> None:
    def fail(uow: UnitOfWork) -> None:
        uow.domains.add(mail_domain())
        raise Refused("no")

    with store.watch() as watch, store.watch() as other:
        assert not await watch.wait(0)
        await store.transact(lambda uow: uow.domains.add(mail_domain("a.example")))
        assert await watch.wait(5)
        assert await other.wait(5)
        while await watch.wait(0.15):
            pass  # one commit may be heard of twice
        await store.transact(lambda uow: uow.domains.page(limit=9))
        await store.read(lambda uow: uow.domains.page(limit=9))
        with pytest.raises(Refused):
            await store.transact(fail)
        assert not await watch.wait(0.15)
        waiting = asyncio.ensure_future(watch.wait())
        await asyncio.sleep(0)
        await store.transact(lambda uow: uow.domains.add(mail_domain("b.example")))
        async with asyncio.timeout(5):
            assert await waiting


async def test_a_watch_hears_of_what_came_before_it_waits(store: Store) -> None:
    with store.watch() as watch:
        await store.transact(lambda uow: uow.domains.add(mail_domain()))
        assert await watch.wait(0)


async def test_nothing_is_left_of_a_row_that_breaks_a_constraint(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.mailboxes.record_expunged([(1, 7, 3, 9)])
        uow.mailboxes.record_expunged([(1, 7, 3, 9)])

    with pytest.raises(BROKEN_CONSTRAINT):
        await store.transact(work)

    assert await store.read(lambda uow: uow.mailboxes.expunged(1, 0)) == []


async def test_ids_are_not_given_twice(store: Store) -> None:
    def add(uow: UnitOfWork, name: str) -> int:
        return uow.mailboxes.add(1, name, 1).id

    first = await store.transact(add, "first")
    last = await store.transact(add, "last")
    await store.transact(lambda uow: uow.mailboxes.remove(last))
    again = await store.transact(add, "last")

    assert first < last < again


async def test_results_belong_to_whoever_asked(store: Store) -> None:
    answers = await asyncio.gather(
        *(store.transact(lambda _, n: n, number) for number in range(100)),
        *(store.read(lambda _, n: n, number) for number in range(100, 150)),
    )

    assert answers == list(range(150))


async def test_concurrent_reads_and_writes_agree(store: Store) -> None:
    """A reader sees a function wholly or not at all."""

    def pair(uow: UnitOfWork, name: str) -> None:
        uow.accounts.add(account(BOB, name=name))
        uow.audit.record(audit_entry(object=name))

    def counts(uow: UnitOfWork) -> tuple[int, int]:
        known = uow.accounts.many(range(1, 100))
        return len(known), len(uow.audit.page(limit=99))

    answers = await asyncio.gather(
        *(
            store.transact(pair, str(n)) if n % 2 else store.read(counts)
            for n in range(60)
        )
    )

    seen = [answer for answer in answers if answer is not None]
    assert len(seen) == 30
    assert all(accounts == acts for accounts, acts in seen)
