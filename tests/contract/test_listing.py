"""Mail of a mailbox in an order, page by page, and what is found in some mailboxes."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from postwarden.model.mailboxes import (
    CopyState,
    DiscardKind,
    Flag,
    Mailbox,
    Order,
    SortField,
)
from postwarden.model.queries import parse
from postwarden.services.ports import Store, UnitOfWork
from postwarden.services.ports.mail import Mark
from tests.support.factories import NOW, account, copy_in, message

F = SortField
DAY = timedelta(days=1)


def filled(uow: UnitOfWork) -> Mailbox:
    """Put mail into a mailbox whose UIDs, dates, sizes and words go otherwise."""
    owner = uow.accounts.add(account()).id
    inbox, other = (uow.mailboxes.add(owner, name, 1) for name in ("INBOX", "Other"))
    mails = (
        message("b", size=30, author="Zoe", date=NOW - DAY),
        message("A", size=10, author="adam", date=None),
        message("c", size=20, author="Ádám", date=NOW - 3 * DAY),
        message("a", size=10, author="Bea", date=NOW),
    )
    numbers = [uow.messages.add(each).id for each in mails]
    arrived = (NOW, NOW - 2 * DAY, NOW - DAY, NOW - DAY)
    uow.copies.add(
        [
            copy_in(inbox, number, uid, internal_date=date)
            for uid, number, date in zip((4, 3, 2, 1), numbers, arrived, strict=True)
        ]
    )
    uow.copies.add(
        [
            copy_in(inbox, numbers[0], 5, state=CopyState.VAULTED),
            copy_in(inbox, numbers[0], 6, state=CopyState.CONTAINED),
            copy_in(other, numbers[0], 1, flags=Flag.SEEN),
        ]
    )
    return inbox


@pytest.fixture
async def inbox(store: Store) -> Mailbox:
    return await store.transact(filled)


def listed(
    uow: UnitOfWork, box: Mailbox, order: Order, offset: int = 0, limit: int = 99
) -> Sequence[int]:
    return list(uow.copies.listed(box.id, order, offset=offset, limit=limit))


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (F.UID, [4, 3, 2, 1]),
        (F.RECEIVED, [2, 4, 3, 1]),
        (F.DATE, [3, 2, 1, 4]),
        (F.SIZE, [4, 2, 3, 1]),
        (F.SUBJECT, [4, 2, 1, 3]),
        (F.AUTHOR, [2, 4, 1, 3]),
    ],
)
async def test_a_mailbox_is_listed_by_each_field_with_ties_by_uid(
    store: Store, inbox: Mailbox, field: SortField, expected: list[int]
) -> None:
    up, down = Order(field=field), Order(field=field, descending=True)

    assert await store.read(listed, inbox, up) == expected
    assert await store.read(listed, inbox, down) == expected[::-1]
    assert await store.read(listed, inbox, up, 1, 2) == expected[1:3]
    assert await store.read(listed, inbox, down, 3, 2) == expected[:1]
    assert await store.read(listed, inbox, up, 4) == []


async def test_any_copies_are_arranged_likewise(store: Store, inbox: Mailbox) -> None:
    def arranged(uow: UnitOfWork, copies: list[int], order: Order) -> list[int]:
        return list(uow.copies.arranged(copies, order, offset=1, limit=3))

    by_size = Order(field=F.SIZE)
    assert await store.read(arranged, [1, 99, 3, 7, 4], by_size) == [3, 7, 1]
    assert await store.read(arranged, [], by_size) == []


async def test_a_mailbox_of_anything_finds_only_what_is_live_in_it(
    store: Store, inbox: Mailbox
) -> None:
    def matching(uow: UnitOfWork, text: str, *boxes: int) -> list[int]:
        query = parse(text, now=NOW)
        return list(uow.copies.matching(boxes, query, similar={}))

    one, both = (inbox.id,), (inbox.id, inbox.id + 1)
    for text, boxes, expected in (
        ("message-id:b@example.org", one, [1]),
        ("message-id:b@example.org", both, [1, 7]),
        ("-message-id:b@example.org", both, [2, 3, 4]),
        ("smaller:15", both, [2, 4]),
        ("is:unread", both, [1, 2, 3, 4]),
        ("is:read OR larger:25", both, [1, 7]),
        ("all", one, [1, 2, 3, 4]),
        ("all", (99,), []),
        ("all", (), []),
    ):
        assert await store.read(matching, text, *boxes) == expected, text


async def test_changes_are_read_on_from_a_mark(store: Store, inbox: Mailbox) -> None:
    def touch(uow: UnitOfWork) -> None:
        known = uow.copies.many([1, 2, 3])
        uow.copies.update(
            [
                replace(known[1], modseq=7),
                replace(known[2], modseq=7),
                replace(known[3], modseq=8, state=CopyState.VAULTED),
            ]
        )

    await store.transact(touch)

    def changed(uow: UnitOfWork, modseq: int, uid: int, limit: int = 9) -> list[int]:
        mark = Mark(modseq=modseq, uid=uid)
        return list(uow.copies.changed(inbox.id, mark, limit))

    assert await store.read(changed, 0, 0) == [4, 2, 1]
    assert await store.read(changed, 0, 0, 2) == [4, 2]
    assert await store.read(changed, 1, 2**63 - 1) == [2, 1]
    assert await store.read(changed, 7, 3) == [1]
    assert await store.read(changed, 7, 4) == []


async def test_what_an_owner_discarded_comes_newest_first(
    store: Store, inbox: Mailbox
) -> None:
    deleted, purged = DiscardKind.DELETED, DiscardKind.PURGED

    def throw_away(uow: UnitOfWork) -> None:
        known = uow.copies.many([1, 2, 3, 7])
        uow.copies.update(
            replace(
                known[number],
                state=CopyState.VAULTED,
                vaulted_at=NOW + days * DAY,
                discarded=kind,
            )
            for number, days, kind in (
                (1, 2, deleted),
                (2, 1, deleted),
                (3, 1, purged),
                (7, 1, deleted),
            )
        )

    await store.transact(throw_away)

    def listed(
        uow: UnitOfWork, kind: DiscardKind, box: int | None = None, offset: int = 0
    ) -> tuple[list[int], int]:
        one = inbox.account
        page = uow.copies.discarded(one, kind, mailbox=box, offset=offset, limit=2)
        return list(page), uow.copies.count_discarded(one, kind, mailbox=box)

    assert await store.read(listed, deleted) == ([1, 7], 3)
    assert await store.read(listed, deleted, None, 2) == ([2], 3)
    assert await store.read(listed, deleted, inbox.id) == ([1, 2], 2)
    assert await store.read(listed, purged) == ([3], 1)
    facts = await store.read(lambda uow: uow.copies.facts([3]))
    assert (facts[0].discarded, facts[0].modseq) == (purged, 1)
