"""Aliases, groups and lists: addresses that lead to others."""

import pytest

from postwarden.model.actors import OPERATOR
from postwarden.model.addresses import Address
from postwarden.model.directory import EntryKind
from postwarden.model.errors import (
    AlreadyExists,
    Invalid,
    LimitExceeded,
    NotFound,
    Refused,
)
from postwarden.services import access, domains, entries
from postwarden.services.ports import Store
from tests.support.factories import ADA, BOB
from tests.unit.services.registry import (
    MALLORY,
    host,
    last_audited,
    name_alias,
    open_accounts,
)
from tests.unit.services.world import at

SALES = at("sales")
ELSEWHERE = at("bob", "example.com")
WITH_TARGETS = (EntryKind.ALIAS, EntryKind.GROUP, EntryKind.LIST)


@pytest.mark.parametrize("kind", WITH_TARGETS)
async def test_targets_may_be_here_or_elsewhere(store: Store, kind: EntryKind) -> None:
    await host(store, "example.org")
    await store.transact(entries.create, OPERATOR, kind, SALES, [ADA, ELSEWHERE])
    entry = await store.read(access.entry, OPERATOR, SALES, kind)
    assert entry.targets == (ADA, ELSEWHERE)
    audit = await last_audited(store)
    assert (audit.action, audit.object) == (f"{kind}.create", f"{kind} {SALES}")


async def test_a_target_counts_once_and_keeps_its_place(store: Store) -> None:
    await host(store, "example.org")
    entry = await store.transact(
        entries.create,
        OPERATOR,
        EntryKind.ALIAS,
        SALES,
        [ADA, BOB, at("ADA"), ELSEWHERE],
    )
    assert entry.targets == (ADA, BOB, ELSEWHERE)


@pytest.mark.parametrize("kind", WITH_TARGETS)
async def test_there_is_one_target_at_least(store: Store, kind: EntryKind) -> None:
    await host(store, "example.org")
    with pytest.raises(Invalid, match="needs a"):
        await store.transact(entries.create, OPERATOR, kind, SALES, [])
    await store.transact(entries.create, OPERATOR, kind, SALES, [ADA])
    with pytest.raises(Invalid, match="needs a"):
        await store.transact(entries.change, OPERATOR, kind, SALES, remove=[ADA])


async def test_nothing_leads_to_itself(store: Store) -> None:
    await host(store, "example.org")
    with pytest.raises(Invalid, match="itself"):
        await store.transact(
            entries.create, OPERATOR, EntryKind.ALIAS, SALES, [at("SALES")]
        )


async def test_targets_are_bounded(store: Store) -> None:
    await host(store, "example.org")
    too_many = [at(f"a{n}") for n in range(entries.MAX_TARGETS + 1)]
    with pytest.raises(LimitExceeded):
        await store.transact(entries.create, OPERATOR, EntryKind.GROUP, SALES, too_many)


async def test_an_address_is_unique_over_all_kinds(store: Store) -> None:
    await host(store, "example.org")
    await open_accounts(store, ADA)
    with pytest.raises(AlreadyExists, match="account ada"):
        await name_alias(store, ADA, BOB)


@pytest.mark.parametrize(
    ("add", "remove", "expected"),
    [
        ([BOB], [], (ADA, ELSEWHERE, BOB)),
        ([], [ELSEWHERE], (ADA,)),
        ([BOB], [at("ADA")], (ELSEWHERE, BOB)),
        ([ADA], [], (ADA, ELSEWHERE)),
        ([], [BOB], (ADA, ELSEWHERE)),
    ],
)
async def test_targets_are_added_and_removed(
    store: Store,
    add: list[Address],
    remove: list[Address],
    expected: tuple[Address, ...],
) -> None:
    await host(store, "example.org")
    await name_alias(store, SALES, ADA, ELSEWHERE)
    changed = await store.transact(
        entries.change, OPERATOR, EntryKind.ALIAS, SALES, add=add, remove=remove
    )
    assert changed.targets == expected
    assert await store.read(access.entry, OPERATOR, SALES) == changed


