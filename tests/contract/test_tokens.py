"""Tokens of programs that are logged in."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from postwarden.model.tokens import TokenGrant
from postwarden.services.ports import Store
from tests.support.factories import NOW, digest

HOUR = timedelta(hours=1)


def grant(name: str = "one", **changes: Any) -> TokenGrant:
    return replace(
        TokenGrant(
            id=0,
            administrator=7,
            account=None,
            client=name,
            access=digest(f"access {name}"),
            refresh=digest(f"refresh {name}"),
            proof=digest("password"),
            created_at=NOW,
            access_until=NOW + HOUR,
            until=NOW + 2 * HOUR,
        ),
        **changes,
    )


async def test_a_grant_is_found_by_either_token(store: Store) -> None:
    whole = grant(account=3, domain="example.org", spent=digest("spent"))
    put = await store.transact(lambda u: u.tokens.put(whole))
    assert put == replace(whole, id=put.id)
    for look in (
        lambda u: u.tokens.with_access(whole.access),
        lambda u: u.tokens.with_refresh(whole.refresh),
        lambda u: u.tokens.with_refresh(digest("spent")),
    ):
        assert await store.read(look) == put
    assert await store.read(lambda u: u.tokens.with_access(whole.refresh)) is None
    assert await store.read(lambda u: u.tokens.with_refresh(whole.access)) is None


async def test_a_client_has_one_grant_of_somebody(store: Store) -> None:
    rows = [
        grant(),
        grant(access=digest("a"), refresh=digest("b")),
        grant(administrator=8, access=digest("c"), refresh=digest("d")),
        grant("two"),
        grant(administrator=None, account=7, access=digest("e"), refresh=digest("f")),
    ]
    put = [await store.transact(lambda u, g: u.tokens.put(g), row) for row in rows]
    held = await store.read(lambda u: u.tokens.of("admin 7", limit=9))
    assert held == [put[1], put[3]]
    assert await store.read(lambda u: u.tokens.of("admin 7", limit=1)) == [put[1]]
    assert await store.read(lambda u: u.tokens.of("account 7", limit=9)) == [put[4]]
    assert await store.read(lambda u: u.tokens.with_access(rows[0].access)) is None


async def test_a_grant_is_renewed_and_removed(store: Store) -> None:
    put = await store.transact(lambda u: u.tokens.put(grant()))
    renewed = replace(
        put,
        access=digest("a"),
        refresh=digest("b"),
        spent=put.refresh,
        access_until=NOW + 2 * HOUR,
        until=NOW + 3 * HOUR,
    )
    await store.transact(lambda u: u.tokens.replace(renewed))
    assert await store.read(lambda u: u.tokens.with_refresh(digest("b"))) == renewed
    assert await store.read(lambda u: u.tokens.with_access(put.access)) is None
    await store.transact(lambda u: u.tokens.remove(put.id))
    await store.transact(lambda u: u.tokens.replace(renewed))
    assert await store.read(lambda u: u.tokens.of("admin 7", limit=9)) == []


async def test_grants_that_ended_are_forgotten(store: Store) -> None:
    rows = [grant("one"), grant("two"), grant("late", until=NOW + 3 * HOUR)]
    for row in rows:
        await store.transact(lambda u, g: u.tokens.put(g), row)
    ended = NOW + 2 * HOUR
    assert await store.transact(lambda u: u.tokens.remove_ended(ended, limit=1)) == 1
    assert await store.transact(lambda u: u.tokens.remove_ended(ended, limit=9)) == 1
    [left] = await store.read(lambda u: u.tokens.of("admin 7", limit=9))
    assert left.client == "late"
