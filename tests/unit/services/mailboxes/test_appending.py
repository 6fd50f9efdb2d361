"""Mail that owners put into mailboxes, and content that is read."""

from hashlib import sha256

import pytest

from postwarden.adapters.memory.content import MemoryBlobs
from postwarden.model.actors import OPERATOR
from postwarden.model.errors import Invalid, LimitExceeded, NotFound, OverQuota
from postwarden.model.holds import Hold
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import DiscardKind, Flag
from postwarden.model.queries import parse
from postwarden.services import accounts, holds
from postwarden.services.holds import NewHold
from postwarden.services.mailboxes import acting, appending, reading, showing
from postwarden.services.ports import UnitOfWork
from tests.support.factories import ADA, NOW
from tests.unit.services.mailboxes.room import Room, told
from tests.unit.services.registry import audited

DRAFT = b"From: ada@example.org\r\nSubject: Draft\r\n\r\nDear Bob,\r\n"


@pytest.fixture
def blobs() -> MemoryBlobs:
    return MemoryBlobs()


async def test_a_mail_is_put_into_a_mailbox(room: Room, blobs: MemoryBlobs) -> None:
    copy = await appending.append(
        *(room.store, blobs, room.ada, "Drafts", DRAFT),
        flags=Flag.DRAFT,
        keywords=("b", "a"),
        internal_date=NOW,
    )

    [facts] = (await room.store.read(reading.copies, room.ada, [copy.id])).values()
    assert (facts.mailbox, facts.subject, facts.keywords) == (
        *("Drafts", "Draft"),
        ("a", "b"),
    )
    assert (facts.flags, facts.internal_date) == (Flag.DRAFT, NOW)
    assert await showing.content(room.store, blobs, room.ada, copy.id) == DRAFT
    assert await told(room) == [
        (Event.RECEIVE, "Drafts", "Draft"),
        (Event.READ, "Drafts", "Draft"),
    ]
    assert [each for each in await audited(room.store) if each.on_behalf_of][1:] == []


async def test_a_draft_is_replaced_by_another_mail(
    room: Room, blobs: MemoryBlobs
) -> None:
    first = await appending.append(room.store, blobs, room.ada, "Drafts", DRAFT)
    [moved] = await room.store.transact(acting.move, room.ada, [first.id], "INBOX")
    await room.store.transact(acting.move, room.ada, [moved.id], "Drafts")
    second = await appending.append(
        *(room.store, blobs, room.ada, "Drafts", DRAFT + b"Sincerely\r\n"),
        instead_of=first.id,
    )

    third = await appending.append(
        *(room.store, blobs, room.ada, "Drafts", DRAFT + b"Yours\r\n"),
        instead_of=second.id,
    )

    item = first.id
    assert (second.item, second.item_uid) == (item, 2)  # its UID when it came back
    assert (third.item, third.item_uid) == (item, 2)
    facts = await room.store.read(reading.items, room.ada, [item, second.id, third.id])
    assert {each: known.id for each, known in facts.items()} == {item: third.id}
    every = [first.id, second.id, third.id]
    assert list(await room.store.read(reading.copies, room.ada, every)) == [third.id]
    assert await showing.content(room.store, blobs, room.acting, first.id) == DRAFT
    kept = await room.store.read(
        lambda uow: reading.discarded(
            *(uow, room.acting, room.ada.account), kind=DiscardKind.REPLACED, limit=9
        )
    )
    assert [(each.id, each.item) for each in kept.copies] == [
        *((second.id, -second.id), (first.id, -first.id))
    ]
    [moved] = await room.store.transact(acting.move, room.ada, [third.id], "INBOX")
    assert (moved.item, moved.item_uid) == (item, None)
    for actor, copy in ((room.bob, third.id), (room.ada, first.id)):
        with pytest.raises(NotFound):
            await appending.append(
                room.store, blobs, actor, "Drafts", DRAFT, instead_of=copy
            )


async def test_a_version_comes_back_as_an_item_of_its_own(
    room: Room, blobs: MemoryBlobs
) -> None:
    first = await appending.append(room.store, blobs, room.ada, "Drafts", DRAFT)
    second = await appending.append(
        *(room.store, blobs, room.ada, "Drafts", DRAFT + b"Sincerely\r\n"),
        instead_of=first.id,
    )

    [back] = await room.store.transact(acting.move, room.acting, [first.id], "Drafts")

    assert (back.id, back.item, back.discarded) == (first.id, -first.id, None)
    facts = await room.store.read(reading.items, room.ada, [first.id, -first.id])
    assert {item: each.id for item, each in facts.items()} == {
        first.id: second.id,
        -first.id: first.id,
    }


async def test_a_draft_that_is_held_stays_held_when_it_is_replaced(
    room: Room, blobs: MemoryBlobs
) -> None:
    first = await appending.append(room.store, blobs, room.ada, "Drafts", DRAFT)

    def hold_it(uow: UnitOfWork) -> Hold:
        query = parse("subject:draft", now=NOW)
        made, _ = holds.create(uow, OPERATOR, NewHold(query=query, reason="a claim"))
        holds.place(uow, made.id, [first.id])
        return holds.placed(uow, made.id)

    hold = await room.store.transact(hold_it)

    second = await appending.append(
        *(room.store, blobs, room.ada, "Drafts", DRAFT.replace(b"Draft", b"Other")),
        instead_of=first.id,
    )

    known = await room.store.read(lambda uow: uow.copies.facts([first.id, second.id]))
    assert [each.hold for each in known] == [(hold.id,), ()]


async def test_what_cannot_be_filed_stores_no_content(
    room: Room, blobs: MemoryBlobs
) -> None:
    async def put(name: str, content: bytes = DRAFT) -> None:
        await appending.append(room.store, blobs, room.ada, name, content)

    for name, content, error in (
        ("Absent", DRAFT, NotFound),
        ("a//b", DRAFT, Invalid),
        ("Drafts", b"", Invalid),
        ("Drafts", b"no field at all", Invalid),
        ("Drafts", b"A: b\r\n" + bytes(appending.LARGEST), LimitExceeded),
    ):
        with pytest.raises(error):
            await put(name, content)
    await room.store.transact(accounts.change, OPERATOR, ADA, quota_octets=10)
    with pytest.raises(OverQuota):
        await put("Drafts")
    assert await told(room) == []
    assert await blobs.has([sha256(DRAFT).digest()]) == [False]


async def test_who_reads_in_an_owners_place_is_written_down_first(
    room: Room, blobs: MemoryBlobs
) -> None:
    copy = await appending.append(room.store, blobs, room.acting, "INBOX", DRAFT)
    await room.store.transact(acting.discard, room.ada, [copy.id], DiscardKind.PURGED)

    assert await showing.content(room.store, blobs, room.acting, copy.id) == DRAFT

    entries = [each for each in await audited(room.store) if each.on_behalf_of]
    assert [(each.action, each.reason) for each in entries] == [
        ("account.log-in-as", ""),
        ("mail.append", ""),
        ("message.show", f"on behalf of {ADA}"),
    ]
    with pytest.raises(NotFound):
        await showing.content(room.store, blobs, room.ada, copy.id)
    with pytest.raises(NotFound):
        await showing.content(room.store, blobs, room.bob, copy.id)
