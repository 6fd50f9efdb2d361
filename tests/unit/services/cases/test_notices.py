"""What owners are told of removed mail: nothing, a stub in its place, or a digest."""

from collections import Counter
from hashlib import sha256

import pytest

from postwarden.model.cases import Action, Case, CaseState, Outcome, OwnerNotice
from postwarden.model.errors import Invalid, Stale
from postwarden.model.mailboxes import CopyState
from postwarden.model.queries import parse
from postwarden.services import placement, showing
from postwarden.services.cases import notifying
from postwarden.services.ports import UnitOfWork
from postwarden.wire.mime import scan
from tests.e2e import mails
from tests.support.factories import NOW
from tests.unit.services import world
from tests.unit.services.cases.desk import ADA, BOB, Desk, Lying

PHISH = mails.mail("phish", subject="Your =?utf-8?q?invoice=0D=0AEvil=3A?= x")
OTHER = mails.mail("other", subject="Your prize", body="You have won.\r\n")
QUERY = f"similar:{sha256(PHISH).hexdigest()}"
BOTH = "from:mallory@example.net"


async def told(desk: Desk) -> Lying:
    """Return the notices there are, by what their subjects say."""
    return Counter({k: n for k, n in (await desk.lying()).items() if "removed" in k[2]})


async def text_of(desk: Desk, subject: str) -> tuple[bytes, str]:
    """Return Ada's mail of that subject: its octets, and its text."""

    def find(uow: UnitOfWork) -> str:
        query = parse("account:ada@example.org", now=NOW)
        found = uow.copies.search(query, states=[CopyState.LIVE], similar={})
        (facts,) = (f for f in uow.copies.facts(found) if f.subject == subject)
        return facts.sha256.hex()

    name = await desk.store.read(find)
    shown = await showing.show(
        desk.store, desk.blobs, desk.actor, name, part="text", reason="test"
    )
    return shown.content, scan(shown.content).text


async def carried_out(desk: Desk, notice: OwnerNotice, query: str = BOTH) -> Case:
    """Ada has two mails, one of them filed away; Bob has one."""
    await desk.receive(PHISH, ADA, BOB)
    await desk.receive(OTHER, ADA)

    def file_away(uow: UnitOfWork) -> None:
        placement.move(uow, [(world.copies_of(uow, ADA)[0], "Old")])

    await desk.store.transact(file_away)
    case = await desk.open(query)
    await desk.carry_out(case, notice=notice)
    return case


async def test_silent_tells_nothing(desk: Desk) -> None:
    await carried_out(desk, OwnerNotice.SILENT)

    assert not await desk.lying()


async def test_a_stub_stands_in_the_place_of_each_mail(desk: Desk) -> None:
    case = await carried_out(desk, OwnerNotice.STUB)

    subject = f"A message was removed (case {case.id})"
    assert await desk.lying() == {
        ("ada@example.org", "Old", subject): 1,
        ("ada@example.org", "INBOX", subject): 1,
        ("bob@example.org", "INBOX", subject): 1,
    }
    assert (await desk.status(case)).outcomes == {Outcome.REMOVED: 3}


async def test_a_digest_lists_what_was_removed_in_one_mail(desk: Desk) -> None:
    case = await carried_out(desk, OwnerNotice.DIGEST)

    subject = f"Messages were removed (case {case.id})"
    assert await desk.lying() == {
        ("ada@example.org", "INBOX", subject): 1,
        ("bob@example.org", "INBOX", subject): 1,
    }
    content, text = await text_of(desk, subject)
    assert text.count("from mallory@example.net:") == 2
    assert "Your prize" in text
    assert b"\r\nAuto-Submitted: auto-generated\r\n" in content
    assert b"\nEvil:" not in content, "a subject adds no line of its own"


async def test_a_notice_is_no_copy_of_what_it_tells_of(desk: Desk) -> None:
    """Although the query that found the mail finds the notice, too."""
    query = "account:ada@example.org smaller:1M"
    case = await carried_out(desk, OwnerNotice.STUB, query)

    assert not await desk.residual(case)
    assert (await desk.preview(case)).copies == 0
    assert (await told(desk)).total() == 2


@pytest.mark.parametrize("notice", [OwnerNotice.STUB, OwnerNotice.DIGEST])
async def test_undo_takes_notices_away_and_gives_the_mail_back(
    desk: Desk, notice: OwnerNotice
) -> None:
    case = await carried_out(desk, notice)
    before = await told(desk)

    assert (await desk.undo(case, BOB)).restored == 1

    left = Counter({key: n for key, n in before.items() if "ada" in key[0]})
    assert await told(desk) == left
    undone = await desk.undo(case)
    assert (undone.state, undone.restored) == (CaseState.UNDONE, 3)
    assert not await told(desk)
    assert (await desk.lying()).total() == 3


async def test_who_works_on_notices_again_places_none_twice(desk: Desk) -> None:
    case = await carried_out(desk, OwnerNotice.STUB)
    before = await desk.lying()
    plan = (await desk.status(case)).plan
    assert plan is not None
    payload = {"plan": plan.id}

    again = await desk.store.transact(
        lambda uow: uow.tasks.add(notifying.TASK, str(plan.id), payload, uow.now)
    )
    await desk.work(again)

    assert await desk.lying() == before


async def test_what_owners_are_told_is_part_of_what_was_approved(desk: Desk) -> None:
    await desk.receive(PHISH, ADA)
    case = await desk.open(QUERY)
    silent = await desk.preview(case)
    stub = await desk.preview(case, notice=OwnerNotice.STUB)
    assert silent.sha256 != stub.sha256

    with pytest.raises(Stale):
        await desk.approve(silent)
    for action in (Action.MOVE_JUNK, Action.RESTORE):
        with pytest.raises(Invalid):
            await desk.preview(case, notice=OwnerNotice.STUB, action=action)
