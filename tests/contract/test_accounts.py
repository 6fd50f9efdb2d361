"""Accounts by id."""

from dataclasses import replace
from datetime import timedelta

import pytest

from postwarden.model.accounts import AccountState, Usage
from postwarden.model.addresses import Address
from postwarden.model.errors import NotFound
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import ADA, BOB, NOW, account

WHOLE = account(
    Address('odd "one"', "bücher.example"),
    name="Ada L.",
    state=AccountState.DISABLED,
    password_hash="$argon2id$...",
    scram="SCRAM-SHA-256$4096:...",
    quota_octets=10**12,
    quota_messages=7,
    used_octets=1,
    used_messages=2,
    vault_octets=3,
    vault_messages=4,
    last_login_at=NOW - timedelta(microseconds=1),
)


async def test_an_account_comes_back_as_it_was_added(store: Store) -> None:
    added = await store.transact(lambda uow: uow.accounts.add(WHOLE))

    assert added == replace(WHOLE, id=added.id)
    assert added.id > 0
    assert await store.read(lambda uow: uow.accounts.get(added.id)) == added


async def test_an_unknown_account_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.read(lambda uow: uow.accounts.get(1))


async def test_many_leaves_out_what_is_unknown(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        ada, bob = uow.accounts.add(account(ADA)), uow.accounts.add(account(BOB))
        assert ada.id < bob.id
        found = uow.accounts.many([bob.id, 99, ada.id, bob.id])
        assert found == {ada.id: ada, bob.id: bob}
        assert uow.accounts.many(iter([])) == {}

    await store.transact(work)


async def test_replacing_writes_all_but_usage_and_login(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        added = uow.accounts.add(WHOLE)
        changed = account(BOB, id=added.id, name="Bob", quota_octets=1, used_octets=9)
        uow.accounts.replace(changed)
        assert uow.accounts.get(added.id) == replace(
            changed,
            used_octets=1,
            used_messages=2,
            vault_octets=3,
            vault_messages=4,
            last_login_at=WHOLE.last_login_at,
        )

    await store.transact(work)


async def test_replacing_an_unknown_account_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.transact(lambda uow: uow.accounts.replace(account(id=1)))


async def test_usage_adds_up(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        ada, bob = uow.accounts.add(account(ADA)).id, uow.accounts.add(account(BOB)).id
        uow.accounts.use(
            [
                (ada, Usage(octets=100, messages=1)),
                (bob, Usage(octets=5, messages=5, vault_octets=5, vault_messages=5)),
                (ada, Usage(octets=-30, vault_octets=30, vault_messages=1)),
            ]
        )
        used = uow.accounts.get(ada)
        assert (used.used_octets, used.used_messages) == (70, 1)
        assert (used.vault_octets, used.vault_messages) == (30, 1)
        assert uow.accounts.get(bob).used_octets == 5

    await store.transact(work)


async def test_a_login_is_remembered(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        ada = uow.accounts.add(account())
        uow.accounts.remember_login(ada.id, NOW)
        assert uow.accounts.get(ada.id) == replace(ada, last_login_at=NOW)

    await store.transact(work)


async def test_usage_and_logins_of_unknown_accounts_go_nowhere(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        ada = uow.accounts.add(account())
        uow.accounts.use([(99, Usage(octets=5))])
        uow.accounts.remember_login(99, NOW)
        assert uow.accounts.many([ada.id, 99]) == {ada.id: ada}

    await store.transact(work)


async def test_accounts_come_to_their_end_in_order(store: Store) -> None:
    def fill(uow: UnitOfWork) -> None:
        for days in (2, 1, None):
            ends_at = None if days is None else NOW + timedelta(days=days)
            uow.accounts.add(account(removed_at=NOW, ends_at=ends_at))

    await store.transact(fill)

    def ending(uow: UnitOfWork, days: float, limit: int = 9) -> list[int]:
        now = NOW + timedelta(days=days)
        return [each.id for each in uow.accounts.ending(now, limit)]

    assert await store.read(ending, 0.5) == []
    assert await store.read(ending, 1) == [2]
    assert await store.read(ending, 9) == [2, 1]
    assert await store.read(ending, 9, 1) == [2]
    first = await store.read(lambda uow: uow.accounts.get(1))
    assert (first.removed_at, first.ends_at) == (NOW, NOW + timedelta(days=2))
    await store.transact(lambda uow: uow.accounts.replace(replace(first, ends_at=None)))
    assert await store.read(ending, 9) == [2]


async def test_the_accounts_of_a_domain_are_those_of_its_addresses(
    store: Store,
) -> None:
    def fill(uow: UnitOfWork) -> None:
        for text in ("a@example.org", "b@example.orgs", "z@example.org", "a@x.org"):
            uow.accounts.add(account(Address.parse(text)))

    await store.transact(fill)

    def found(uow: UnitOfWork, after: int, limit: int) -> list[int]:
        return uow.accounts.in_domain("example.org", after=after, limit=limit)

    assert await store.read(found, 0, 9) == [1, 3]
    assert await store.read(found, 1, 9) == [3]
    assert await store.read(found, 0, 1) == [1]
