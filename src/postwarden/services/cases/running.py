"""Running a plan: its pending items, chunk by chunk, each chunk one transaction.

A chunk acts on copies and writes what became of them together, so a killed run
resumes where it was and no copy is acted on twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from postwarden.model.actors import Actor
from postwarden.model.cases import (
    Action,
    Case,
    CaseState,
    Outcome,
    Plan,
    PlanItem,
)
from postwarden.model.errors import MailError, Refused, Stale
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import Copy, CopyState
from postwarden.model.tasks import Task
from postwarden.services import audit, placement, tasks
from postwarden.services.cases.previewing import PlanHash
from postwarden.services.ledger import record_copies
from postwarden.services.ports import Store, UnitOfWork

TASK = "case.run"
CHUNK = 500  # items per transaction

DESTINATIONS = {Action.MOVE_JUNK: "Junk", Action.MOVE_TRASH: "Trash"}
_HIDDEN = {Action.CONTAIN: CopyState.CONTAINED, Action.DELETE: CopyState.VAULTED}
_EVENTS = {
    Action.CONTAIN: Event.CONTAIN,
    Action.DELETE: Event.DELETE,
    Action.MOVE_JUNK: Event.MOVE,
    Action.MOVE_TRASH: Event.MOVE,
}
_RUNNABLE = {CaseState.PREVIEWED, CaseState.APPROVED, CaseState.RUNNING}


async def start(store: Store, actor: Actor, case_id: int) -> Task | None:
    """Check the approval against the frozen plan and make the run a task.

    Returns the unfinished task if the case runs already, None when it is done.
    Raises Refused without a valid approval, Stale when the plan was altered.
    """
    case = await store.read(_case, case_id)
    if case.state in _RUNNABLE:
        await check_plan(store, case_id)
    return await store.transact(_start, actor, case_id)


def _case(uow: UnitOfWork, case_id: int) -> Case:
    return uow.cases.get(case_id)


async def check_plan(store: Store, case_id: int) -> None:
    """Hash the stored items again: what runs is what was approved.

    Raises Stale when it is not. A case without a plan has nothing to check.
    """
    case = await store.read(_case, case_id)
    if case.plan is None:
        return
    plan = await store.read(_plan, case.plan)
    seal = PlanHash(plan.query, plan.action, plan.classes)
    while items := await store.read(items_after, plan.id, seal.items):
        seal.add(items)
    if seal.digest() != plan.sha256:
        raise Stale(f"the plan of case {plan.case} is not what its hash says")


def _plan(uow: UnitOfWork, plan_id: int) -> Plan:
    return uow.cases.plan(plan_id)


def items_after(uow: UnitOfWork, plan_id: int, after: int) -> list[PlanItem]:
    """Return the next items of a plan."""
    return uow.cases.items(plan_id, after=after, limit=1000)


def _start(uow: UnitOfWork, actor: Actor, case_id: int) -> Task | None:
    case = uow.cases.get(case_id)
    if case.state is CaseState.RUNNING:
        return tasks.submit(uow, actor, TASK, str(case_id), {"case": case_id})
    if case.state is CaseState.DONE:
        return None
    plan = _approved_plan(uow, case)
    uow.cases.replace(replace(case, state=CaseState.RUNNING))
    audit.record(
        uow,
        actor,
        "case.run",
        f"case {case_id}",
        after={"plan": plan.sha256.hex() if plan.sha256 else "", "copies": plan.copies},
        reason=case.reason,
    )
    return tasks.submit(uow, actor, TASK, str(case_id), {"case": case_id})


def _approved_plan(uow: UnitOfWork, case: Case) -> Plan:
    if case.plan is None or case.state not in {CaseState.PREVIEWED, CaseState.APPROVED}:
        raise Refused(f"case {case.id} is {case.state}: preview and approve a plan")
    plan = uow.cases.plan(case.plan)
    for approval in uow.cases.approvals(case.id):
        if approval.plan_sha256 == plan.sha256 and approval.expires_at > uow.now:
            return plan
    raise Refused(f"case {case.id} has no valid approval of its newest plan")


def run_chunk(uow: UnitOfWork, case_id: int, *, limit: int = CHUNK) -> tuple[int, int]:
    """Act on the next pending items; return how many are done, and of how many.

    The chunk that leaves none pending also marks the case done.
    """
    plan = uow.cases.plan(_plan_of(uow, case_id))
    items = uow.cases.items(plan.id, limit=limit, outcomes=[Outcome.PENDING])
    uow.cases.update_items(plan.id, act(uow, plan, items))
    pending = uow.cases.outcomes(plan.id).get(Outcome.PENDING, 0)
    if not pending:
        case = uow.cases.get(case_id)
        uow.cases.replace(replace(case, state=CaseState.DONE))
    return plan.copies - pending, plan.copies


def fail_next(uow: UnitOfWork, case_id: int, error: MailError) -> bool:
    """Write down that the next item could not be acted on; False if there is none."""
    plan = _plan_of(uow, case_id)
    items = uow.cases.items(plan, limit=1, outcomes=[Outcome.PENDING])
    failed = [
        replace(item, outcome=Outcome.FAILED, reason=str(error)) for item in items
    ]
    uow.cases.update_items(plan, failed)
    return bool(failed)


def _plan_of(uow: UnitOfWork, case_id: int) -> int:
    plan = uow.cases.get(case_id).plan
    if plan is None:
        raise Refused(f"case {case_id} has no plan")
    return plan


def act(uow: UnitOfWork, plan: Plan, items: Sequence[PlanItem]) -> list[PlanItem]:
    """Do the plan's action to the copies of some items; return them with outcomes."""
    copies = uow.copies.many([item.copy for item in items])
    messages = uow.messages.many({copy.message for copy in copies.values()})
    mailboxes = uow.mailboxes.many({copy.mailbox for copy in copies.values()})
    names = {key: mailbox.name for key, mailbox in mailboxes.items()}
    judged = []
    present: list[tuple[PlanItem, Copy]] = []
    for item in items:
        copy = copies.get(item.copy)
        if copy is None or copy.state is not CopyState.LIVE:
            judged.append(_gone(item, copy))
        elif messages[copy.message].sha256 != item.sha256:
            # A copy's message never changes; if it did, nothing here is safe.
            reason = "the copy is of another message than the plan saw"
            judged.append(replace(item, outcome=Outcome.FAILED, reason=reason))
        else:
            judged.append(_found(item, copy, names[copy.mailbox]))
            present.append((judged[-1], copy))
    _apply(uow, plan, present)
    return judged


