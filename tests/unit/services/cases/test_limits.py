"""What a plan leaves alone, and what is too much for one plan."""

from collections import Counter
from dataclasses import replace
from hashlib import sha256

import pytest

from postwarden.model.cases import Outcome
from postwarden.model.errors import LimitExceeded, NotFound, Refused, Stale
from postwarden.services import placement
from postwarden.services.cases import contents
from postwarden.services.cases.rules import CaseRules
from postwarden.services.ports import UnitOfWork
from tests.e2e import mails
from tests.unit.services import world
from tests.unit.services.cases.desk import ADA, BOB, EVE, Desk

PHISH = mails.mail("phish", subject="Your invoice")
QUERY = f"similar:{sha256(PHISH).hexdigest()}"


async def test_excluded_copies_are_listed_and_left_alone(desk: Desk) -> None:
    await desk.receive(PHISH, ADA, BOB, EVE)
    case = await desk.open(QUERY)
    first = await desk.preview(case)
    (item,) = (i for i in await desk.items(first) if i.address == "eve@example.org")

    plan = await desk.preview(
        case, exclude=("ada@example.org",), exclude_items=(item.item,)
    )

    assert (plan.copies, plan.excluded, plan.accounts) == (1, 2, 1)
    assert {(i.address, i.outcome, i.reason) for i in await desk.items(plan)} == {
        ("ada@example.org", Outcome.EXCLUDED, "excluded with ada@example.org"),
        ("bob@example.org", Outcome.PENDING, None),
        (
            "eve@example.org",
            Outcome.EXCLUDED,
            f"excluded as item {item.item} of the plan before",
        ),
    }
    await desk.approve(plan)
    assert await desk.run(case) == {Outcome.REMOVED: 1, Outcome.EXCLUDED: 2}
    assert {whose for whose, _, _ in await desk.lying()} == {
        "ada@example.org",
        "eve@example.org",
    }
    assert not await desk.residual(case)
    await desk.receive(PHISH, ADA, BOB)
    late = Counter({("bob@example.org", "INBOX", "Your invoice"): 1})
    assert await desk.residual(case) == late


async def test_a_whole_domain_is_excluded_by_its_name(desk: Desk) -> None:
    await desk.receive(PHISH, ADA, BOB)
    case = await desk.open(QUERY)

    plan = await desk.preview(case, exclude=("@example.org",))

    assert (plan.copies, plan.excluded) == (0, 2)


@pytest.mark.parametrize(
    "wanted",
    [
        {"exclude": ("nobody@example.org",)},
        {"exclude": ("@elsewhere.example",)},
        {"exclude_items": (99,)},
    ],
)
async def test_an_exclusion_that_means_nothing_is_refused(
    desk: Desk, wanted: dict[str, tuple[str, ...]]
) -> None:
    """Or a misspelt name would protect nobody, and nobody would know."""
    await desk.receive(PHISH, ADA)
    case = await desk.open(QUERY)
    await desk.preview(case)

    with pytest.raises(NotFound):
        await desk.preview(case, **wanted)


async def test_an_exclusion_is_part_of_what_was_approved(desk: Desk) -> None:
    await desk.receive(PHISH, ADA, BOB)
    case = await desk.open(QUERY)
    plan = await desk.preview(case, exclude=("ada@example.org",))
    await desk.approve(plan)

    def tamper(uow: UnitOfWork) -> None:
        items = uow.cases.items(plan.id, limit=9, outcomes=[Outcome.EXCLUDED])
        pending = [replace(i, outcome=Outcome.PENDING) for i in items]
        uow.cases.update_items(plan.id, pending)

    await desk.store.transact(tamper)
    with pytest.raises(Stale):
        await desk.run(case)


async def test_what_an_author_keeps_of_what_he_sent_is_left_unless_asked_for(
    desk: Desk,
) -> None:
    sent = mails.mail("sent", author="Ada <ada@example.org>")
    await desk.receive(sent, ADA, BOB)

    def keep(uow: UnitOfWork) -> None:
        (copy,) = world.copies_of(uow, ADA)
        placement.move(uow, [(copy, "Sent")])

    await desk.store.transact(keep)
    case = await desk.open(f"similar:{sha256(sent).hexdigest()}")

    plan = await desk.preview(case)
    assert (plan.copies, plan.excluded) == (1, 1)
    plan = await desk.preview(case, include_sent=True)
    assert (plan.copies, plan.excluded) == (2, 0)


@pytest.mark.parametrize("rules", [CaseRules(max_copies=2), CaseRules(max_accounts=2)])
async def test_a_plan_of_too_many_copies_or_accounts_is_refused(
    desk: Desk, rules: CaseRules
) -> None:
    desk = replace(desk, rules=rules)
    await desk.receive(PHISH, ADA, BOB, EVE)
    case = await desk.open(QUERY)

    with pytest.raises(LimitExceeded):
        await desk.preview(case)

    assert (await desk.status(case)).plan is None
    await desk.edit(case, f"{QUERY} account:ada@example.org")
    assert (await desk.preview(case)).copies == 1


async def test_a_plan_that_takes_most_of_a_mailbox_says_so_and_may_be_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "MANY", 2)
    await desk.receive(PHISH, ADA)
    await desk.receive(PHISH, ADA)
    await desk.receive(mails.mail("other", body="Hello.\r\n"), ADA)
    case = await desk.open(QUERY)

    plan = await desk.preview(case)
    assert plan.copies == 2
    assert "the plan takes 2 of 3 mails in INBOX of ada@example.org" in plan.warnings

    desk = replace(desk, rules=CaseRules(max_share=66))
    with pytest.raises(Refused, match="takes 2 of 3 mails in INBOX"):
        await desk.preview(case)
