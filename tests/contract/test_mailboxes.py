"""Mailboxes with their counters, and the expunge journal."""

from dataclasses import replace

import pytest

from postwarden.model.errors import AlreadyExists, NotFound
from postwarden.model.mailboxes import Mailbox
from postwarden.services.ports import Store, UnitOfWork
from postwarden.services.ports.mail import Left, Mark


async def test_a_mailbox_begins_empty(store: Store) -> None:
    added = await store.transact(lambda uow: uow.mailboxes.add(7, "Été/*", 1234567890))

    assert added == Mailbox(
        id=added.id, account=7, name="Été/*", uid_validity=1234567890
    )
    assert (added.uid_next, added.highest_modseq, added.messages) == (1, 1, 0)
    assert await store.read(lambda uow: uow.mailboxes.get(added.id)) == added
    assert await store.read(lambda uow: uow.mailboxes.find(7, "Été/*")) == added


async def test_names_are_exact_and_once_per_account(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        first = uow.mailboxes.add(1, "Work", 1)
        assert uow.mailboxes.find(1, "work") is None
        assert uow.mailboxes.find(2, "Work") is None
        with pytest.raises(AlreadyExists):
            uow.mailboxes.add(1, "Work", 2)
        others = uow.mailboxes.add(1, "work", 2), uow.mailboxes.add(2, "Work", 1)
        assert uow.mailboxes.find(1, "Work") == first
        assert len({first.id, others[0].id, others[1].id}) == 3

    await store.transact(work)


async def test_an_unknown_mailbox_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        await store.read(lambda uow: uow.mailboxes.get(1))


async def test_mailboxes_of_an_account_go_by_name(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        added = {name: uow.mailboxes.add(1, name, 1) for name in ("b", "a", "É", "B")}
        other = uow.mailboxes.add(2, "a", 1)
        found = uow.mailboxes.of_account(1)
        assert found == [added["B"], added["a"], added["b"], added["É"]]
        assert uow.mailboxes.of_account(3) == []
        assert uow.mailboxes.many([other.id, 99, added["a"].id]) == {
            other.id: other,
            added["a"].id: added["a"],
        }

    await store.transact(work)


async def test_updating_writes_the_counters_only(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        added = uow.mailboxes.add(1, "INBOX", 5)
        counted = replace(
            added, uid_next=9, highest_modseq=8, messages=7, unseen=6, octets=2**40
        )
        other = replace(counted, name="Other", account=2, uid_validity=6)
        uow.mailboxes.update([other, replace(other, id=99)])
        assert uow.mailboxes.get(added.id) == counted
        assert uow.mailboxes.find(1, "INBOX") == counted
        assert uow.mailboxes.find(2, "Other") is None

    await store.transact(work)


async def test_a_removed_mailbox_is_gone_and_its_name_free(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        first = uow.mailboxes.add(1, "INBOX", 5)
        uow.mailboxes.remove(first.id)
        uow.mailboxes.remove(first.id)
        assert uow.mailboxes.find(1, "INBOX") is None
        with pytest.raises(NotFound):
            uow.mailboxes.get(first.id)
        again = uow.mailboxes.add(1, "INBOX", 6)
        assert again.id > first.id
        assert uow.mailboxes.of_account(1) == [again]

    await store.transact(work)


async def test_the_journal_answers_what_left_since_a_modseq(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.mailboxes.record_expunged(
            [(1, 9, 4, 1), (1, 2, 5, 2), (1, 3, 4, 3), (2, 1, 9, 4)]
        )
        uow.mailboxes.record_expunged(iter([(1, 1, 7, 5)]))
        assert uow.mailboxes.expunged(1, 0) == [(3, 4), (9, 4), (2, 5), (1, 7)]
        assert uow.mailboxes.expunged(1, 4) == [(2, 5), (1, 7)]
        assert uow.mailboxes.expunged(1, 7) == []
        assert uow.mailboxes.expunged(3, 0) == []

    await store.transact(work)


async def test_the_journal_of_a_mailbox_is_forgotten_piece_by_piece(
    store: Store,
) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.mailboxes.record_expunged(
            [(1, 9, 4, 1), (1, 2, 5, 2), (1, 3, 4, 3), (2, 1, 9, 4)]
        )
        assert uow.mailboxes.forget_expunged(1, 2) == 2
        assert len(uow.mailboxes.expunged(1, 0)) == 1
        assert uow.mailboxes.forget_expunged(1, 2) == 1
        assert uow.mailboxes.forget_expunged(1, 2) == 0
        assert uow.mailboxes.expunged(2, 0) == [(1, 9)]

    await store.transact(work)


async def test_what_left_is_read_on_from_a_mark(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.mailboxes.record_expunged([(1, 9, 4, 11), (1, 2, 5, 12), (1, 3, 4, 13)])
        every = [
            Left(uid=3, modseq=4, item=13),
            Left(uid=9, modseq=4, item=11),
            Left(uid=2, modseq=5, item=12),
        ]
        assert uow.mailboxes.left(1, Mark(modseq=0, uid=0), 9) == every
        assert uow.mailboxes.left(1, Mark(modseq=0, uid=0), 2) == every[:2]
        assert uow.mailboxes.left(1, Mark(modseq=4, uid=3), 9) == every[1:]
        assert uow.mailboxes.left(1, Mark(modseq=4, uid=9), 9) == every[2:]
        assert uow.mailboxes.left(1, Mark(modseq=4, uid=2**63 - 1), 9) == every[2:]
        assert uow.mailboxes.left(1, Mark(modseq=5, uid=2), 9) == []

    await store.transact(work)


async def test_a_renamed_mailbox_is_found_by_its_new_name_only(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        one, two = uow.mailboxes.add(1, "one", 1), uow.mailboxes.add(1, "two", 1)
        uow.mailboxes.rename(one.id, "One")
        assert uow.mailboxes.find(1, "one") is None
        assert uow.mailboxes.find(1, "One") == replace(one, name="One")
        with pytest.raises(AlreadyExists):
            uow.mailboxes.rename(one.id, "two")
        assert uow.mailboxes.find(1, "two") == two
        uow.mailboxes.rename(99, "absent")
        assert len(uow.mailboxes.of_account(1)) == 2

    await store.transact(work)