def _gone(item: PlanItem, copy: Copy | None) -> PlanItem:
    reason = "no longer there" if copy is None else f"already {copy.state.value}"
    return replace(item, outcome=Outcome.ALREADY_GONE, reason=reason)


def _found(item: PlanItem, copy: Copy, mailbox: str) -> PlanItem:
    moved = (mailbox, copy.uid) != (item.mailbox, item.uid)
    return replace(
        item,
        outcome=Outcome.MOVED if moved else Outcome.REMOVED,
        reason=f"found in {mailbox}" if moved else None,
        acted_mailbox=mailbox,
    )


def _apply(
    uow: UnitOfWork, plan: Plan, present: Sequence[tuple[PlanItem, Copy]]
) -> None:
    copies = [copy for _, copy in present]
    if plan.action in _HIDDEN:
        done = placement.withdraw(uow, copies, _HIDDEN[plan.action])
    else:
        destination = DESTINATIONS[plan.action]
        elsewhere = [
            (copy, destination)
            for item, copy in present
            if item.acted_mailbox != destination
        ]
        done = placement.move(uow, elsewhere)
    where = {item.copy: item.acted_mailbox for item, _ in present}
    record(uow, plan.case, _EVENTS[plan.action], done, where.get)


def record(
    uow: UnitOfWork,
    case_id: int,
    event: Event,
    copies: Sequence[Copy],
    mailbox_of: Callable[[int], str | None],
) -> None:
    """Write a ledger event of a case for each copy."""
    record_copies(
        uow, event, copies, mailbox_of, source="case", detail=f"case {case_id}"
    )
