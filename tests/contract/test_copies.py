"""Copies: the location index."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from postwarden.model.mailboxes import Copy, CopyState, DiscardKind, Flag, Mailbox
from postwarden.model.messages import Message
from postwarden.services.ports import CopyFacts, Store, UnitOfWork
from postwarden.services.ports.mail import Overdue
from tests.support.factories import (
    ADA,
    NOW,
    account,
    copy_in,
    digest,
    envelope,
    hold,
    message,
)
from tests.support.stores import BROKEN_CONSTRAINT


@dataclass(frozen=True)
class Place:
    """An account's two mailboxes and two messages."""

    inbox: Mailbox
    trash: Mailbox
    first: Message
    second: Message


def make_place(uow: UnitOfWork) -> Place:
    owner = uow.accounts.add(account()).id
    return Place(
        uow.mailboxes.add(owner, "INBOX", 1),
        uow.mailboxes.add(owner, "Trash", 1),
        uow.messages.add(message("first", size=1234)),
        uow.messages.add(message("second", message_id=None, fingerprint=None)),
    )


@pytest.fixture
async def place(store: Store) -> Place:
    return await store.transact(make_place)


def add(uow: UnitOfWork, *copies: Copy) -> list[Copy]:
    return uow.copies.add(copies)


async def test_a_copy_comes_back_as_it_was_added(store: Store, place: Place) -> None:
    whole = copy_in(
        place.inbox,
        place.first.id,
        2**32 - 1,
        flags=Flag.SEEN | Flag.DRAFT,
        keywords=("$Forwarded", "urgent"),
        internal_date=NOW - timedelta(days=1),
        modseq=2**60,
        reception=3,
        recipient=0,
        state=CopyState.CONTAINED,
    )

    (added,) = await store.transact(add, whole)

    assert added == replace(whole, id=added.id)
    assert await store.read(lambda uow: uow.copies.many([added.id, 99])) == {
        added.id: added
    }


async def test_ids_rise_in_the_order_given(store: Store, place: Place) -> None:
    added = await store.transact(
        add, *(copy_in(place.inbox, place.first.id, uid) for uid in (3, 1, 2))
    )

    ids = [copy.id for copy in added]
    assert ids == sorted(ids)
    assert [copy.uid for copy in added] == [3, 1, 2]


async def test_a_uid_has_one_live_copy(store: Store, place: Place) -> None:
    hidden = copy_in(place.inbox, place.first.id, 1, state=CopyState.VAULTED)
    live = copy_in(place.inbox, place.first.id, 1)
    await store.transact(add, hidden, hidden, live)

    with pytest.raises(BROKEN_CONSTRAINT):
        await store.transact(add, copy_in(place.trash, place.first.id, 1), live)

    assert (
        await store.read(lambda uow: uow.copies.in_mailbox(place.trash.id, limit=9))
        == []
    )


async def test_updating_keeps_a_uid_for_one_live_copy(
    store: Store, place: Place
) -> None:
    one, two, hidden = await store.transact(
        add,
        copy_in(place.inbox, place.first.id, 1),
        copy_in(place.inbox, place.first.id, 2),
        copy_in(place.inbox, place.first.id, 1, state=CopyState.CONTAINED),
    )

    for clash in (replace(two, uid=1), replace(hidden, state=CopyState.LIVE)):
        with pytest.raises(BROKEN_CONSTRAINT):
            await store.transact(lambda uow, c: uow.copies.update([c]), clash)

    # In this order the UID is free when it is taken.
    swap = [
        replace(one, state=CopyState.VAULTED),
        replace(hidden, state=CopyState.LIVE),
    ]
    await store.transact(lambda uow: uow.copies.update(swap))
    found = await store.read(lambda uow: uow.copies.in_mailbox(place.inbox.id, limit=9))
    assert [copy.id for copy in found] == [hidden.id, two.id]


async def test_updating_writes_all_that_may_change_and_no_more(
    store: Store, place: Place
) -> None:
    (added,) = await store.transact(add, copy_in(place.inbox, place.first.id, 1))
    later = NOW + timedelta(hours=1)
    moved = replace(
        added,
        mailbox=place.trash.id,
        uid=7,
        flags=Flag.DELETED,
        keywords=("a", "b"),
        modseq=9,
        save_date=later,
        state=CopyState.CONTAINED,
        account=99,
        vaulted_at=later,
        expires_at=later + timedelta(days=30),
        lay_in="Inbox/a",
        discarded=DiscardKind.PURGED,
        item=5,
        item_uid=4,
    )
    other = replace(moved, message=place.second.id, internal_date=later, size=5, held=3)

    await store.transact(lambda uow: uow.copies.update([other, replace(other, id=99)]))

    assert await store.read(lambda uow: uow.copies.many([added.id, 99])) == {
        added.id: moved
    }


