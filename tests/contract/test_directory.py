"""The directory: every address of ours is one thing only."""

from dataclasses import replace

import pytest

from postwarden.model.addresses import Address
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.errors import AlreadyExists, NotFound
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import ADA, BOB, addresses, entry

EVERY_KIND = tuple(EntryKind)


async def test_an_entry_comes_back_as_it_was_added(store: Store) -> None:
    group = entry(
        Address.parse('"All Staff"@bücher.example'),
        kind=EntryKind.GROUP,
        targets=(BOB, ADA, Address.parse("Élan@example.org"), BOB),
        account=7,
        keep_copy=True,
        enabled=False,
    )

    added = await store.transact(lambda uow: uow.directory.add(group))

    assert added == replace(group, id=added.id)
    assert await store.read(lambda uow: uow.directory.find(group.address)) == added


async def test_local_parts_compare_case_folded_and_show_as_created(
    store: Store,
) -> None:
    created = Address.parse("Ada.Straße@EXAMPLE.org")
    await store.transact(lambda uow: uow.directory.add(entry(created)))

    found = await store.read(
        lambda uow: uow.directory.find(Address.parse("ada.STRASSE@example.ORG"))
    )
    assert found is not None
    assert str(found.address) == "Ada.Straße@example.org"
    with pytest.raises(AlreadyExists):
        await store.transact(
            lambda uow: uow.directory.add(
                entry(Address.parse("ADA.strasse@example.org"))
            )
        )


async def test_an_address_is_one_thing_only(store: Store) -> None:
    await store.transact(lambda uow: uow.directory.add(entry(ADA)))

    for kind in EntryKind:
        with pytest.raises(AlreadyExists):
            await store.transact(
                lambda uow, k: uow.directory.add(entry(ADA, kind=k)), kind
            )


