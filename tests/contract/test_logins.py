"""Sessions and login links."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from postwarden.adapters.memory import login_attempts as memory_attempts
from postwarden.adapters.sql import login_attempts as sql_attempts
from postwarden.model.logins import (
    Factor,
    LoginAttempts,
    LoginFailures,
    LoginLink,
    LoginResult,
    LoginSession,
)
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import NOW, digest

HOUR = timedelta(hours=1)


def session(owner: int, name: str = "one", **changes: Any) -> LoginSession:
    return replace(
        LoginSession(
            id=0,
            administrator=owner,
            digest=digest(name),
            factor=Factor.PASSKEY,
            created_at=NOW,
            last_seen_at=NOW,
            expires_at=NOW + 12 * HOUR,
            idle=HOUR,
        ),
        **changes,
    )


def link(owner: int, name: str = "one", **changes: Any) -> LoginLink:
    return replace(
        LoginLink(
            administrator=owner,
            digest=digest(name),
            created_at=NOW,
            created_by="operator",
            expires_at=NOW + HOUR,
        ),
        **changes,
    )


async def test_a_session_comes_back_as_it_was_added(store: Store) -> None:
    whole = session(7, client_ip="192.0.2.1", agent="Firefox ☃")
    added = await store.transact(lambda u: u.sessions.add(whole))
    assert added == replace(whole, id=added.id)
    assert await store.read(lambda u: u.sessions.with_digest(digest("one"))) == added
    assert await store.read(lambda u: u.sessions.with_id(added.id)) == added
    assert await store.read(lambda u: u.sessions.with_digest(digest("two"))) is None
    assert await store.read(lambda u: u.sessions.with_id(0)) is None


async def test_sessions_are_listed_and_removed(store: Store) -> None:
    rows = [session(7, "a"), session(8, "b"), session(7, "c")]
    await store.transact(lambda u: [u.sessions.add(row) for row in rows])

    async def ids(owner: int) -> list[int]:
        found = await store.read(lambda u: u.sessions.of(owner, limit=9))
        return [each.id for each in found]

    first, last = await ids(7)
    found = await store.read(lambda u: u.sessions.page(after=first, limit=9))
    assert [each.id for each in found] == [*await ids(8), last]
    await store.transact(lambda u: u.sessions.remove(first))
    assert await ids(7) == [last]
    await store.transact(lambda u: u.sessions.remove_all(7))
    assert (await ids(7), len(await ids(8))) == ([], 1)


async def test_ended_sessions_are_forgotten_whatever_ended_them(store: Store) -> None:
    rows = [
        session(1, "unused"),
        session(2, "old", expires_at=NOW + 2 * HOUR, idle=12 * HOUR),
        session(3, "open", idle=3 * HOUR),
        session(4, "used"),
    ]
    await store.transact(lambda u: [u.sessions.add(row) for row in rows])
    (used,) = await store.read(lambda u: u.sessions.of(4, limit=1))
    later = NOW + 2 * HOUR
    await store.transact(
        lambda u: u.sessions.remember_use(used.id, later - timedelta(minutes=5))
    )
    count = await store.transact(lambda u: u.sessions.remove_ended(later, limit=1))
    assert count == 1
    count = await store.transact(lambda u: u.sessions.remove_ended(later, limit=9))
    assert count == 1
    left = await store.read(lambda u: u.sessions.page(limit=9))
    assert [each.administrator for each in left] == [3, 4]


async def test_a_link_is_taken_once(store: Store) -> None:
    await store.transact(lambda u: u.links.add(link(7)))
    assert await store.transact(lambda u: u.links.take(digest("two"))) is None
    assert await store.transact(lambda u: u.links.take(digest("one"))) == link(7)
    assert await store.transact(lambda u: u.links.take(digest("one"))) is None


async def test_links_are_forgotten_by_owner_and_by_time(store: Store) -> None:
    rows = [link(7, "a"), link(8, "b"), link(8, "c", expires_at=NOW + 2 * HOUR)]

    def add(uow: UnitOfWork) -> None:
        for row in rows:
            uow.links.add(row)

    await store.transact(add)
    await store.transact(lambda u: u.links.remove_all(7))
    assert await store.transact(lambda u: u.links.take(digest("a"))) is None
    ended = NOW + HOUR
    assert await store.transact(lambda u: u.links.remove_ended(ended, limit=9)) == 1
    assert await store.transact(lambda u: u.links.take(digest("b"))) is None
    assert await store.transact(lambda u: u.links.take(digest("c"))) is not None


def attempt(result: LoginResult = LoginResult.FAILURE, **changes: Any) -> LoginAttempts:
    return replace(
        LoginAttempts(
            day=NOW.replace(hour=0),
            account="account ada@example.org",
            login="ada@example.org",
            client_ip="192.0.2.7",
            protocol="submission",
            mechanism="password",
            result=result,
            first_at=NOW,
            last_at=NOW,
        ),
        **changes,
    )


async def test_attempts_of_a_kind_are_one_row_a_day(store: Store) -> None:
    later = NOW + HOUR
    rows = [
        attempt(),
        attempt(first_at=later, last_at=later),
        attempt(LoginResult.SUCCESS),
        attempt(day=NOW.replace(hour=0) - timedelta(days=1)),
        attempt(account="", login=""),
    ]

    def add(uow: UnitOfWork) -> None:
        for row in rows:
            uow.login_log.record(row)

    await store.transact(add)
    found = await store.read(lambda u: u.login_log.page(limit=9))
    first = found[0]
    assert first == replace(rows[0], id=first.id, last_at=later, count=2)
    assert [each.count for each in found] == [2, 1, 1, 1]
    rest = await store.read(lambda u: u.login_log.page(after=first.id, limit=9))
    assert rest == found[1:]
    own = await store.read(
        lambda u: u.login_log.page(account="account ada@example.org", limit=9)
    )
    assert own == found[:3]
    today = NOW.replace(hour=0)
    gone = await store.transact(lambda u: u.login_log.remove_before(today, limit=9))
    assert gone == 1


async def test_only_successes_make_a_place_known(store: Store) -> None:
    ada = "account ada@example.org"

    async def known(client_ip: str) -> bool:
        return await store.read(lambda u: u.login_log.has_succeeded(ada, client_ip))

    await store.transact(lambda u: u.login_log.record(attempt()))
    assert not await known("192.0.2.7")
    await store.transact(lambda u: u.login_log.record(attempt(LoginResult.SUCCESS)))
    assert await known("192.0.2.7")
    assert not await known("192.0.2.8")


async def test_a_day_of_attempts_has_an_end(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (memory_attempts, sql_attempts):
        monkeypatch.setattr(module, "MAX_ATTEMPT_ROWS", 3)

    def flood(uow: UnitOfWork) -> None:
        for number in range(50):
            uow.login_log.record(attempt(login=f"{number}@example.org"))

    await store.transact(flood)
    found = await store.read(lambda u: u.login_log.page(limit=99))
    assert [each.login for each in found] == [
        *("0@example.org", "1@example.org", "2@example.org", "*")
    ]
    assert (found[-1].count, found[-1].account, found[-1].client_ip) == (47, "", "*")


async def test_failures_are_kept_by_subject(store: Store) -> None:
    first = LoginFailures(subject="login a", count=1, last_at=NOW)
    other = LoginFailures(subject="address b", count=7, last_at=NOW + HOUR)

    def put(uow: UnitOfWork) -> None:
        for each in (first, other, replace(first, count=2)):
            uow.login_guard.put(each)

    await store.transact(put)
    wanted = ["login a", "address b", "login c"]
    found = await store.read(lambda u: u.login_guard.failures(wanted))
    assert found == {"login a": replace(first, count=2), "address b": other}
    assert await store.read(lambda u: u.login_guard.failures([])) == {}
    gone = await store.transact(
        lambda u: u.login_guard.remove_before(NOW + HOUR, limit=9)
    )
    assert gone == 1
    await store.transact(lambda u: u.login_guard.remove("address b"))
    assert await store.read(lambda u: u.login_guard.failures(wanted)) == {}


async def test_a_recovery_code_is_taken_once(store: Store) -> None:
    codes = [digest("a"), digest("b")]
    await store.transact(lambda u: u.recovery_codes.replace_all(7, codes))
    await store.transact(lambda u: u.recovery_codes.replace_all(8, codes))
    take = store.transact
    assert await take(lambda u: u.recovery_codes.take(7, digest("a")))
    assert not await take(lambda u: u.recovery_codes.take(7, digest("a")))
    assert not await take(lambda u: u.recovery_codes.take(7, digest("c")))
    assert await store.read(lambda u: u.recovery_codes.count(7)) == 1
    await store.transact(lambda u: u.recovery_codes.replace_all(7, [digest("c")]))
    assert not await take(lambda u: u.recovery_codes.take(7, digest("b")))
    assert await store.read(lambda u: u.recovery_codes.count(8)) == 2
