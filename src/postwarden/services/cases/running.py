"""Running a plan: its pending items, chunk by chunk, each chunk one transaction.

A chunk acts on copies and writes what became of them together, so a killed run
resumes where it was and no copy is acted on twice.
"""

from dataclasses import dataclass, replace

from postwarden.model.actors import Actor
from postwarden.model.cases import (
    Action,
    Case,
    CaseState,
    Outcome,
    OwnerNotice,
    Plan,
    PlanItem,
)
from postwarden.model.errors import MailError, Refused, Stale
from postwarden.model.permissions import Permission
from postwarden.model.systems import LOCAL
from postwarden.model.tasks import Task
from postwarden.model.webhooks import NoticeName
from postwarden.services import access, audit, contents, notices, tasks
from postwarden.services.cases import approving, chunks, notifying, reach
from postwarden.services.cases.acting import act
from postwarden.services.cases.plan_hash import PlanHash
from postwarden.services.cases.rules import CaseRules
from postwarden.services.ports import Store, UnitOfWork

TASK = "case.run"
CHUNK = 500  # items per transaction

_RUNNABLE = {CaseState.PREVIEWED, CaseState.APPROVED, CaseState.RUNNING}
_STOPPED = {CaseState.RUNNING: CaseState.STOPPED, CaseState.UNDOING: CaseState.DONE}


async def start(
    store: Store, actor: Actor, case_id: int, rules: CaseRules
) -> Task | None:
    """Check the approval against the frozen plan and make the run a task.

    Returns the unfinished task if the case runs already, None when it is done.
    Raises Refused without a valid approval, Stale when the plan was altered.
    """
    await check(store, actor, case_id)
    return await store.transact(begin, actor, case_id, rules)


async def resume(store: Store, actor: Actor, case_id: int, rules: CaseRules) -> Task:
    """Let a stopped run go on; like `start` it needs an approval that is valid.

    Raises Refused for a case that was not stopped.
    """
    await check(store, actor, case_id)
    return await store.transact(go_on, actor, case_id, rules)


async def check(store: Store, actor: Actor, case_id: int) -> None:
    """Check that a plan which has yet to run is what was approved.

    Raises Stale when it is not, NotFound and Forbidden as `start` does.
    """
    case = await store.read(_runnable, actor, case_id)
    if case.state in _RUNNABLE | {CaseState.STOPPED}:
        await check_plan(store, case_id)


def stop(uow: UnitOfWork, actor: Actor, case_id: int) -> Case:
    """Stop a run, or an undo, before its next chunk; what is done stays done.

    Raises Refused for a case that does neither.
    """
    access.require(actor, Permission.CASE_RUN)
    case = reach.case(uow, actor, case_id)
    if case.state is CaseState.STOPPED:
        return case
    if case.state not in _STOPPED:
        raise Refused(f"case {case_id} is {case.state}: nothing runs")
    stopped = replace(case, state=_STOPPED[case.state])
    uow.cases.replace(stopped)
    audit.record(
        uow,
        actor,
        "case.stop",
        f"case {case_id}",
        before={"state": case.state.value},
        after={"state": stopped.state.value},
        domains=case.domains,
    )
    return stopped


def canceled(uow: UnitOfWork, _actor: Actor, task: Task) -> None:
    """Stop the case whose task is canceled; the order is audited with the task."""
    case = uow.cases.get(int(task.subject))
    if case.state in _STOPPED:
        uow.cases.replace(replace(case, state=_STOPPED[case.state]))


def _runnable(uow: UnitOfWork, actor: Actor, case_id: int) -> Case:
    access.require(actor, Permission.CASE_RUN)
    return reach.case(uow, actor, case_id)


async def check_plan(store: Store, case_id: int) -> None:
    """Hash the stored items again: what runs is what was approved.

    Raises Stale when it is not. A case without a plan has nothing to check.
    """
    plan = await store.read(_newest_plan, case_id)
    if plan is None:
        return
    seal = PlanHash(plan)
    while items := await store.read(items_after, plan.id, seal.items):
        seal.add(items)
    if seal.digest() != plan.sha256:
        raise Stale(f"the plan of case {plan.case} is not what its hash says")


def _newest_plan(uow: UnitOfWork, case_id: int) -> Plan | None:
    plan = uow.cases.get(case_id).plan
    return None if plan is None else uow.cases.plan(plan)


def items_after(uow: UnitOfWork, plan_id: int, after: int) -> list[PlanItem]:
    """Return the next items of a plan."""
    return uow.cases.items(plan_id, after=after, limit=1000)


