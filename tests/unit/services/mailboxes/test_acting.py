"""What owners do to copies, what is told of it, and what stays the vault's."""

from datetime import timedelta

import pytest

from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.errors import (
    Invalid,
    LimitExceeded,
    NotFound,
    OverQuota,
    Refused,
)
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import Copy, CopyState, DiscardKind, Flag
from postwarden.model.queries import parse
from postwarden.services import accounts, holds, placement, vault
from postwarden.services.mailboxes import acting, reading
from postwarden.services.mailboxes.acting import FlagChange
from postwarden.services.ports import UnitOfWork
from tests.support.factories import ADA, NOW, Clock
from tests.unit.services.mailboxes.room import Room, put, told
from tests.unit.services.registry import CAROL, audited

DELETED, PURGED = DiscardKind.DELETED, DiscardKind.PURGED


@pytest.fixture
async def mail(room: Room) -> list[int]:
    return await room.store.transact(put, room.ada, "INBOX", "one", "two")


async def seen_by(room: Room, actor: Actor, *numbers: int) -> dict[int, str]:
    found = await room.store.read(reading.copies, actor, numbers)
    return {number: each.mailbox for number, each in found.items()}


async def acts(room: Room) -> list[tuple[str, str | None, object]]:
    entries = [each for each in await audited(room.store) if each.on_behalf_of]
    assert {each.object for each in entries} == {f"account {ADA}"}
    return [(each.action, each.actor, each.after) for each in entries[1:]]


async def test_flags_are_added_and_removed(room: Room, mail: list[int]) -> None:
    one, two = mail
    change = FlagChange(copy=one, add=Flag.SEEN | Flag.FLAGGED, keywords=("b", "a"))
    [flagged] = await room.store.transact(acting.flag, room.ada, [change])
    assert (flagged.flags, flagged.keywords) == (Flag.SEEN | Flag.FLAGGED, ("a", "b"))
    assert await told(room) == [(Event.READ, "INBOX", "one")]

    again = FlagChange(copy=one, add=Flag.SEEN, remove=Flag.FLAGGED)
    [left] = await room.store.transact(acting.flag, room.ada, [again])
    assert (left.flags, left.keywords) == (Flag.SEEN, ("a", "b"))
    same = await room.store.transact(acting.flag, room.ada, [again])
    assert same == [left]
    behind = FlagChange(copy=two, add=Flag.SEEN)
    await room.store.transact(acting.flag, room.acting, [behind])
    assert await told(room) == [(Event.READ, "INBOX", "one")]
    assert await acts(room) == [("mail.flag", "carol", {"copies": [two]})]
    for keyword in ("", "two words", "x" * 65, "{", "\\Seen"):
        bad = FlagChange(copy=one, keywords=(keyword,))
        with pytest.raises(Invalid):
            await room.store.transact(acting.flag, room.ada, [bad])


async def test_mail_moves_and_keeps_its_id(room: Room, mail: list[int]) -> None:
    one, two = mail
    await room.store.transact(put, room.ada, "Work", "three")

    moved = await room.store.transact(acting.move, room.ada, [two, one], "Work")

    assert [(copy.id, copy.uid) for copy in moved] == [(two, 2), (one, 3)]
    await room.store.transact(acting.move, room.acting, [one], "Trash")
    assert await told(room) == [
        *((Event.MOVE, "INBOX", "two"), (Event.MOVE, "INBOX", "one")),
        (Event.DELETE, "Work", "one"),
    ]
    after = {"copies": [one], "mailbox": "Trash"}
    assert await acts(room) == [("mail.move", "carol", after)]
    for copies, name in (([one], "Absent"), ([one, 999], "Work")):
        with pytest.raises(NotFound):
            await room.store.transact(acting.move, room.ada, copies, name)


async def test_nothing_is_done_to_mail_of_others(room: Room, mail: list[int]) -> None:
    change = FlagChange(copy=mail[0], add=Flag.SEEN)
    for actor in (room.bob, CAROL, OPERATOR):
        for act in (
            lambda uow, who: acting.flag(uow, who, [change]),
            lambda uow, who: acting.move(uow, who, mail, "Trash"),
            lambda uow, who: acting.duplicate(uow, who, mail, "Trash"),
            lambda uow, who: acting.discard(uow, who, mail, PURGED),
        ):
            with pytest.raises(NotFound):
                await room.store.transact(act, actor)
    assert await told(room) == []