async def test_many_are_found_in_the_order_asked(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        ada, bob = uow.directory.add(entry(ADA)), uow.directory.add(entry(BOB))
        absent = Address.parse("carol@example.org")
        found = uow.directory.find_many([BOB, absent, ADA, BOB])
        assert found == [bob, None, ada, bob]
        assert uow.directory.find_many([]) == []

    await store.transact(work)


async def test_an_entry_is_replaced_with_its_address_and_targets(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        added = uow.directory.add(entry(ADA, targets=(BOB, ADA)))
        carol = Address.parse("carol@example.org")
        moved = replace(added, address=carol, targets=(ADA,), enabled=False)
        uow.directory.replace(moved)
        assert uow.directory.find(ADA) is None
        assert uow.directory.find(carol) == moved
        uow.directory.add(entry(ADA))

    await store.transact(work)


async def test_replacing_may_change_only_how_an_address_is_written(
    store: Store,
) -> None:
    def work(uow: UnitOfWork) -> None:
        added = uow.directory.add(entry(ADA))
        shouted = replace(added, address=Address("ADA", "example.org"))
        uow.directory.replace(shouted)
        assert uow.directory.find(ADA) == shouted

    await store.transact(work)


async def test_replacing_keeps_addresses_apart_and_needs_an_entry(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        ada, bob = uow.directory.add(entry(ADA)), uow.directory.add(entry(BOB))
        with pytest.raises(AlreadyExists):
            uow.directory.replace(replace(bob, address=ADA))
        with pytest.raises(NotFound):
            uow.directory.replace(replace(bob, id=99, targets=(ADA,)))
        assert uow.directory.find_many([ADA, BOB]) == [ada, bob]

    await store.transact(work)


async def test_a_removed_address_is_free_again(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.directory.add(entry(ADA, targets=(BOB,)))
        uow.directory.remove(ADA)
        uow.directory.remove(ADA)
        assert uow.directory.find(ADA) is None
        again = uow.directory.add(entry(ADA))
        assert uow.directory.find(ADA) == again
        assert again.targets == ()

    await store.transact(work)


@pytest.fixture
async def full(store: Store) -> Store:
    """A store with entries of all kinds in two domains and beside them."""
    texts = {
        EntryKind.ACCOUNT: addresses("c@a.example", "A@a.example", "x@b.example"),
        EntryKind.ALIAS: addresses("b@a.example", "z@a.example"),
        EntryKind.GROUP: addresses("d@a.example", "d@a.example0", "d@a"),
        EntryKind.LIST: addresses("é@a.example"),
    }

    def work(uow: UnitOfWork) -> None:
        for kind, all_of_kind in texts.items():
            for address in all_of_kind:
                uow.directory.add(entry(address, kind=kind, targets=(BOB,)))

    await store.transact(work)
    return store


def shown(entries: list[Entry]) -> str:
    assert all(each.targets == (BOB,) for each in entries)
    return " ".join(str(each.address) for each in entries)


async def test_pages_go_by_key(full: Store) -> None:
    def page(uow: UnitOfWork, after: str, limit: int) -> str:
        return shown(uow.directory.page(EVERY_KIND, after=after, limit=limit))

    assert await full.read(page, "", 99) == (
        "A@a.example b@a.example c@a.example d@a.example z@a.example é@a.example"
        " d@a.example0 d@a x@b.example"
    )
    assert await full.read(page, "a.example/b", 2) == "c@a.example d@a.example"
    assert await full.read(page, "a.example/z", 2) == "é@a.example d@a.example0"
    assert await full.read(page, "b.example/x", 2) == ""


async def test_a_page_of_a_domain_has_its_addresses_only(full: Store) -> None:
    def page(
        uow: UnitOfWork, kinds: list[EntryKind], after: str, limit: int = 99
    ) -> str:
        return shown(
            uow.directory.page(kinds, domain="a.example", after=after, limit=limit)
        )

    everything = list(EVERY_KIND)
    assert await full.read(page, everything, "") == (
        "A@a.example b@a.example c@a.example d@a.example z@a.example é@a.example"
    )
    assert await full.read(page, everything, "a.example/d", 1) == "z@a.example"
    assert await full.read(page, everything, "b") == ""
    assert await full.read(page, [EntryKind.ACCOUNT], "") == "A@a.example c@a.example"
    assert await full.read(page, [EntryKind.ALIAS, EntryKind.LIST], "") == (
        "b@a.example z@a.example é@a.example"
    )
    assert await full.read(page, [], "") == ""


def key_at(uow: UnitOfWork, kinds: tuple[EntryKind, ...], number: int) -> str | None:
    return uow.directory.key_at(kinds, domain="example.org", position=number)


async def test_the_entry_at_a_position_is_found_in_the_order_of_pages(
    full: Store,
) -> None:
    for kinds in (EVERY_KIND, (EntryKind.ACCOUNT, EntryKind.LIST), (EntryKind.GROUP,)):
        page = await full.read(
            lambda uow, k: uow.directory.page(k, domain="example.org", limit=100), kinds
        )
        keys = [each.address.key for each in page]
        at = [await full.read(key_at, kinds, n) for n in range(len(keys) + 2)]
        assert at == [*keys, None, None]


async def test_entries_are_counted_by_domain_and_kind(full: Store) -> None:
    def count(uow: UnitOfWork, domain: str, *kinds: EntryKind) -> int:
        return uow.directory.count(domain, kinds)

    assert await full.read(count, "a.example", *EVERY_KIND) == 6
    assert await full.read(count, "a.example", EntryKind.ACCOUNT) == 2
    assert await full.read(count, "a", *EVERY_KIND) == 1
    assert await full.read(count, "absent.example", *EVERY_KIND) == 0
    assert await full.read(count, "a.example") == 0


async def test_accounts_that_forward_are_paged(full: Store) -> None:
    still = entry(Address.parse("still@a.example"), kind=EntryKind.ACCOUNT)
    await full.transact(lambda uow: uow.directory.add(still))

    def page(uow: UnitOfWork, domain: str | None, after: str, limit: int) -> str:
        return shown(uow.directory.forwarding(domain=domain, after=after, limit=limit))

    assert await full.read(page, None, "", 9) == "A@a.example c@a.example x@b.example"
    assert await full.read(page, None, "a.example/a", 1) == "c@a.example"
    assert await full.read(page, "a.example", "", 9) == "A@a.example c@a.example"
    assert await full.read(page, "a.example", "a.example/c", 9) == ""


async def test_entries_are_found_by_their_targets(full: Store) -> None:
    def pointing(uow: UnitOfWork, text: str, after: str, limit: int) -> str:
        address = Address.parse(text)
        return shown(uow.directory.pointing_at(address, after=after, limit=limit))

    assert await full.read(pointing, "BOB@example.org", "", 3) == (
        "A@a.example b@a.example c@a.example"
    )
    assert await full.read(pointing, "bob@example.org", "a.example0/", 9) == (
        "d@a.example0 d@a x@b.example"
    )
    assert await full.read(pointing, "ada@example.org", "", 9) == ""


async def test_targets_are_repointed_wherever_they_stand(store: Store) -> None:
    carol, shouted = addresses("Carol@example.net", "BOB@example.org")

    def work(uow: UnitOfWork) -> None:
        one = uow.directory.add(entry(ADA, targets=(BOB, ADA, shouted)))
        two = uow.directory.add(entry(carol, targets=(BOB,)))
        three = uow.directory.add(entry(BOB, targets=(ADA,)))
        assert uow.directory.repoint(BOB, carol) == 3
        assert uow.directory.repoint(BOB, carol) == 0
        assert uow.directory.find_many([ADA, carol, BOB]) == [
            replace(one, targets=(carol, ADA, carol)),
            replace(two, targets=(carol,)),
            three,
        ]
        assert uow.directory.pointing_at(BOB, limit=9) == []

    await store.transact(work)


async def test_an_entry_is_known_by_its_id(store: Store) -> None:
    added = await store.transact(lambda uow: uow.directory.add(entry(ADA)))

    def addresses(uow: UnitOfWork) -> list[Address | None]:
        return [uow.directory.address_of(n) for n in (added.id, added.id + 1)]

    assert await store.read(addresses) == [ADA, None]
