"""Holds and the marks they leave on copies."""

from dataclasses import replace

import pytest

from postwarden.model.errors import NotFound
from postwarden.model.holds import HeldAccount, HeldCopies, Hold, HoldState
from postwarden.model.mailboxes import CopyState
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import (
    ADA,
    BOB,
    NOW,
    account,
    copy_in,
    hold,
    message,
)


def add_copies(uow: UnitOfWork) -> list[int]:
    """Three copies of two messages for ada, one for bob."""
    ada, bob = uow.accounts.add(account(ADA)).id, uow.accounts.add(account(BOB)).id
    of_ada, of_bob = uow.mailboxes.add(ada, "INBOX", 1), uow.mailboxes.add(bob, "A", 1)
    first, second = uow.messages.add(message("a")).id, uow.messages.add(message("b")).id
    added = uow.copies.add(
        [
            copy_in(of_ada, first, 1, size=10),
            copy_in(of_ada, second, 2, size=20, state=CopyState.VAULTED),
            copy_in(of_ada, second, 3, size=20, state=CopyState.CONTAINED),
            copy_in(of_bob, first, 1, size=10),
        ]
    )
    return [copy.id for copy in added]


def add(uow: UnitOfWork, new: Hold) -> Hold:
    return uow.holds.add(new)


WHOLE = hold(
    name="merger",
    query="account:ada@example.org",
    state=HoldState.PLACING,
    accounts=(("example.org/ada", (1, 7)), ("example.org/bob", (2,))),
    domains=("example.org",),
    case=3,
)


async def test_a_hold_comes_back_as_it_was_added(store: Store) -> None:
    first = await store.transact(add, WHOLE)
    second = await store.transact(add, hold())

    assert first == replace(WHOLE, id=first.id)
    assert await store.read(lambda uow: uow.holds.get(first.id)) == first
    assert await store.read(lambda uow: uow.holds.page(limit=9)) == [first, second]
    assert await store.read(lambda uow: uow.holds.page(after=first.id, limit=9)) == [
        second
    ]
    with pytest.raises(NotFound):
        await store.read(lambda uow: uow.holds.get(99))


async def test_only_its_state_and_release_change(store: Store) -> None:
    added = await store.transact(add, WHOLE)
    released = replace(
        added,
        state=HoldState.RELEASED,
        released_by="carol",
        released_at=NOW,
        release_reason="settled",
    )

    changed = replace(released, query="all", reason="another", name="other")
    await store.transact(lambda uow: uow.holds.replace(changed))

    assert await store.read(lambda uow: uow.holds.get(added.id)) == released
    with pytest.raises(NotFound):
        await store.transact(lambda uow: uow.holds.replace(replace(added, id=99)))


async def test_what_is_placing_or_active_is_in_force(store: Store) -> None:
    for state in HoldState:
        await store.transact(add, hold(state=state))

    found = await store.read(lambda uow: uow.holds.in_force())

    assert [each.state for each in found] == [HoldState.PLACING, HoldState.ACTIVE]


async def test_marks_are_set_once_and_counted(store: Store) -> None:
    copies = await store.transact(add_copies)
    one, two = [(await store.transact(add, hold())).id for _ in range(2)]

    assert await store.transact(lambda uow: uow.holds.mark(one, copies[:2])) == [1, 2]
    again = [copies[1], copies[2], 99]
    assert await store.transact(lambda uow: uow.holds.mark(one, again)) == [3]
    assert await store.transact(lambda uow: uow.holds.mark(two, [3, 3])) == [3]

    held = await store.read(lambda uow: uow.holds.of([1, 2, 3, 4, 99]))
    assert dict(held) == {1: (one,), 2: (one,), 3: (one, two)}
    known = await store.read(lambda uow: uow.copies.many(copies))
    assert [known[copy].held for copy in copies] == [1, 1, 2, 0]
    facts = await store.read(lambda uow: uow.copies.facts(copies))
    assert [each.hold for each in facts] == [(one,), (one,), (one, two), ()]


