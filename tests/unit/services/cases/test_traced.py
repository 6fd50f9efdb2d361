"""The plan says who got the mail, beside where copies of it were found."""

from hashlib import sha256

import pytest

from postwarden.model.cases import Missing, Traced
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import CopyState
from postwarden.services import placement
from postwarden.services.cases import traced
from postwarden.services.ledger import record_copies
from postwarden.services.ports import UnitOfWork
from tests.e2e import mails
from tests.support.factories import ledger_event, log_row
from tests.unit.services import world
from tests.unit.services.cases.actors import of_domains
from tests.unit.services.cases.desk import ADA, BOB, EVE, Desk
from tests.unit.services.world import at

PHISH = mails.mail("phish", subject="Your invoice")
QUERY = f"similar:{sha256(PHISH).hexdigest()}"
FWD = at("fwd")


async def test_who_got_it_and_has_no_copy_is_named_with_what_happened(
    desk: Desk,
) -> None:
    def forward(uow: UnitOfWork) -> None:
        world.add_account(uow, FWD, targets=(at("dan", "elsewhere.example"),))

    def delete(uow: UnitOfWork) -> None:
        copies = world.copies_of(uow, BOB)
        placement.withdraw(uow, copies, CopyState.VAULTED)
        told = {copy.id: "INBOX" for copy in copies}.get
        record_copies(uow, Event.EXPUNGE, copies, told, source="imap", detail="")

    await desk.store.transact(forward)
    await desk.receive(PHISH, ADA, BOB, EVE, FWD)
    await desk.store.transact(delete)
    case = await desk.open(QUERY)

    plan = await desk.preview(case, exclude=("eve@example.org",))

    assert plan.traced == Traced(
        recipients=3,
        missing=1,
        waiting=1,
        left=0,
        shown=(
            Missing(
                account="bob@example.org", event="EXPUNGE", time="2026-11-21T12:00:00Z"
            ),
        ),
    )
    assert (await desk.status(case)).plan == plan


async def test_what_another_systems_log_says_was_delivered_counts_too(
    desk: Desk,
) -> None:
    def log(uow: UnitOfWork) -> None:
        numbers = uow.log_rows.add(
            [log_row(name, message_id="phish@example.net") for name in "abcd"]
        )
        paths = (at("Ada"), BOB, at("zoe", "example.com"), EVE)
        events = (Event.DELIVER, Event.DELIVER, Event.DELIVER, Event.SEND)
        uow.ledger.record(
            ledger_event(event, log_row=number, forward_path=path)
            for event, number, path in zip(events, numbers, paths, strict=True)
        )

    await desk.receive(PHISH, ADA)
    await desk.store.transact(log)
    plan = await desk.preview(await desk.open(QUERY))

    assert plan.traced is not None
    assert (plan.traced.recipients, plan.traced.missing) == (3, 2)
    missing = [(each.account, each.event) for each in plan.traced.shown]
    assert missing == [("bob@example.org", "DELIVER"), ("zoe@example.com", "DELIVER")]

    heidi = desk.as_(of_domains("example.org"))
    seen = await heidi.preview(await heidi.open(QUERY))
    assert seen.traced is not None
    assert seen.traced.recipients == 2


async def test_other_domains_are_not_told_of(desk: Desk) -> None:
    zoe = at("zoe", "example.com")

    def add(uow: UnitOfWork) -> None:
        world.add_domain(uow, "example.com")
        world.add_account(uow, zoe)

    await desk.store.transact(add)
    await desk.receive(PHISH, ADA, zoe)
    heidi = desk.as_(of_domains("example.com"))

    plan = await heidi.preview(await heidi.open(QUERY))

    assert plan.traced == Traced(recipients=1, missing=0, waiting=0, left=0)


async def test_too_much_to_trace_is_said(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.receive(PHISH, ADA)
    monkeypatch.setattr(traced, "MAX_EVENTS", 1)

    assert (await desk.preview(await desk.open(QUERY))).traced is None
