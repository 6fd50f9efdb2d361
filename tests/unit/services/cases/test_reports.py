"""What a report tells of each account, and that its pages are harmless."""

import csv
import io
from datetime import timedelta
from hashlib import sha256

from postwarden.cli.cases import report_pages
from postwarden.dialects.native.shapes import reports as shapes
from postwarden.model.cases import Outcome
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import Copy, CopyState, Flag
from postwarden.services import placement
from postwarden.services.cases import reporting
from postwarden.services.cases.reporting import Report
from postwarden.services.ledger import record_copies
from postwarden.services.ports import UnitOfWork
from tests.e2e import mails
from tests.support.factories import NOW, Clock
from tests.unit.services import world
from tests.unit.services.cases.desk import ADA, BOB, EVE, Desk

PHISH = mails.mail("phish", subject="Your invoice")
QUERY = f"similar:{sha256(PHISH).hexdigest()}"
HOUR = timedelta(hours=1)


def record(uow: UnitOfWork, event: Event, copies: list[Copy]) -> None:
    told = {copy.id: "INBOX" for copy in copies}.get
    record_copies(uow, event, copies, told, source="imap", detail="")


def use(uow: UnitOfWork) -> None:
    """Ada reads and answers hers, Bob throws his away, Eve does nothing."""
    hers = world.copies_of(uow, ADA)
    record(uow, Event.READ, hers)
    placement.flag(uow, [(each, Flag.ANSWERED, ()) for each in hers])
    his = world.copies_of(uow, BOB)
    placement.withdraw(uow, his, CopyState.VAULTED)
    record(uow, Event.EXPUNGE, his)


async def reported(desk: Desk, clock: Clock) -> Report:
    await desk.receive(PHISH, ADA, BOB, EVE)
    clock.forward(hours=1)
    await desk.store.transact(use)
    case = await desk.open(QUERY)
    plan = await desk.preview(case)
    await desk.approve(plan)
    clock.forward(hours=1)
    await desk.run(case)
    clock.forward(hours=1)
    return await reporting.report(desk.store, desk.actor, case.id)


async def test_each_account_is_told_of_and_the_worst_comes_first(
    desk: Desk, clock: Clock
) -> None:
    made = await reported(desk, clock)

    ada, eve, bob = made.accounts
    assert (ada.account, eve.account, bob.account) == (
        *("ada@example.org", "eve@example.org", "bob@example.org"),
    )
    assert (ada.read, ada.answered, ada.first_seen_at) == (True, True, NOW + HOUR)
    assert (ada.delivered_at, ada.removed_at) == (NOW, NOW + 2 * HOUR)
    assert ada.exposed == eve.exposed == 2 * HOUR
    assert ada.outcomes == {Outcome.REMOVED: 1}
    assert (eve.read, eve.answered, eve.copies) == (False, False, 1)
    assert (bob.copies, bob.acts, bob.removed_at) == (
        *(0, [(NOW + HOUR, Event.EXPUNGE)], None),
    )
    assert bob.exposed == HOUR


async def test_what_was_put_back_is_told_and_what_is_still_there_is_exposed(
    desk: Desk, clock: Clock
) -> None:
    made = await reported(desk, clock)
    await desk.undo(made.case)

    made = await reporting.report(desk.store, desk.actor, made.case.id)

    assert made.accounts[0].restored_at == NOW + 3 * HOUR
    untouched = await desk.open(QUERY)
    await desk.preview(untouched)
    made = await reporting.report(desk.store, desk.actor, untouched.id)
    assert made.accounts[0].exposed == 3 * HOUR


async def test_no_cell_of_the_csv_is_a_formula(desk: Desk, clock: Clock) -> None:
    shape = shapes.report(await reported(desk, clock))
    shape["accounts"][0]["account"] = "=cmd|'/c calc'!A0@example.org"

    rows = list(csv.DictReader(io.StringIO(report_pages.csv_page(shape).decode())))

    assert len(rows) == 3
    assert rows[0]["account"].startswith("'=")
    assert rows[0]["exposed_seconds"] == "7200"
    assert rows[2]["acts"] == "2026-11-21T13:00:00Z EXPUNGE"


async def test_the_page_is_escaped_and_asks_for_nothing_from_elsewhere(
    desk: Desk, clock: Clock
) -> None:
    shape = shapes.report(await reported(desk, clock))
    shape["reason"] = "<script>alert(1)</script><img src=http://evil.example>"

    page = "\n".join(report_pages.html_page(shape))

    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert "default-src &#x27;none&#x27;" in page
    assert page.count("<tr>") == 4