async def test_marks_come_off_hold_by_hold(store: Store) -> None:
    copies = await store.transact(add_copies)
    one, two = [(await store.transact(add, hold())).id for _ in range(2)]
    await store.transact(lambda uow: uow.holds.mark(one, copies))
    await store.transact(lambda uow: uow.holds.mark(two, copies[:1]))

    await store.transact(lambda uow: uow.holds.unmark(one, [1, 2, 99]))
    await store.transact(lambda uow: uow.holds.unmark(one, [1]))

    held = await store.read(lambda uow: uow.holds.of(copies))
    assert dict(held) == {1: (two,), 3: (one,), 4: (one,)}
    known = await store.read(lambda uow: uow.copies.many(copies))
    assert [known[copy].held for copy in copies] == [1, 0, 1, 1]
    assert await store.read(lambda uow: uow.holds.marked(one, limit=1)) == [3]
    assert await store.read(lambda uow: uow.holds.marked(one, after=3, limit=9)) == [4]


async def test_marks_are_counted_anew(store: Store) -> None:
    copies = await store.transact(add_copies)
    number = (await store.transact(add, hold())).id
    await store.transact(lambda uow: uow.holds.mark(number, copies[:2]))

    await store.transact(lambda uow: uow.holds.recount([*copies, 99]))

    known = await store.read(lambda uow: uow.copies.many(copies))
    assert [known[copy].held for copy in copies] == [1, 1, 0, 0]


async def test_a_new_copy_is_not_held_whatever_it_says(store: Store) -> None:
    copies = await store.transact(add_copies)
    known = await store.read(lambda uow: uow.copies.many(copies))

    [added] = await store.transact(
        lambda uow: uow.copies.add([replace(known[1], uid=9, held=5)])
    )

    assert added.held == 0
    assert await store.read(lambda uow: uow.copies.many([added.id])[added.id]) == added


async def test_updating_a_copy_leaves_its_marks(store: Store) -> None:
    copies = await store.transact(add_copies)
    [copy] = (await store.read(lambda uow: uow.copies.many(copies[:1]))).values()
    number = (await store.transact(add, hold())).id
    await store.transact(lambda uow: uow.holds.mark(number, [copy.id]))

    await store.transact(lambda uow: uow.copies.update([copy]))

    assert (await store.read(lambda uow: uow.copies.many([copy.id])))[copy.id].held == 1


async def test_the_extent_is_counted_in_all_units(store: Store) -> None:
    copies = await store.transact(add_copies)
    number = (await store.transact(add, hold())).id
    assert await store.read(lambda uow: uow.holds.extent(number)) == HeldCopies()

    await store.transact(lambda uow: uow.holds.mark(number, copies))

    assert await store.read(lambda uow: uow.holds.extent(number)) == HeldCopies(
        copies=4, octets=60, messages=2, accounts=2, live=2, contained=1, vaulted=1
    )
    ada = HeldAccount(account=1, address=str(ADA), copies=3, octets=50)
    bob = HeldAccount(account=2, address=str(BOB), copies=1, octets=10)

    def by_account(uow: UnitOfWork, after: int, limit: int) -> list[HeldAccount]:
        return uow.holds.extent_by_account(number, after=after, limit=limit)

    assert await store.read(by_account, 0, 9) == [ada, bob]
    assert await store.read(by_account, 0, 1) == [ada]
    assert await store.read(by_account, 1, 9) == [bob]


async def test_accounts_are_known_by_key_removed_ones_too(store: Store) -> None:
    def fill(uow: UnitOfWork) -> None:
        for address in (ADA, BOB, ADA):
            uow.accounts.add(account(address))

    await store.transact(fill)

    keys = [ADA.key, BOB.key, "example.org/nobody"]
    found = await store.read(lambda uow: uow.accounts.known_as(keys))
    assert found == {ADA.key: [1, 3], BOB.key: [2]}
