"""Whose word a plan takes, for how long, and what breaking the glass leaves behind."""

from dataclasses import replace
from hashlib import sha256

import pytest

from postwarden.model.actors import Actor
from postwarden.model.cases import Case, CaseState, Outcome, Plan
from postwarden.model.errors import Forbidden, Invalid, Refused, Stale
from postwarden.model.permissions import EVERYTHING, Permission
from postwarden.services.cases import approving
from postwarden.services.cases.rules import CaseRules
from postwarden.services.ports import UnitOfWork
from tests.e2e import mails
from tests.support.factories import Clock
from tests.unit.services.cases.actors import CAROL, DAVE, without
from tests.unit.services.cases.desk import ADA, BOB, EVE, Desk

PHISH = mails.mail("phish", subject="Your invoice")
QUERY = f"similar:{sha256(PHISH).hexdigest()}"


async def large(desk: Desk) -> tuple[Desk, Case, Plan]:
    """Open a case as the operator, and let carol make a plan that takes another."""
    desk = replace(desk, rules=CaseRules(second_person=2))
    await desk.receive(PHISH, ADA, BOB, EVE)
    case = await desk.open(QUERY)
    return desk, case, await desk.as_(CAROL).preview(case)


async def test_a_small_plan_takes_anybodys_word(desk: Desk) -> None:
    desk = replace(desk, rules=CaseRules(second_person=3))
    await desk.receive(PHISH, ADA, BOB, EVE)
    case = await desk.open(QUERY)

    assert await desk.carry_out(case) == {Outcome.REMOVED: 3}


async def test_neither_opener_nor_previewer_approves_a_large_plan(desk: Desk) -> None:
    desk, case, plan = await large(desk)
    status = await desk.status(case)
    assert str(status.need) == (
        "the plan has 3 copies, over 2: somebody else than carol and operator "
        "must approve"
    )

    for insider in (desk, desk.as_(CAROL)):
        with pytest.raises(Refused, match="somebody else than carol and operator"):
            await insider.approve(plan)
    with pytest.raises(Refused, match="no approval"):
        await desk.run(case)
    await desk.as_(DAVE).approve(plan)

    assert await desk.run(case) == {Outcome.REMOVED: 3}


async def test_who_edited_the_query_has_shaped_the_plan_too(desk: Desk) -> None:
    desk, case, _ = await large(desk)
    heidi = Actor(name="heidi", permissions=EVERYTHING)
    await desk.as_(heidi).edit(case, f"{QUERY} in:inbox")
    plan = await desk.as_(CAROL).preview(case)

    for insider in (desk, desk.as_(CAROL), desk.as_(heidi)):
        with pytest.raises(Refused, match="than carol and heidi and operator"):
            await insider.approve(plan)
    await desk.as_(DAVE).approve(plan)


async def test_an_own_word_from_when_it_was_enough_is_not_enough_now(
    desk: Desk,
) -> None:
    """The threshold was lowered between approval and run."""
    await desk.receive(PHISH, ADA, BOB, EVE)
    case = await desk.open(QUERY)
    await desk.approve(await desk.preview(case))

    with pytest.raises(Refused, match="not approved by another person"):
        await replace(desk, rules=CaseRules(second_person=2)).run(case)

    assert (await desk.lying()).total() == 3


async def test_breaking_the_glass_is_written_down_and_reviewed_by_another(
    desk: Desk,
) -> None:
    desk, case, plan = await large(desk)
    await desk.approve(plan, break_glass="it spreads")
    assert await desk.run(case) == {Outcome.REMOVED: 3}

    (approval,) = (await desk.status(case)).approvals
    assert (approval.break_glass, approval.reviewed_by) == ("it spreads", None)
    audited = await desk.store.read(
        lambda uow: [(e.action, e.reason) for e in uow.audit.page(limit=99)]
    )
    assert ("case.break-glass", "it spreads") in audited
    with pytest.raises(Refused, match="somebody else must review"):
        await review(desk, case)
    assert await review(desk.as_(DAVE), case) == 1
    (approval,) = (await desk.status(case)).approvals
    assert (approval.reviewed_by, approval.review) == ("dave", "justified")
    with pytest.raises(Refused, match="nothing to review"):
        await review(desk.as_(DAVE), case)


async def review(desk: Desk, case: Case) -> int:
    return await desk.store.transact(
        approving.review, desk.actor, case.id, reason=" justified "
    )


async def test_the_glass_is_broken_only_with_a_reason_and_where_it_must_be(
    desk: Desk,
) -> None:
    desk, _, plan = await large(desk)

    with pytest.raises(Invalid):
        await desk.approve(plan, break_glass=" ")
    with pytest.raises(Refused, match="no glass to break"):
        await desk.as_(DAVE).approve(plan, break_glass="in a hurry")
    with pytest.raises(Forbidden):
        await desk.as_(without(Permission.CASE_BREAK_GLASS)).approve(
            plan, break_glass="in a hurry"
        )


async def test_an_approval_expires(desk: Desk, clock: Clock) -> None:
    await desk.receive(PHISH, ADA)
    case = await desk.open(QUERY)
    plan = await desk.preview(case)
    await desk.approve(plan)
    clock.forward(hours=72)

    with pytest.raises(Refused, match="expired at 2026-11-24 12:00 UTC"):
        await desk.run(case)

    await desk.approve(plan)
    assert await desk.run(case) == {Outcome.REMOVED: 1}


async def test_a_stopped_run_whose_approval_expired_takes_another(
    desk: Desk, clock: Clock
) -> None:
    await desk.receive(PHISH, ADA, BOB)
    case = await desk.open(QUERY)
    plan = await desk.preview(case)
    await desk.approve(plan)
    await desk.store.transact(_running, case)
    await desk.stop(case)
    clock.forward(hours=73)

    with pytest.raises(Refused, match="expired"):
        await desk.resume(case)

    await desk.approve(plan)
    assert await desk.resume(case) == {Outcome.REMOVED: 2}


def _running(uow: UnitOfWork, case: Case) -> None:
    known = uow.cases.get(case.id)
    uow.cases.replace(replace(known, state=CaseState.RUNNING))


async def test_a_newer_plan_or_another_query_makes_an_approval_void(
    desk: Desk,
) -> None:
    await desk.receive(PHISH, ADA)
    case = await desk.open(QUERY)
    plan = await desk.preview(case)
    await desk.approve(plan)
    await desk.receive(PHISH, BOB)

    newer = await desk.preview(case)

    with pytest.raises(Stale):
        await desk.approve(plan)
    with pytest.raises(Stale, match="another plan than the one that was approved"):
        await desk.run(case)
    await desk.edit(case, "subject:invoice")
    with pytest.raises(Refused):
        await desk.approve(newer)
    with pytest.raises(Refused):
        await desk.run(case)
    assert (await desk.lying()).total() == 2