async def test_all_targets_are_replaced(store: Store) -> None:
    await host(store, "example.org")
    await name_alias(store, SALES, ADA, ELSEWHERE)
    await store.transact(
        entries.change, OPERATOR, EntryKind.ALIAS, SALES, targets=[BOB]
    )
    audit = await last_audited(store)
    assert audit.before == {"to": [str(ADA), str(ELSEWHERE)]}
    assert audit.after == {"to": [str(BOB)]}


async def test_an_entry_is_switched_off_and_keeps_its_targets(store: Store) -> None:
    await host(store, "example.org")
    await name_alias(store, SALES, ADA)
    changed = await store.transact(
        entries.change, OPERATOR, EntryKind.ALIAS, SALES, enabled=False
    )
    assert not changed.enabled
    assert changed.targets == (ADA,)


async def test_a_removed_address_is_free(store: Store) -> None:
    await host(store, "example.org")
    await name_alias(store, SALES, ADA)
    await store.transact(entries.remove, OPERATOR, EntryKind.ALIAS, SALES)
    await open_accounts(store, SALES)


async def test_the_catch_all_of_a_domain_stays(store: Store) -> None:
    await host(store, "example.org")
    await name_alias(store, SALES, ELSEWHERE)
    await store.transact(domains.change, OPERATOR, "example.org", catch_all=SALES)
    with pytest.raises(Refused, match=r"catch-all of example\.org"):
        await store.transact(entries.remove, OPERATOR, EntryKind.ALIAS, SALES)


async def test_a_foreign_entry_looks_absent(store: Store) -> None:
    await host(store, "example.org")
    await name_alias(store, SALES, ADA)
    for address in (SALES, at("nobody")):
        with pytest.raises(NotFound, match=f"alias {address} does not exist"):
            await store.transact(entries.remove, MALLORY, EntryKind.ALIAS, address)


@pytest.mark.parametrize("kind", WITH_TARGETS)
async def test_what_leads_to_an_address_follows_its_new_name(
    store: Store, kind: EntryKind
) -> None:
    await host(store, "example.org")
    await store.transact(entries.create, OPERATOR, kind, SALES, [ELSEWHERE])
    over = at("over")
    await store.transact(entries.create, OPERATOR, EntryKind.ALIAS, over, [SALES])
    await store.transact(domains.change, OPERATOR, "example.org", catch_all=SALES)
    new = at("Shop")
    renamed = await store.transact(entries.rename, OPERATOR, kind, SALES, new)
    assert (renamed.address, renamed.targets) == (new, (ELSEWHERE,))
    audit = await last_audited(store)
    assert (audit.action, audit.object) == (f"{kind}.change", f"{kind} {SALES}")
    assert (audit.before, audit.after) == (
        {"address": str(SALES)},
        {"address": str(new)},
    )
    entry = await store.read(access.entry, OPERATOR, over, EntryKind.ALIAS)
    assert entry.targets == (new,)
    domain = await store.read(domains.get, OPERATOR, "example.org")
    assert domain.catch_all == new
    with pytest.raises(NotFound):
        await store.read(access.entry, OPERATOR, SALES, kind)


async def test_a_new_name_is_free_and_leads_elsewhere(store: Store) -> None:
    await host(store, "example.org")
    kind = EntryKind.ALIAS
    await store.transact(entries.create, OPERATOR, kind, SALES, [ADA])
    await store.transact(entries.create, OPERATOR, kind, at("shop"), [BOB])
    with pytest.raises(AlreadyExists):
        await store.transact(entries.rename, OPERATOR, kind, SALES, at("shop"))
    with pytest.raises(Refused):
        await store.transact(entries.rename, OPERATOR, kind, SALES, ADA)
    with pytest.raises(NotFound):
        await store.transact(entries.rename, MALLORY, kind, SALES, at("new"))
    spelt = await store.transact(entries.rename, OPERATOR, kind, SALES, at("SALES"))
    assert spelt.address.local_part == "SALES"