async def test_an_item_is_the_copy_that_took_its_place(
    store: Store, place: Place
) -> None:
    first, second, other = await store.transact(
        add,
        copy_in(place.inbox, place.first.id, 1, state=CopyState.VAULTED),
        copy_in(place.inbox, place.second.id, 2),
        copy_in(place.inbox, place.second.id, 3),
    )

    def current(uow: UnitOfWork) -> dict[int, int]:
        wanted = [first.id, -first.id, second.id, other.id, 99]
        return uow.copies.of_items(wanted)

    alone = {each.id: each.id for each in (first, second, other)}
    assert await store.read(current) == alone

    line = [replace(first, item=-first.id), replace(second, item=first.id, item_uid=1)]
    await store.transact(lambda uow: uow.copies.update(line))

    assert await store.read(current) == {
        first.id: second.id,
        -first.id: first.id,
        other.id: other.id,
    }
    facts = await store.read(lambda uow: uow.copies.facts([second.id, other.id]))
    assert [(each.item, each.item_uid) for each in facts] == [
        (first.id, 1),
        (None, None),
    ]
    with pytest.raises(BROKEN_CONSTRAINT):
        await store.transact(
            lambda uow: uow.copies.update([replace(other, item=first.id)])
        )


async def test_a_mailbox_shows_live_copies_in_order_of_uid(
    store: Store, place: Place
) -> None:
    await store.transact(
        add,
        copy_in(place.inbox, place.first.id, 5),
        copy_in(place.inbox, place.second.id, 2),
        copy_in(place.inbox, place.first.id, 3, state=CopyState.VAULTED),
        copy_in(place.inbox, place.first.id, 4, state=CopyState.CONTAINED),
        copy_in(place.trash, place.first.id, 1),
        copy_in(place.inbox, place.first.id, 9),
    )

    def uids(uow: UnitOfWork, after: int, limit: int) -> list[int]:
        found = uow.copies.in_mailbox(place.inbox.id, after_uid=after, limit=limit)
        return [copy.uid for copy in found]

    assert await store.read(uids, 0, 99) == [2, 5, 9]
    assert await store.read(uids, 2, 1) == [5]
    assert await store.read(uids, 9, 9) == []


async def test_holding_says_which_messages_a_mailbox_shows(
    store: Store, place: Place
) -> None:
    await store.transact(
        add,
        copy_in(place.inbox, place.first.id, 1),
        copy_in(place.inbox, place.first.id, 2),
        copy_in(place.inbox, place.second.id, 3, state=CopyState.VAULTED),
        copy_in(place.trash, place.second.id, 1),
    )

    def holding(uow: UnitOfWork, mailbox: Mailbox, *messages: Message) -> set[int]:
        return uow.copies.holding(mailbox.id, [each.id for each in messages])

    both = (place.first, place.second)
    assert await store.read(holding, place.inbox, *both) == {place.first.id}
    assert await store.read(holding, place.trash, *both) == {place.second.id}
    assert await store.read(holding, place.inbox, place.second) == set()
    assert await store.read(holding, place.inbox) == set()


async def test_facts_join_what_is_known_of_a_copy(store: Store, place: Place) -> None:
    def work(uow: UnitOfWork) -> tuple[Copy, Copy, list[CopyFacts]]:
        reception = uow.receptions.add("trace7", place.first.id, NOW, envelope())
        one, two = uow.copies.add(
            [
                copy_in(
                    place.inbox,
                    place.first.id,
                    1,
                    flags=Flag.FLAGGED,
                    keywords=("k",),
                    reception=reception.id,
                    recipient=0,
                ),
                copy_in(place.trash, place.second.id, 2, state=CopyState.VAULTED),
            ]
        )
        uow.mailboxes.remove(place.trash.id)
        return one, two, uow.copies.facts([two.id, 99, one.id, two.id])

    one, two, facts = await store.transact(work)

    gone = CopyFacts(
        id=two.id,
        account=place.inbox.account,
        address=str(ADA),
        mailbox="",
        mailbox_id=place.trash.id,
        uid=2,
        flags=Flag(0),
        keywords=(),
        internal_date=NOW,
        state=CopyState.VAULTED,
        message=place.second.id,
        size=1000,
        sha256=digest("second"),
        message_id=None,
        fingerprint=None,
        content_fingerprint=place.second.content_fingerprint,
        subject="second",
        author=str(ADA),
        reception=None,
        recipient=None,
        trace_id=None,
        modseq=1,
    )
    there = replace(
        gone,
        id=one.id,
        mailbox="INBOX",
        mailbox_id=place.inbox.id,
        uid=1,
        flags=Flag.FLAGGED,
        keywords=("k",),
        state=CopyState.LIVE,
        message=place.first.id,
        size=1234,
        sha256=digest("first"),
        message_id="first@example.org",
        fingerprint=place.first.fingerprint,
        content_fingerprint=place.first.content_fingerprint,
        subject="first",
        reception=one.reception,
        recipient=0,
        trace_id="trace7",
    )
    assert facts == [gone, there, gone]


async def test_facts_need_an_account_and_a_message(store: Store, place: Place) -> None:
    elsewhere = replace(place.inbox, account=99)
    added = await store.transact(
        add, copy_in(place.inbox, 99, 1), copy_in(elsewhere, place.first.id, 2)
    )

    ids = [copy.id for copy in added]
    assert await store.read(lambda uow: uow.copies.facts(ids)) == []


