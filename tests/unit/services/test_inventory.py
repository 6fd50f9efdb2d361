"""Inventories: every address once, in pages, and only the actor's own."""

import pytest

from postwarden.model.actors import OPERATOR
from postwarden.model.directory import EntryKind
from postwarden.model.errors import NotFound
from postwarden.services import domains, entries, inventory
from postwarden.services.ports import Store
from tests.support.factories import ADA, BOB
from tests.unit.services.registry import (
    CAROL,
    MALLORY,
    host,
    name_alias,
    open_accounts,
)
from tests.unit.services.world import at


async def some_of_each(store: Store) -> None:
    await host(store, "example.org", "example.net")
    await open_accounts(store, ADA, BOB, at("eve", "example.net"))
    await name_alias(store, at("sales"), ADA)
    await name_alias(store, at("back"), ADA)
    for kind, name in ((EntryKind.GROUP, "team"), (EntryKind.LIST, "news")):
        await store.transact(entries.create, OPERATOR, kind, at(name), [ADA, BOB])
    await store.transact(
        domains.set_catch_all, OPERATOR, "example.org", at("sales"), new=True
    )


async def test_accounts_aliases_and_groups_are_listed_and_lists_apart(
    store: Store,
) -> None:
    await some_of_each(store)
    listed = await store.read(inventory.accounts, OPERATOR, limit=100)
    assert [str(each.entry.address) for each in listed] == [
        *("eve@example.net", "ada@example.org", "back@example.org"),
        *("bob@example.org", "sales@example.org", "team@example.org"),
    ]
    kinds = [each.entry.kind.value for each in listed]
    assert kinds == ["account", "account", "alias", "account", "alias", "group"]
    assert [each.account is not None for each in listed] == [
        kind == "account" for kind in kinds
    ]
    assert [each.is_catch_all for each in listed] == [False] * 4 + [True, False]
    assert listed[1].account is not None
    assert listed[1].account.address == ADA
    lists = await store.read(inventory.lists, OPERATOR, limit=100)
    assert [str(each.entry.address) for each in lists] == ["news@example.org"]


async def test_pages_follow_one_another(store: Store) -> None:
    await some_of_each(store)
    seen, after = [], ""
    while page := await store.read(inventory.accounts, OPERATOR, after=after, limit=2):
        seen += [each.entry.address.local_part for each in page]
        after = page[-1].key
    assert seen == ["eve", "ada", "back", "bob", "sales", "team"]


async def test_an_admin_of_one_domain_sees_that_domain(store: Store) -> None:
    await some_of_each(store)
    for actor, count in ((CAROL, 5), (MALLORY, 1)):
        assert len(await store.read(inventory.accounts, actor, limit=9)) == count
    named = await store.read(
        inventory.accounts, OPERATOR, domain="example.net", limit=9
    )
    assert [each.entry.address.local_part for each in named] == ["eve"]
    for read in (inventory.accounts, inventory.lists):
        with pytest.raises(NotFound):
            await store.read(read, MALLORY, domain="example.org", limit=9)
