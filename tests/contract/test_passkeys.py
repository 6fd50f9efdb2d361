"""Passkeys and challenges."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from postwarden.model.errors import AlreadyExists
from postwarden.model.logins import Ceremony, Challenge, Passkey
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import NOW, digest

HOUR = timedelta(hours=1)


def passkey(owner: int, name: str = "one", **changes: Any) -> Passkey:
    return replace(
        Passkey(
            id=0,
            administrator=owner,
            credential=digest(name),
            public_key=b"key",
            sign_count=0,
            name=name,
            created_at=NOW,
        ),
        **changes,
    )


def challenge(name: str = "one", **changes: Any) -> Challenge:
    return replace(
        Challenge(
            digest=digest(name),
            challenge=b"challenge",
            ceremony=Ceremony.ASSERTION,
            administrator=None,
            expires_at=NOW + HOUR,
        ),
        **changes,
    )


async def test_a_passkey_comes_back_as_it_was_added(store: Store) -> None:
    whole = passkey(7, sign_count=9, last_used_at=NOW)
    added = await store.transact(lambda u: u.passkeys.add(whole))
    assert added == replace(whole, id=added.id)
    found = await store.read(lambda u: u.passkeys.with_credential(digest("one")))
    assert found == added
    assert await store.read(lambda u: u.passkeys.with_id(added.id)) == added
    assert await store.read(lambda u: u.passkeys.with_credential(b"")) is None
    with pytest.raises(AlreadyExists):
        await store.transact(lambda u: u.passkeys.add(passkey(8)))


async def test_passkeys_are_used_listed_and_removed(store: Store) -> None:
    rows = [passkey(7, "a"), passkey(8, "b"), passkey(7, "c")]
    added = await store.transact(lambda u: [u.passkeys.add(row) for row in rows])
    first, other, last = added
    await store.transact(lambda u: u.passkeys.remember_use(first.id, 5, NOW + HOUR))
    used = replace(first, sign_count=5, last_used_at=NOW + HOUR)
    assert await store.read(lambda u: u.passkeys.of(7)) == [used, last]
    await store.transact(lambda u: u.passkeys.remove(last.id))
    assert await store.read(lambda u: u.passkeys.of(7)) == [used]
    await store.transact(lambda u: u.passkeys.remove_all(7))
    assert await store.read(lambda u: u.passkeys.of(7)) == []
    assert await store.read(lambda u: u.passkeys.of(8)) == [other]


async def test_a_challenge_is_taken_once(store: Store) -> None:
    rows = [
        challenge(ceremony=Ceremony.REGISTRATION, administrator=7),
        challenge("late", expires_at=NOW + 2 * HOUR),
        challenge("early"),
    ]

    def add(uow: UnitOfWork) -> None:
        for row in rows:
            uow.challenges.add(row)

    await store.transact(add)
    assert await store.read(lambda u: u.challenges.count()) == 3
    assert await store.transact(lambda u: u.challenges.take(digest("one"))) == rows[0]
    assert await store.transact(lambda u: u.challenges.take(digest("one"))) is None
    ended = NOW + HOUR
    gone = await store.transact(lambda u: u.challenges.remove_ended(ended, limit=9))
    assert gone == 1
    assert await store.transact(lambda u: u.challenges.take(digest("late"))) == rows[1]