async def test_a_duplicate_is_as_the_first_and_takes_room(
    room: Room, mail: list[int]
) -> None:
    change = FlagChange(copy=mail[0], add=Flag.FLAGGED, keywords=("k",))
    [first] = await room.store.transact(acting.flag, room.ada, [change])

    [second] = await room.store.transact(acting.duplicate, room.ada, mail[:1], "Sent")

    assert second.id != first.id
    assert (second.message, second.flags, second.keywords, second.internal_date) == (
        first.message,
        first.flags,
        first.keywords,
        first.internal_date,
    )
    assert (await told(room))[-1:] == [(Event.COPY, "Sent", "one")]
    await room.store.transact(accounts.change, OPERATOR, ADA, quota_messages=4)
    with pytest.raises(OverQuota):
        await room.store.transact(acting.duplicate, room.ada, mail, "Sent")
    await room.store.transact(acting.duplicate, room.acting, mail[1:], "Sent")


async def test_what_is_deleted_waits_in_the_vault_and_comes_back(
    room: Room, mail: list[int]
) -> None:
    one, two = mail
    [gone, _] = await room.store.transact(acting.discard, room.ada, mail, DELETED)
    assert (gone.state, gone.discarded) == (CopyState.VAULTED, DELETED)
    assert gone.expires_at == NOW + timedelta(days=30)
    assert gone.lay_in == "INBOX"

    page = await room.store.read(reading.discarded, room.ada, room.ada.account, limit=1)
    assert ([each.id for each in page.copies], page.total) == ([two], 2)
    assert await seen_by(room, room.ada, one, two) == {one: "INBOX", two: "INBOX"}
    [back] = await room.store.transact(acting.move, room.ada, [one], "Trash")
    assert (back.state, back.discarded, back.expires_at) == (
        *(CopyState.LIVE, None),
        None,
    )
    assert await told(room) == [
        *((Event.EXPUNGE, "INBOX", "one"), (Event.EXPUNGE, "INBOX", "two")),
        (Event.RESTORE, "INBOX", "one"),
    ]
    change = FlagChange(copy=two, add=Flag.SEEN)
    with pytest.raises(NotFound):
        await room.store.transact(acting.flag, room.ada, [change])


async def test_what_is_purged_is_gone_for_its_owner_only(
    room: Room, mail: list[int]
) -> None:
    one, two = mail
    await room.store.transact(acting.discard, room.ada, [one], PURGED)
    [deleted] = await room.store.transact(acting.discard, room.ada, [two], DELETED)
    [purged] = await room.store.transact(acting.discard, room.ada, [two], PURGED)

    assert purged.expires_at == deleted.expires_at
    assert await seen_by(room, room.ada, one, two) == {}
    assert await seen_by(room, room.acting, one, two) == {one: "INBOX", two: "INBOX"}
    for actor, total in ((room.ada, 0), (room.acting, 2)):
        page = await room.store.read(
            reading.discarded, actor, actor.account, kind=PURGED, limit=9
        )
        assert page.total == total
    with pytest.raises(NotFound):
        await room.store.transact(acting.move, room.ada, [one], "INBOX")
    with pytest.raises(Refused):
        await room.store.transact(acting.discard, room.acting, [one], DELETED)
    await room.store.transact(acting.move, room.acting, [one], "INBOX")
    assert await seen_by(room, room.ada, one) == {one: "INBOX"}


async def test_held_mail_that_is_thrown_away_is_held_in_the_vault(
    room: Room, mail: list[int], clock: Clock
) -> None:
    def hold(uow: UnitOfWork) -> None:
        new = holds.NewHold(query=parse("all", now=NOW), reason="litigation")
        made, _ = holds.create(uow, OPERATOR, new)
        holds.place(uow, made.id, mail)
        holds.placed(uow, made.id)

    await room.store.transact(hold)
    await room.store.transact(acting.discard, room.ada, mail, PURGED)
    clock.forward(days=400)
    await room.store.transact(vault.expire_chunk)

    def look(uow: UnitOfWork) -> list[Copy]:
        return list(uow.copies.many(mail).values())

    assert [copy.held for copy in await room.store.read(look)] == [1, 1]


async def test_what_others_took_away_is_not_the_owners_to_move(
    room: Room, mail: list[int]
) -> None:
    def take(uow: UnitOfWork) -> None:
        one, two = uow.copies.many(mail).values()
        placement.withdraw(uow, [one], CopyState.VAULTED)
        placement.withdraw(uow, [two], CopyState.CONTAINED)

    await room.store.transact(take)
    for number in mail:
        for actor in (room.ada, room.acting):
            with pytest.raises(NotFound):
                await room.store.transact(acting.move, actor, [number], "INBOX")


async def test_a_batch_has_a_bound(room: Room) -> None:
    with pytest.raises(LimitExceeded):
        await room.store.transact(acting.move, room.ada, range(1, 502), "INBOX")
