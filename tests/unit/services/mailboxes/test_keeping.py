"""Own mailboxes, made, renamed and removed, and what happened in one since."""

import pytest

from postwarden.model.actors import Actor
from postwarden.model.errors import AlreadyExists, Invalid, NotFound, Refused
from postwarden.model.mailboxes import DiscardKind, Flag
from postwarden.services.mailboxes import acting, keeping, reading
from postwarden.services.mailboxes.acting import FlagChange
from postwarden.services.mailboxes.reading import BEGINNING, Changes
from postwarden.services.ports.mail import Mark
from tests.unit.services.mailboxes.room import Room, put
from tests.unit.services.registry import audited


async def make(room: Room, *names: str) -> list[int]:
    create = keeping.create
    made = [
        await room.store.transact(create, room.ada, room.ada.account, name)
        for name in names
    ]
    return [each.id for each in made]


async def names(room: Room) -> set[str]:
    found = await room.store.read(reading.mailboxes, room.ada, room.ada.account)
    return {each.name for each in found} - {"INBOX", "Drafts", "Sent", "Junk", "Trash"}


async def box(room: Room, actor: Actor, name: str) -> int:
    found = await room.store.read(reading.found, actor, actor.account, name)
    assert found is not None
    return found.id


async def test_a_mailbox_is_made_once(room: Room) -> None:
    await make(room, "Work", "Work/2026")
    assert await names(room) == {"Work", "Work/2026"}
    for name, error in (("Work", AlreadyExists), ("a//b", Invalid)):
        with pytest.raises(error):
            await make(room, name)
    with pytest.raises(NotFound):
        await room.store.transact(
            keeping.create, room.bob, room.ada.account, "Elsewhere"
        )


async def test_what_lies_under_a_mailbox_follows_its_name(room: Room) -> None:
    work, _, _, other = await make(room, "Work", "Work/a", "Work/a/b", "Workshop")

    done = await room.store.transact(keeping.rename, room.acting, work, "Old/Work")

    assert [each.name for each in done] == ["Old/Work", "Old/Work/a", "Old/Work/a/b"]
    assert await names(room) == {"Workshop", *(each.name for each in done)}
    for number, name, error in (
        (work, "Old/Work/below", Invalid),
        (work, "Workshop", AlreadyExists),
        (other, "INBOX", AlreadyExists),
        (await box(room, room.ada, "INBOX"), "Elsewhere", Refused),
        (await box(room, room.bob, "INBOX"), "Elsewhere", NotFound),
    ):
        with pytest.raises(error):
            await room.store.transact(keeping.rename, room.ada, number, name)
    last = (await audited(room.store))[-1]
    assert (last.action, last.before, last.after) == (
        "mailbox.rename",
        {"mailbox": "Work"},
        {"mailbox": "Old/Work", "with": 2},
    )


async def test_a_mailbox_goes_with_its_mail_into_the_vault(room: Room) -> None:
    [work] = await make(room, "Work")
    copies = await room.store.transact(put, room.ada, "Work", "one", "two")

    assert await room.store.transact(keeping.remove, room.ada, work) == 2

    assert await names(room) == set()
    page = await room.store.read(reading.discarded, room.ada, room.ada.account, limit=9)
    assert {each.id for each in page.copies} == set(copies)
    assert {each.mailbox for each in page.copies} == {"Work"}
    assert (
        await room.store.read(lambda uow: uow.tasks.newest("mailbox.remove", str(work)))
        is None
    )
    inbox = await box(room, room.ada, "INBOX")
    with pytest.raises(Refused):
        await room.store.transact(keeping.remove, room.ada, inbox)
    with pytest.raises(NotFound):
        await room.store.transact(keeping.remove, room.bob, work)


async def test_a_large_mailbox_goes_piece_by_piece(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "CHUNK", 2)
    [work] = await make(room, "Work")
    await room.store.transact(put, room.ada, "Work", "one", "two", "three")
    purged = DiscardKind.PURGED

    assert await room.store.transact(keeping.remove, room.ada, work, kind=purged) == 3

    assert await names(room) == {"Work"}
    task = await room.store.read(
        lambda uow: uow.tasks.newest("mailbox.remove", str(work))
    )
    assert task is not None
    assert task.payload["kind"] == "purged"
    remove = keeping.remove_chunk
    assert not await room.store.transact(remove, room.ada, work, purged)
    assert not await room.store.transact(remove, room.ada, work, purged)
    assert await names(room) == set()
    page = await room.store.read(
        reading.discarded, room.acting, room.ada.account, kind=purged, limit=9
    )
    assert page.total == 3


async def test_changes_are_told_piece_by_piece_and_once(room: Room) -> None:
    inbox = await box(room, room.ada, "INBOX")
    one, two, three = await room.store.transact(
        put, room.ada, "INBOX", "one", "two", "three"
    )

    async def ask(since: Mark, limit: int = 9) -> Changes:
        return await room.store.read(
            reading.changes, room.ada, inbox, since=since, limit=limit
        )

    first = await ask(BEGINNING, 2)
    assert ([each.id for each in first.changed], first.is_last) == ([one, two], False)
    rest = await ask(first.up_to, 1)
    assert ([each.id for each in rest.changed], rest.is_last) == ([three], True)
    again = await ask(rest.up_to)
    assert (again.changed, again.left, again.up_to) == ([], [], rest.up_to)

    await room.store.transact(acting.move, room.ada, [one], "Trash")
    await room.store.transact(acting.discard, room.ada, [two], DiscardKind.DELETED)
    change = FlagChange(copy=three, add=Flag.SEEN)
    await room.store.transact(acting.flag, room.ada, [change])

    after = await ask(rest.up_to)
    assert [each.item for each in after.left] == [one, two]
    assert [each.id for each in after.changed] == [three]
    piece = await ask(rest.up_to, 2)
    assert (piece.changed, len(piece.left), piece.is_last) == ([], 2, False)
    assert [each.id for each in (await ask(piece.up_to)).changed] == [three]
    with pytest.raises(NotFound):
        await room.store.read(reading.changes, room.bob, inbox, limit=1)