async def test_counts_are_of_messages_copies_and_accounts(
    store: Store, place: Place
) -> None:
    elsewhere = replace(place.inbox, id=77, account=78)
    added = await store.transact(
        add,
        copy_in(place.inbox, place.first.id, 1),
        copy_in(place.inbox, place.first.id, 2),
        copy_in(place.trash, place.second.id, 1),
        copy_in(elsewhere, place.second.id, 1),
    )
    ids = [copy.id for copy in added]

    async def count(copies: list[int]) -> tuple[int, int, int]:
        return await store.read(lambda uow: uow.copies.count(copies))

    assert await count(ids) == (2, 4, 2)
    assert await count(ids[:2]) == (1, 2, 1)
    assert await count([*ids[:2], 99]) == (1, 2, 1)
    assert await count([]) == (0, 0, 0)


async def test_more_ids_than_a_statement_takes_are_no_matter(
    store: Store, place: Place
) -> None:
    copies = [copy_in(place.inbox, place.first.id, uid) for uid in range(1, 1502)]
    added = await store.transact(lambda uow: uow.copies.add(copies))
    ids = [copy.id for copy in reversed(added)]

    def ask(uow: UnitOfWork) -> tuple[list[int], tuple[int, int, int], int]:
        facts = [each.id for each in uow.copies.facts(ids)]
        return facts, uow.copies.count(ids), len(uow.copies.many(ids))

    assert await store.read(ask) == (ids, (1, 1501, 1), 1501)


async def test_what_has_expired_is_found_by_its_time(
    store: Store, place: Place
) -> None:
    def fill(uow: UnitOfWork) -> None:
        hidden = copy_in(
            place.inbox, place.first.id, 1, state=CopyState.VAULTED, vaulted_at=NOW
        )
        uow.copies.add(
            [
                replace(hidden, expires_at=NOW + timedelta(days=2), size=1),
                replace(hidden, expires_at=NOW + timedelta(days=1), size=2),
                replace(hidden, expires_at=NOW + timedelta(days=3), size=4),
                replace(hidden, expires_at=NOW + timedelta(days=1), size=8),
                replace(hidden, message=place.second.id),
            ]
        )
        uow.holds.mark(uow.holds.add(hold()).id, [4])

    await store.transact(fill)

    def expired(uow: UnitOfWork, days: float, limit: int = 9) -> list[int]:
        return [c.id for c in uow.copies.expired(NOW + timedelta(days=days), limit)]

    assert await store.read(expired, 0.9) == []
    assert await store.read(expired, 1) == [2]
    assert await store.read(expired, 99) == [2, 1, 3]
    assert await store.read(expired, 99, 1) == [2]
    later = NOW + timedelta(days=2)
    assert await store.read(lambda uow: uow.copies.expired_extent(later)) == Overdue(
        copies=2, octets=3, messages=1, accounts=1, held=1
    )
    assert await store.read(lambda uow: uow.copies.expired_extent(NOW)) == Overdue(
        copies=0, octets=0, messages=0, accounts=0, held=0
    )


async def test_the_vault_of_an_account_is_read_the_oldest_first(
    store: Store, place: Place
) -> None:
    def fill(uow: UnitOfWork) -> int:
        live = copy_in(place.inbox, place.first.id, 1)
        later = NOW + timedelta(hours=1)
        hidden = replace(live, state=CopyState.VAULTED, vaulted_at=NOW)
        contained = replace(live, state=CopyState.CONTAINED)
        uow.copies.add(
            [replace(hidden, vaulted_at=later), live, contained, hidden, hidden]
        )
        return uow.accounts.add(account()).id

    other = await store.transact(fill)
    owner = place.inbox.account

    def vault(uow: UnitOfWork, limit: int, after: int | None = None) -> list[int]:
        last = None if after is None else uow.copies.many([after])[after]
        found = uow.copies.in_vault(owner, after=last, limit=limit)
        return [copy.id for copy in found]

    assert await store.read(vault, 9) == [4, 5, 1]
    assert await store.read(vault, 1) == [4]
    assert await store.read(vault, 9, 4) == [5, 1]
    assert await store.read(vault, 9, 1) == []
    assert await store.read(lambda uow: uow.copies.in_vault(other, limit=9)) == []
    assert await store.read(lambda uow: uow.copies.has_any(owner))
    assert not await store.read(lambda uow: uow.copies.has_any(other))


async def test_a_removed_copy_is_gone_and_its_uid_free(
    store: Store, place: Place
) -> None:
    live = copy_in(place.inbox, place.first.id, 1)
    [added, other] = await store.transact(add, live, replace(live, uid=2))

    await store.transact(lambda uow: uow.copies.remove([added.id, 99]))

    left = await store.read(lambda uow: uow.copies.many([added.id, other.id]))
    assert left == {other.id: other}
    [again] = await store.transact(add, live)
    assert again.id > other.id
