"""Returning what a case has contained on another system: order it, then settle it."""

from collections.abc import Sequence
from dataclasses import replace

from postwarden.model.cases import Action, CaseState, Outcome, Plan, PlanItem
from postwarden.model.errors import NotFound
from postwarden.model.ledger import Event
from postwarden.model.systems import LOCAL, System
from postwarden.services.cases import chunks
from postwarden.services.cases.elsewhere.containing import BATCH, PASSES, Step
from postwarden.services.cases.elsewhere.copies import (
    answered,
    copy_of,
    moved,
    place_of,
    planned_system,
)
from postwarden.services.cases.elsewhere.telling import record
from postwarden.services.cases.outcomes import ACTED
from postwarden.services.cases.undoing import NOT_RESTORED, Whose
from postwarden.services.ports import Blobs, MailSystem, Store, UnitOfWork
from postwarden.services.ports.systems import (
    Location,
    Place,
    RemoteOutcome,
    Return,
)

_LOST = "the system has lost it, and its content is not kept here"
_ENDED = "the system has lost it, and cannot make it anew: case export has it"


def systems(uow: UnitOfWork, case_id: int, whose: Whose) -> list[str]:
    """Return the other systems that an undo has something to return to."""
    if uow.cases.get(case_id).state is not CaseState.UNDOING:
        return []
    names = {
        part.system: None
        for plan in _plans(uow, case_id)
        for part in plan.parts
        if part.system != LOCAL and _acted(uow, plan.id, part.system, whose, limit=1)
    }
    return list(names)


def system(uow: UnitOfWork, case_id: int, name: str) -> System:
    """Return a system that a case has acted on; raises Unreached when it is no more."""
    for plan in _plans(uow, case_id):
        if any(part.system == name for part in plan.parts):
            return planned_system(uow, plan, name)
    raise NotFound("system of the case", name)


async def give_back(
    store: Store,
    blobs: Blobs,
    way: MailSystem,
    case_id: int,
    *,
    system: str,
    whose: Whose,
    step: Step,
    limit: int = BATCH,
) -> None:
    """Return what a case has contained on one system, unless the undo is stopped.

    What the system has lost is made anew from what is kept here. Raises Unreached.
    """
    for _ in range(PASSES):
        is_over = True
        for plan in await store.read(_plans, case_id):
            await _settle_orders(store, way, system, plan.id)
            after = 0
            while items := await store.read(
                _acted, plan.id, system, whose, after=after, limit=limit
            ):
                after, is_over = items[-1].item, False
                ordered = await store.transact(order, plan.id, items)
                if ordered:
                    outcomes = await _restored(blobs, way, ordered)
                    await store.transact(settle, plan.id, ordered, outcomes)
                await step()
        if is_over:
            return


def _plans(uow: UnitOfWork, case_id: int) -> list[Plan]:
    """Return the plans that have contained something elsewhere, the newest first."""
    plans = reversed(uow.cases.plans_of(case_id))
    return [plan for plan in plans if plan.parts and plan.action is Action.CONTAIN]


def _acted(
    uow: UnitOfWork,
    plan_id: int,
    system: str,
    whose: Whose,
    *,
    after: int = 0,
    limit: int,
) -> list[PlanItem]:
    if uow.cases.get(uow.cases.plan(plan_id).case).state is not CaseState.UNDOING:
        return []
    return uow.cases.items(
        plan_id,
        after=after,
        limit=limit,
        outcomes=ACTED,
        system=system,
        addresses=whose.addresses,
    )


def order(uow: UnitOfWork, plan_id: int, items: Sequence[PlanItem]) -> list[PlanItem]:
    """Write down what the system is about to return; none when the undo was stopped."""
    plan = uow.cases.plan(plan_id)
    case = uow.cases.get(plan.case)
    if case.state is not CaseState.UNDOING:
        return []
    now = uow.cases.items(
        plan_id,
        after=items[0].item - 1,
        limit=len(items),
        outcomes=ACTED,
        system=items[0].system,
    )
    untouched = [item for item in items if item in now]
    ordered = [
        replace(item, remote=replace(place_of(item), is_asked=True))
        for item in untouched
    ]
    uow.cases.update_items(plan_id, ordered)
    chunks.record(uow, case, plan, "case.order-return", ordered)
    return ordered


