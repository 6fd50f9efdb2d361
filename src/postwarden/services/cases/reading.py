"""Looking at cases: their plans, outcomes and approvals."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from postwarden.model.actors import Actor
from postwarden.model.cases import (
    Approval,
    ArmedRule,
    Case,
    CaseState,
    Outcome,
    Plan,
    PlanItem,
)
from postwarden.model.errors import NotFound
from postwarden.model.permissions import Permission
from postwarden.model.tasks import Task
from postwarden.services import access, holds
from postwarden.services.cases import approving, notifying, reach
from postwarden.services.cases.approving import Need
from postwarden.services.cases.rules import CaseRules
from postwarden.services.cases.undoing import NOT_RESTORED
from postwarden.services.ports import Store, UnitOfWork

_PAGE = 1000  # items read at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A case with its newest plan and what became of the plan's items.

    `need` says whether the plan takes the word of another person. `waiting` are other
    systems with items that are pending after a run, each with why.
    """

    case: Case
    plan: Plan | None
    need: Need | None
    outcomes: dict[Outcome, int]
    approvals: Sequence[Approval]
    rules: Sequence[ArmedRule]
    now: datetime
    waiting: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoStatus:
    """How many copies of a case are back, and how many could not be returned."""

    state: CaseState
    restored: int
    failed: int


def page(uow: UnitOfWork, actor: Actor, after: int, limit: int) -> list[Case]:
    """Return the cases behind `after` that the actor may see, oldest first."""
    access.require(actor, Permission.CASE_READ)
    found: list[Case] = []
    while len(found) < limit:
        batch = uow.cases.page(after=after, limit=limit)
        found += [case for case in batch if reach.is_visible(actor, case)]
        if len(batch) < limit:
            break
        after = batch[-1].id
    return found[:limit]


def status(uow: UnitOfWork, actor: Actor, case_id: int, rules: CaseRules) -> Status:
    """Return a case as it is now; raises NotFound."""
    access.require(actor, Permission.CASE_READ)
    found = reach.case(uow, actor, case_id)
    plan = None if found.plan is None else uow.cases.plan(found.plan)
    return Status(
        case=found,
        plan=plan,
        need=None if plan is None else approving.need(found, plan, rules),
        outcomes={} if plan is None else uow.cases.outcomes(plan.id),
        approvals=uow.cases.approvals(case_id),
        rules=uow.arming.of_case(case_id),
        now=uow.now,
        waiting=() if plan is None else _waiting(uow, plan),
    )


def _waiting(uow: UnitOfWork, plan: Plan) -> list[tuple[str, str]]:
    first = {
        part.system: uow.cases.items(
            plan.id, limit=1, outcomes=[Outcome.PENDING], system=part.system
        )
        for part in plan.parts
    }
    return [
        (system, item.reason)
        for system, items in first.items()
        for item in items
        if item.reason is not None
    ]


def newest_plan(uow: UnitOfWork, actor: Actor, case_id: int) -> Plan:
    """Return the newest plan of a case; raises NotFound, also when it has none."""
    access.require(actor, Permission.CASE_READ)
    plan = reach.case(uow, actor, case_id).plan
    if plan is None:
        raise NotFound("plan of case", str(case_id))
    return uow.cases.plan(plan)


def notifying_task(uow: UnitOfWork, actor: Actor, case_id: int) -> Task | None:
    """Return the unfinished task that tells owners what a case removed."""
    access.require(actor, Permission.CASE_READ)
    plan = reach.case(uow, actor, case_id).plan
    return None if plan is None else uow.tasks.unfinished(notifying.TASK, str(plan))


def undone(uow: UnitOfWork, actor: Actor, case_id: int) -> UndoStatus:
    """Count over all plans of a case."""
    access.require(actor, Permission.CASE_READ)
    case = reach.case(uow, actor, case_id)
    restored = failed = 0
    for plan in uow.cases.plans_of(case_id):
        restored += uow.cases.outcomes(plan.id).get(Outcome.RESTORED, 0)
        failures = uow.cases.items(plan.id, limit=1000, outcomes=[Outcome.FAILED])
        failed += sum((item.reason or "").startswith(NOT_RESTORED) for item in failures)
    return UndoStatus(state=case.state, restored=restored, failed=failed)


async def items(
    store: Store, actor: Actor, case_id: int, plan_id: int
) -> AsyncIterator[list[PlanItem]]:
    """Yield the items of a plan of a case in their order, in pages."""
    after = 0
    while page := await store.read(
        items_page, actor, case_id, plan_id, after=after, limit=_PAGE
    ):
        yield page
        after = page[-1].item


def items_page(
    uow: UnitOfWork,
    actor: Actor,
    case_id: int,
    plan_id: int,
    *,
    after: int,
    limit: int,
) -> list[PlanItem]:
    """Return the items behind the number `after`, with the holds on them now."""
    access.require(actor, Permission.CASE_READ)
    found = reach.case(uow, actor, case_id)
    if uow.cases.plan(plan_id).case != found.id:
        raise NotFound("plan", str(plan_id))
    return holds.with_holds(uow, uow.cases.items(plan_id, after=after, limit=limit))
