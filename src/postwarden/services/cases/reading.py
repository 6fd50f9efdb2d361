"""Looking at cases: their plans, outcomes and approvals."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from postwarden.model.cases import Approval, Case, CaseState, Outcome, Plan, PlanItem
from postwarden.services import holds
from postwarden.services.cases.undoing import NOT_RESTORED
from postwarden.services.ports import Store, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A case with its newest plan and what became of the plan's items."""

    case: Case
    plan: Plan | None
    outcomes: dict[Outcome, int]
    approvals: Sequence[Approval]


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoStatus:
    """How many copies of a case are back, and how many could not be returned."""

    state: CaseState
    restored: int
    failed: int


def page(uow: UnitOfWork, after: int, limit: int) -> list[Case]:
    return uow.cases.page(after=after, limit=limit)


def status(uow: UnitOfWork, case_id: int) -> Status:
    """Return a case as it is now; raises NotFound."""
    case = uow.cases.get(case_id)
    plan = None if case.plan is None else uow.cases.plan(case.plan)
    return Status(
        case=case,
        plan=plan,
        outcomes={} if plan is None else uow.cases.outcomes(plan.id),
        approvals=uow.cases.approvals(case_id),
    )


def undone(uow: UnitOfWork, case_id: int) -> UndoStatus:
    """Count over all plans of a case."""
    restored = failed = 0
    for plan in uow.cases.plans_of(case_id):
        restored += uow.cases.outcomes(plan.id).get(Outcome.RESTORED, 0)
        failures = uow.cases.items(plan.id, limit=1000, outcomes=[Outcome.FAILED])
        failed += sum((item.reason or "").startswith(NOT_RESTORED) for item in failures)
    state = uow.cases.get(case_id).state
    return UndoStatus(state=state, restored=restored, failed=failed)


async def items(store: Store, plan_id: int) -> AsyncIterator[list[PlanItem]]:
    """Yield a plan's items in their order, in pages."""
    after = 0
    while page := await store.read(_items, plan_id, after):
        yield page
        after = page[-1].item


def _items(uow: UnitOfWork, plan_id: int, after: int) -> list[PlanItem]:
    return holds.with_holds(uow, uow.cases.items(plan_id, after=after, limit=1000))
