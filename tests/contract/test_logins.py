"""Sessions and login links."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from postwarden.model.logins import Factor, LoginLink, LoginSession
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