def begin(uow: UnitOfWork, actor: Actor, case_id: int, rules: CaseRules) -> Task | None:
    """Make a run whose plan was checked a task, as `start` does."""
    access.require(actor, Permission.CASE_RUN)
    case = _runnable(uow, actor, case_id)
    if case.state is CaseState.RUNNING:
        return _task(uow, actor, case)
    if case.state is CaseState.DONE:
        return None
    if case.state is CaseState.STOPPED:
        raise Refused(f"case {case_id} was stopped: `case resume` lets it go on")
    if case.plan is None or case.state not in _RUNNABLE:
        raise Refused(f"case {case.id} is {case.state}: there is no plan to run")
    return _go(uow, actor, case, "case.run", rules)


def go_on(uow: UnitOfWork, actor: Actor, case_id: int, rules: CaseRules) -> Task:
    """Let a stopped run whose plan was checked go on, as `resume` does."""
    access.require(actor, Permission.CASE_RUN)
    case = _runnable(uow, actor, case_id)
    if case.state is CaseState.RUNNING:
        return _task(uow, actor, case)
    if case.state is not CaseState.STOPPED:
        raise Refused(f"case {case_id} is {case.state}: it was not stopped")
    return _go(uow, actor, case, "case.resume", rules)


def _go(
    uow: UnitOfWork, actor: Actor, case: Case, action: str, rules: CaseRules
) -> Task:
    plan = uow.cases.plan(_plan_of(case))
    if plan.action is Action.SHRED:
        access.require(actor, Permission.CASE_SHRED)
    approving.check_approved(uow, case, plan, rules)
    uow.cases.replace(replace(case, state=CaseState.RUNNING))
    audit.record(
        uow,
        actor,
        action,
        f"case {case.id}",
        before={"state": case.state.value},
        after={"plan": plan.sha256.hex() if plan.sha256 else "", "copies": plan.copies},
        reason=case.reason,
        domains=case.domains,
    )
    return _task(uow, actor, case)


def _task(uow: UnitOfWork, actor: Actor, case: Case) -> Task:
    domain, payload = tasks.only(case.domains), {"case": case.id}
    return tasks.submit(uow, actor, TASK, str(case.id), payload, domain=domain)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is; nothing is `left` of one that was stopped."""

    done: int
    total: int
    left: bool


def run_chunk(uow: UnitOfWork, case_id: int, *, limit: int = CHUNK) -> Progress:
    """Act on the next pending items, unless the run was stopped.

    Each chunk leaves an audit entry in its own transaction: without, nothing is done.
    The chunk that leaves none pending also marks the case done.
    """
    case = uow.cases.get(case_id)
    plan = uow.cases.plan(_plan_of(case))
    goes_on = case.state is CaseState.RUNNING
    if goes_on:
        items = _next(uow, plan.id, limit)
        judged = act(uow, plan, items)
        uow.cases.update_items(plan.id, judged)
        chunks.record(uow, case, plan, "case.act", judged)
    pending = uow.cases.outcomes(plan.id).get(Outcome.PENDING, 0)
    if goes_on and not pending:
        end(uow, case, plan)
    return Progress(
        done=plan.copies - pending,
        total=plan.copies,
        left=goes_on and pending > 0 and bool(_next(uow, plan.id, 1)),
    )


def _next(uow: UnitOfWork, plan: int, limit: int) -> list[PlanItem]:
    """Return the next pending items of our own store."""
    return uow.cases.items(plan, limit=limit, outcomes=[Outcome.PENDING], system=LOCAL)


def end(uow: UnitOfWork, case: Case, plan: Plan) -> None:
    uow.cases.replace(replace(case, state=CaseState.DONE))
    if plan.notice is not OwnerNotice.SILENT:
        payload = {"plan": plan.id}
        uow.tasks.add(notifying.TASK, str(plan.id), payload, uow.now)
    if plan.action is Action.SHRED:
        contents.sweep_soon(uow)
    notices.tell(uow, NoticeName.CASE_DONE, f"case {case.id}", domains=case.domains)


def fail_next(uow: UnitOfWork, case_id: int, error: MailError) -> bool:
    """Write down that the next item could not be acted on; False if there is none."""
    plan = _plan_of(uow.cases.get(case_id))
    items = _next(uow, plan, 1)
    failed = [
        replace(item, outcome=Outcome.FAILED, reason=str(error)) for item in items
    ]
    uow.cases.update_items(plan, failed)
    return bool(failed)


def _plan_of(case: Case) -> int:
    if case.plan is None:
        raise Refused(f"case {case.id} has no plan")
    return case.plan
