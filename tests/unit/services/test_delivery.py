"""What an accepted envelope becomes."""

import pytest

from postwarden.model.directory import EntryKind
from postwarden.model.errors import NotFound, OverQuota
from postwarden.model.ledger import LedgerRow
from postwarden.model.queries import Query
from postwarden.model.queries.terms import All
from postwarden.services import delivery
from postwarden.services.ports import Store, UnitOfWork
from postwarden.services.resolution import Rules
from tests.support import factories
from tests.unit.services.world import (
    RULES,
    add_account,
    add_domain,
    add_entry,
    at,
    copies_of,
    deliver,
    inbox_sizes,
    people,
)


def ledger_of(uow: UnitOfWork) -> list[LedgerRow]:
    return uow.ledger.rows(uow.ledger.search(Query(All()), similar={}))


async def told(store: Store) -> list[tuple[str, str | None, str | None]]:
    rows = await store.read(ledger_of)
    return [(row.event.value, row.forward_path, row.account) for row in rows]


async def test_a_mail_to_two_accounts_is_stored_once_and_told_of(store: Store) -> None:
    await store.transact(people)

    await deliver(store, factories.message(), at("ada"), at("bob"))

    def look(uow: UnitOfWork) -> set[int]:
        return {c.message for n in ("ada", "bob") for c in copies_of(uow, at(n))}

    assert len(await store.read(look)) == 1
    assert await told(store) == [
        ("RECEIVE", "ada@example.org", None),
        ("RECEIVE", "bob@example.org", None),
        ("DELIVER", "ada@example.org", "ada@example.org"),
        ("DELIVER", "bob@example.org", "bob@example.org"),
    ]


async def test_a_foreign_destination_is_parked_durably(store: Store) -> None:
    def prepare(uow: UnitOfWork) -> None:
        people(uow)
        add_account(uow, at("fwd"), targets=(at("dan", "elsewhere.example"),))

    await store.transact(prepare)

    await deliver(store, factories.message(), at("fwd"))

    entries = await store.read(lambda uow: uow.queue.page(limit=10))
    assert [(str(e.forward_path), str(e.via)) for e in entries] == [
        ("dan@elsewhere.example", "fwd@example.org")
    ]
    assert (await told(store))[-1][:2] == ("DEFER", "dan@elsewhere.example")


async def test_a_full_account_refuses_and_nothing_is_half_done(store: Store) -> None:
    def prepare(uow: UnitOfWork) -> None:
        add_domain(uow)
        add_account(uow, at("full"), quota_octets=500)

    await store.transact(prepare)

    with pytest.raises(OverQuota):
        await deliver(store, factories.message(), at("full"))

    assert await told(store) == []
    assert await store.read(lambda uow: uow.messages.page(after=0, limit=9)) == []


async def test_one_full_account_among_others_is_parked_over_smtp(
    store: Store,
) -> None:
    def prepare(uow: UnitOfWork) -> None:
        people(uow)
        add_account(uow, at("full"), quota_messages=1, used_messages=1)

    await store.transact(prepare)

    await deliver(store, factories.message(), at("ada"), at("full"))

    assert await inbox_sizes(store, ["ada", "full"]) == {"ada": 1, "full": 0}
    entries = await store.read(lambda uow: uow.queue.page(limit=10))
    assert [str(e.forward_path) for e in entries] == ["full@example.org"]


async def test_one_full_account_among_others_is_answered_over_lmtp(
    store: Store,
) -> None:
    def prepare(uow: UnitOfWork) -> None:
        people(uow)
        add_account(uow, at("full"), quota_messages=1, used_messages=1)

    await store.transact(prepare)

    delivered = await deliver(
        store, factories.message(), at("ada"), at("full"), per_recipient=True
    )

    assert delivered.errors[0] is None
    assert isinstance(delivered.errors[1], OverQuota)
    assert await store.read(lambda uow: uow.queue.page(limit=10)) == []


async def test_a_full_account_named_twice_is_answered_twice_over_lmtp(
    store: Store,
) -> None:
    def prepare(uow: UnitOfWork) -> None:
        people(uow)
        add_account(uow, at("full"), quota_messages=1, used_messages=1)

    await store.transact(prepare)

    delivered = await deliver(
        store,
        factories.message(),
        at("full"),
        at("ada"),
        at("FULL"),
        per_recipient=True,
    )

    assert [type(error) for error in delivered.errors] == [
        OverQuota,
        type(None),
        OverQuota,
    ]


async def test_an_alias_that_leads_nowhere_refuses_or_is_parked(store: Store) -> None:
    def prepare(uow: UnitOfWork) -> None:
        people(uow)
        add_entry(uow, at("dead"), at("nobody"))

    await store.transact(prepare)

    with pytest.raises(NotFound):
        await deliver(store, factories.message(), at("dead"))
    await deliver(store, factories.message(), at("ada"), at("dead"))

    entries = await store.read(lambda uow: uow.queue.page(limit=10))
    assert [str(entry.forward_path) for entry in entries] == ["dead@example.org"]


async def test_a_large_group_is_expanded_in_chunks_without_loss_or_double(
    store: Store,
) -> None:
    names = [f"member{number}" for number in range(25)]

    def prepare(uow: UnitOfWork) -> None:
        add_domain(uow)
        for name in names:
            add_account(uow, at(name))
        add_entry(uow, at("all"), *map(at, names), kind=EntryKind.GROUP)

    await store.transact(prepare)
    rules = Rules(host=RULES.host, inline=10)

    await deliver(store, factories.message(), at("all"), rules=rules)

    assert set((await inbox_sizes(store, names)).values()) == {0}
    task = await store.read(lambda uow: uow.tasks.unfinished(delivery.EXPAND, "1"))
    assert task is not None
    chunks = []
    while count := await store.transact(delivery.expand, 1, limit=10):
        chunks.append(count)
    assert chunks == [10, 10, 5]
    assert await inbox_sizes(store, names) == dict.fromkeys(names, 1)


async def test_a_copy_knows_the_recipient_that_brought_it(store: Store) -> None:
    def prepare(uow: UnitOfWork) -> None:
        people(uow)
        add_entry(uow, at("sales"), at("bob"))

    await store.transact(prepare)

    await deliver(store, factories.message(), at("ada"), at("sales"))

    def look(uow: UnitOfWork) -> list[int | None]:
        return [copies_of(uow, at(name))[0].recipient for name in ("ada", "bob")]

    assert await store.read(look) == [0, 1]