async def _restored(
    blobs: Blobs, way: MailSystem, ordered: Sequence[PlanItem]
) -> list[RemoteOutcome]:
    """Let the system move them back; what it has no more is given to it again."""
    back = [Return(copy=copy_of(item)) for item in ordered]
    outcomes = await answered(way.restore(back))
    for place, (item, outcome) in enumerate(zip(ordered, outcomes, strict=True)):
        if outcome != RemoteOutcome():
            continue
        try:
            content = await blobs.get(item.sha256)
        except NotFound:
            outcomes[place] = RemoteOutcome(reason=_LOST)
            continue
        again = Return(copy=copy_of(item), content=content)
        (made,) = await answered(way.restore([again]))
        outcomes[place] = RemoteOutcome(reason=_ENDED) if made == outcome else made
    return outcomes


def settle(
    uow: UnitOfWork,
    plan_id: int,
    ordered: Sequence[PlanItem],
    outcomes: Sequence[RemoteOutcome],
) -> None:
    """Write down what is back; what has no answer stays ordered."""
    judged = []
    for item, outcome in zip(ordered, outcomes, strict=True):
        if outcome.is_unknown:
            continue
        if outcome.reference is not None:
            back = moved(item, Outcome.RESTORED, outcome.reference)
            judged.append(replace(back, reason=outcome.reason))
        else:
            failed = moved(item, Outcome.FAILED)
            why = outcome.reason or _LOST
            judged.append(replace(failed, reason=f"{NOT_RESTORED}: {why}"))
    _write(uow, plan_id, judged)


async def _settle_orders(store: Store, way: MailSystem, system: str, plan: int) -> None:
    """Ask where copies are whose return was not answered, and write it down."""
    after = 0
    while items := await store.read(_ordered, plan, system, after):
        after = items[-1].item
        copies = [copy_of(item) for item in items]
        located = await answered(way.locate(copies, towards=Place.HOME))
        await store.transact(settle_located, plan, items, located)


def _ordered(uow: UnitOfWork, plan: int, system: str, after: int) -> list[PlanItem]:
    return uow.cases.items(
        plan, after=after, limit=100, outcomes=ACTED, system=system, is_asked=True
    )


def settle_located(
    uow: UnitOfWork,
    plan_id: int,
    asked: Sequence[PlanItem],
    located: Sequence[Location],
) -> None:
    """Write down where copies are that were ordered back; others are ordered again."""
    judged = [
        moved(item, Outcome.RESTORED, location.reference)
        if location.place is Place.HOME
        else moved(item, item.outcome)
        for item, location in zip(asked, located, strict=True)
    ]
    _write(uow, plan_id, judged)


def _write(uow: UnitOfWork, plan_id: int, judged: Sequence[PlanItem]) -> None:
    plan = uow.cases.plan(plan_id)
    uow.cases.update_items(plan_id, judged)
    decided = [item for item in judged if item.outcome not in ACTED]
    chunks.record(uow, uow.cases.get(plan.case), plan, "case.return", decided)
    restored = [item for item in judged if item.outcome is Outcome.RESTORED]
    record(uow, plan.case, Event.RESTORE, restored)


def unreached(
    uow: UnitOfWork, case_id: int, system: str, whose: Whose, reason: str
) -> None:
    """Write down that a system's copies are not back; another undo tries them again."""
    for plan in _plans(uow, case_id):
        uow.cases.mark(
            plan.id,
            system,
            ACTED,
            outcome=Outcome.FAILED,
            reason=f"{NOT_RESTORED}: {reason}",
            addresses=whose.addresses,
        )
