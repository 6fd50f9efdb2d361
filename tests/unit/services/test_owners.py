"""Owners of accounts, and administrators in their place: who may be whom."""

from dataclasses import replace
from datetime import timedelta

import pytest

from postwarden.model.accounts import AccountState
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.addresses import Address
from postwarden.model.errors import (
    Forbidden,
    NotFound,
    Suspended,
    Unauthenticated,
)
from postwarden.model.logins import GuardRules, Origin
from postwarden.model.permissions import EVERYTHING, Permission
from postwarden.services import access, accounts, keys, owners, removals
from postwarden.services.administrators import NewAdministrator, create
from postwarden.services.logins import sessions
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import ADA, BOB, Clock
from tests.support.passwords import CountingPasswords
from tests.unit.services.registry import CAROL, audited, host, open_accounts

EVE = replace(ADA, local_part="eve", domain="example.net")


@pytest.fixture
async def house(store: Store) -> Store:
    await host(store, "example.org", "example.net")
    await open_accounts(store, ADA, BOB, EVE)
    return store


async def owner(store: Store, address: Address = ADA) -> Actor:
    def make(uow: UnitOfWork) -> Actor:
        account = access.account(uow, OPERATOR, address)
        return owners.owner(account, dialect="ews", client_ip="192.0.2.1")

    return await store.read(make)


async def entries(store: Store) -> list[tuple[str, str | None, str]]:
    acts = [each for each in await audited(store) if each.action.endswith("log-in-as")]
    return [(each.actor, each.on_behalf_of, each.object) for each in acts]


async def test_an_owner_comes_with_the_password_of_the_account(house: Store) -> None:
    passwords = CountingPasswords()
    hashed = await passwords.hash("secret of ada")
    await house.transact(accounts.change, OPERATOR, ADA, password_hash=hashed)

    async def come(password: str) -> Actor:
        return await owners.recognised(
            house,
            passwords,
            str(ADA),
            password,
            origin=Origin(client_ip="192.0.2.7", protocol="ews"),
            rules=GuardRules(),
            dialect="ews",
        )

    actor = await come("secret of ada")

    assert (actor.name, actor.client_ip, actor.dialect) == (
        *(str(ADA), "192.0.2.7"),
        "ews",
    )
    assert actor.account is not None
    assert (actor.permissions, actor.domains) == (frozenset(), frozenset())
    with pytest.raises(Unauthenticated):
        await come("another")


async def test_an_owner_owns_one_account_and_nothing_else(house: Store) -> None:
    ada, bob = await owner(house), await owner(house, BOB)

    found = await house.read(access.mailbox_owner, ada, ada.account)
    assert found.address == ADA
    for number in (bob.account, 99, None):
        with pytest.raises(NotFound):
            await house.read(access.mailbox_owner, ada, number)
    with pytest.raises(NotFound):
        await house.read(access.mailbox_owner, OPERATOR, ada.account)
    with pytest.raises(Forbidden):
        await house.read(accounts.mailboxes, ada, ADA)


async def test_an_account_named_as_an_administrator_is_not_him(house: Store) -> None:
    new = NewAdministrator(name=str(ADA), role="auditor")
    await house.transact(create, OPERATOR, new)
    ada = await owner(house)
    other = await house.transact(owners.log_in_as, OPERATOR, BOB)

    for actor in (ada, replace(other, name=str(ADA))):
        for act in (
            lambda uow, who: keys.create(uow, who, str(ADA)),
            lambda uow, who: sessions.page(uow, who, limit=9),
            lambda uow, who: keys.page(uow, who, limit=9),
        ):
            with pytest.raises((NotFound, Forbidden)):
                await house.transact(act, actor)
    assert OPERATOR.is_operator
    assert not other.is_operator


async def test_an_administrator_acts_as_the_owner_and_as_nothing_more(
    house: Store,
) -> None:
    acting = await house.transact(owners.log_in_as, CAROL, ADA)

    assert (acting.name, acting.on_behalf_of) == ("carol", str(ADA))
    assert (acting.permissions, acting.domains) == (frozenset(), frozenset())
    found = await house.read(access.mailbox_owner, acting, acting.account)
    assert found.address == ADA
    with pytest.raises(Forbidden):
        await house.transact(owners.log_in_as, acting, BOB)


async def test_logging_in_as_another_takes_the_right_to(house: Store) -> None:
    lesser = replace(CAROL, permissions=EVERYTHING - {Permission.ACCOUNT_LOG_IN_AS})
    with pytest.raises(Forbidden):
        await owners.logged_in_as(house, lesser, ADA)
    for address in (EVE, replace(EVE, local_part="nobody")):
        with pytest.raises(NotFound):
            await owners.logged_in_as(house, CAROL, address)
    assert await entries(house) == []


async def test_one_entry_stands_for_an_hour_of_one_actor_and_dialect(
    house: Store, clock: Clock
) -> None:
    async def come(actor: Actor = CAROL) -> int:
        await owners.logged_in_as(house, actor, ADA)
        await house.transact(owners.log_in_as, actor, ADA)
        return len(await entries(house))

    assert await come() == 1
    assert await come(replace(CAROL, dialect="ews")) == 2
    assert await come(OPERATOR) == 3
    clock.now += timedelta(minutes=59)
    assert await come() == 3
    clock.now += timedelta(minutes=1)
    assert await come() == 4
    assert (await entries(house))[-1] == ("carol", str(ADA), f"account {ADA}")


async def test_a_disabled_account_is_closed_to_its_owner_only(house: Store) -> None:
    ada = await owner(house)
    acting = await house.transact(owners.log_in_as, CAROL, ADA)
    await house.transact(accounts.change, OPERATOR, ADA, state=AccountState.DISABLED)

    with pytest.raises(Suspended):
        await house.read(access.mailbox_owner, ada, ada.account)
    found = await house.read(access.mailbox_owner, acting, acting.account)
    assert found.state is AccountState.DISABLED

    await house.transact(removals.start, OPERATOR, ADA)
    for actor in (ada, acting):
        with pytest.raises(NotFound):
            await house.read(access.mailbox_owner, actor, actor.account)
