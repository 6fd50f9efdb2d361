"""Closing a case: its end, from which what it contained waits for its retention."""

from dataclasses import dataclass, replace

from postwarden.model.actors import Actor
from postwarden.model.cases import Case, CaseState, Plan
from postwarden.model.errors import Refused
from postwarden.model.mailboxes import CopyState
from postwarden.model.permissions import Permission
from postwarden.model.systems import LOCAL
from postwarden.model.tasks import Task
from postwarden.services import access, audit, tasks, vault
from postwarden.services.cases import arming, reach
from postwarden.services.cases.outcomes import ACTED
from postwarden.services.ports import UnitOfWork

TASK = "case.close"
CHUNK = 500  # items per transaction
_BUSY = {CaseState.RUNNING, CaseState.UNDOING}


def close(uow: UnitOfWork, actor: Actor, case_id: int) -> tuple[Case, Task | None]:
    """Close a case for good: undo is over, and retention begins for what it hides.

    Returns a task that starts the clocks, None when it is all done. Raises Refused
    while the case runs or is undone.
    """
    access.require(actor, Permission.CASE_RUN)
    case = reach.case(uow, actor, case_id)
    if case.state is CaseState.CLOSED:
        return case, uow.tasks.unfinished(TASK, str(case_id))
    if case.state in _BUSY:
        raise Refused(f"case {case_id} is {case.state}: stop it first")
    closed = replace(case, state=CaseState.CLOSED)
    uow.cases.replace(closed)
    arming.end(uow, case_id)
    audit.record(
        uow,
        actor,
        "case.close",
        f"case {case_id}",
        before={"state": case.state.value},
        after={"state": closed.state.value},
        domains=case.domains,
    )
    domain, payload = tasks.only(case.domains), {"case": case_id}
    return closed, tasks.submit(uow, actor, TASK, str(case_id), payload, domain=domain)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a closing is: the plan, by its place, and the item that was last."""

    plan: int = 0
    item: int = 0
    done: int = 0


def close_chunk(
    uow: UnitOfWork, case_id: int, at: Position, *, limit: int = CHUNK
) -> Position | None:
    """Start the clocks of the next copies that the case contains; None ends it."""
    plans = uow.cases.plans_of(case_id)
    if at.plan >= len(plans):
        return None
    plan = plans[at.plan]
    items = uow.cases.items(
        plan.id, after=at.item, limit=limit, outcomes=ACTED, system=LOCAL
    )
    if not items:
        return Position(plan=at.plan + 1, done=at.done)
    _start_clocks(uow, plan, [item.copy for item in items])
    return Position(plan=at.plan, item=items[-1].item, done=at.done + len(items))


def _start_clocks(uow: UnitOfWork, plan: Plan, copies: list[int]) -> None:
    claims = uow.cases.claims(copies)
    ours = [
        copy
        for copy in uow.copies.many(copies).values()
        if copy.state is CopyState.CONTAINED and claims[copy.id] == plan.id
    ]
    detail = f"case {plan.case} was closed"
    vault.start_clock(uow, ours, source="case", detail=detail)
