"""What an owner sees: all of the own mail, nothing of others, nothing hidden."""

from collections.abc import Callable, Iterator

import pytest

from postwarden.model.actors import Actor
from postwarden.model.errors import Invalid, MailError, NotFound
from postwarden.model.mailboxes import CopyState, Order, SortField
from postwarden.model.queries import parse
from postwarden.services import holds, placement
from postwarden.services.mailboxes import reading
from postwarden.services.ports import UnitOfWork
from tests.support.factories import NOW
from tests.support.statements import Statements, counted
from tests.unit.services.mailboxes.room import Room, put
from tests.unit.services.registry import CAROL

NEWEST = Order(field=SortField.UID, descending=True)


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statements]:
    with counted(monkeypatch) as statements:
        yield statements


async def inbox(room: Room, owner: Actor) -> int:
    found = await room.store.read(reading.found, owner, owner.account, "INBOX")
    assert found is not None
    return found.id


async def test_an_owner_lists_mailboxes_and_mail(room: Room) -> None:
    first, second = await room.store.transact(put, room.ada, "INBOX", "one", "two")

    boxes = await room.store.read(reading.mailboxes, room.ada, room.ada.account)
    page = await room.store.read(
        reading.listing, room.ada, boxes[0].id, order=NEWEST, limit=1
    )

    assert [each.name for each in boxes] == [
        *("INBOX", "Drafts", "Junk", "Sent"),
        "Trash",
    ]
    assert ([each.id for each in page.copies], page.total) == ([second], 2)
    own = await room.store.read(reading.copies, room.acting, [first, 99])
    assert list(own) == [first]
    header = await room.store.read(reading.details, room.ada, [first])
    assert header[first].header == b"header"
    assert await room.store.read(reading.found, room.ada, 1, "Absent") is None


async def test_nothing_of_another_account_exists(
    room: Room, statements: Statements
) -> None:
    [theirs] = await room.store.transact(put, room.bob, "INBOX", "secret")
    box = await inbox(room, room.bob)
    query = parse("all", now=NOW)
    acts: tuple[Callable[[UnitOfWork, int], object], ...] = (
        lambda uow, _: reading.mailboxes(uow, room.ada, room.bob.account or 0),
        lambda uow, n: reading.mailbox(uow, room.ada, n),
        lambda uow, n: reading.listing(uow, room.ada, n, limit=9),
        lambda uow, n: reading.matching(uow, room.ada, query, mailboxes=[n]),
        lambda uow, n: reading.listing(uow, CAROL, n, limit=9),
    )
    for act in acts:
        said: list[tuple[type[MailError], str, int]] = []
        for number in (box, 9999):
            statements.taken()
            with pytest.raises(NotFound) as raised:
                await room.store.read(act, number)
            text = str(raised.value).replace(str(number), "N")
            said.append((type(raised.value), text, statements.taken()))
        assert said[0] == said[1]
    assert await room.store.read(reading.copies, room.ada, [theirs]) == {}
    assert await room.store.read(reading.details, room.ada, [theirs]) == {}
    page = await room.store.read(reading.arranged, room.ada, [theirs], limit=9)
    assert page.copies == []


async def test_a_search_finds_in_the_mailboxes_named(room: Room) -> None:
    one, _ = await room.store.transact(put, room.ada, "INBOX", "one", "two")
    [again] = await room.store.transact(put, room.ada, "Sent", "one")
    box = await inbox(room, room.ada)
    query = parse("message-id:one@example.org", now=NOW)

    found = await room.store.read(
        reading.matching, room.ada, query, mailboxes=[box, box]
    )
    assert list(found) == [one]
    page = await room.store.read(
        reading.arranged, room.ada, [again, one], order=NEWEST, limit=1
    )
    assert page.total == 2


async def test_what_a_case_contains_and_who_holds_is_not_seen(room: Room) -> None:
    one, two = await room.store.transact(put, room.ada, "INBOX", "one", "two")

    def hide(uow: UnitOfWork) -> None:
        placement.withdraw(uow, [uow.copies.many([one])[one]], CopyState.CONTAINED)
        new = holds.NewHold(query=parse("all", now=NOW), reason="litigation")
        hold, _ = holds.create(uow, CAROL, new)
        holds.place(uow, hold.id, [two])

    await room.store.transact(hide)
    box = await inbox(room, room.ada)

    page = await room.store.read(reading.listing, room.ada, box, limit=9)
    assert [(each.id, each.hold) for each in page.copies] == [(two, ())]
    assert list(await room.store.read(reading.copies, room.acting, [one, two])) == [two]
    for text in ("is:held", "similar:" + "0" * 64, "event:READ"):
        with pytest.raises(Invalid):
            await room.store.read(
                reading.matching, room.ada, parse(text, now=NOW), mailboxes=[box]
            )


@pytest.mark.parametrize(("offset", "limit"), [(-1, 1), (0, 1001), (0, -1)])
async def test_a_page_has_bounds(room: Room, offset: int, limit: int) -> None:
    box = await inbox(room, room.ada)
    with pytest.raises(Invalid):
        await room.store.read(
            reading.listing, room.ada, box, offset=offset, limit=limit
        )
