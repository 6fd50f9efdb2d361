"""Forwards of accounts."""

import pytest

from postwarden.model.actors import OPERATOR
from postwarden.model.errors import AlreadyExists, Invalid, NotFound
from postwarden.services import forwards
from postwarden.services.ports import Store
from tests.support.factories import ADA, BOB
from tests.unit.services.registry import (
    CAROL,
    MALLORY,
    host,
    last_audited,
    name_alias,
    open_accounts,
)
from tests.unit.services.world import at

ELSEWHERE = at("ada", "example.com")


async def test_an_account_forwards_and_may_keep_a_copy(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA)
    await store.transact(forwards.create, CAROL, ADA, [ELSEWHERE], keep_copy=True)
    entry = await store.read(forwards.of_account, CAROL, ADA)
    assert forwards.facts(entry) == {
        "address": str(ADA),
        "to": [str(ELSEWHERE)],
        "keep_copy": True,
    }
    assert (await last_audited(store)).before is None


async def test_there_is_one_forward_per_account(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA)
    await store.transact(forwards.create, OPERATOR, ADA, [ELSEWHERE])
    with pytest.raises(AlreadyExists):
        await store.transact(forwards.create, OPERATOR, ADA, [BOB])
    changed = await store.transact(forwards.change, OPERATOR, ADA, targets=[BOB])
    assert (changed.targets, changed.keep_copy) == ((BOB,), False)
    kept = await store.transact(forwards.change, OPERATOR, ADA, keep_copy=True)
    assert (kept.targets, kept.keep_copy) == ((BOB,), True)


async def test_a_removed_forward_leaves_the_account(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA)
    await store.transact(forwards.create, OPERATOR, ADA, [BOB], keep_copy=True)
    await store.transact(forwards.remove, OPERATOR, ADA)
    with pytest.raises(NotFound):
        await store.read(forwards.of_account, OPERATOR, ADA)
    with pytest.raises(NotFound):
        await store.transact(forwards.change, OPERATOR, ADA, targets=[BOB])
    await store.transact(forwards.create, OPERATOR, ADA, [BOB])


async def test_only_accounts_forward_and_not_to_themselves(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA)
    await name_alias(store, at("sales"), ADA)
    with pytest.raises(NotFound):
        await store.transact(forwards.create, OPERATOR, at("sales"), [BOB])
    with pytest.raises(Invalid):
        await store.transact(forwards.create, OPERATOR, ADA, [at("ADA")])
    with pytest.raises(Invalid):
        await store.transact(forwards.create, OPERATOR, ADA, [])


async def test_forwards_are_listed_by_domain_and_page(store: Store) -> None:
    await host(store, "example.org", "example.net")
    eve = at("eve", "example.net")
    await open_accounts(store, ADA, BOB, eve)
    for address in (ADA, eve):
        await store.transact(forwards.create, OPERATOR, address, [ELSEWHERE])
    listed = await store.read(forwards.page, OPERATOR, limit=10)
    assert [entry.address for entry in listed] == [eve, ADA]
    behind = await store.read(forwards.page, OPERATOR, after=eve.key, limit=10)
    assert [entry.address for entry in behind] == [ADA]
    own = await store.read(forwards.page, MALLORY, limit=10)
    assert [entry.address for entry in own] == [eve]
    first = await store.read(forwards.page, OPERATOR, limit=1)
    assert [entry.address for entry in first] == [eve]
