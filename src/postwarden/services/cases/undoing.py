"""Undoing what a case did: each copy goes back to where it was taken from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.cases import (
    Action,
    CaseState,
    Outcome,
    Plan,
    PlanItem,
)
from postwarden.model.errors import MailError, Refused
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import Copy, CopyState
from postwarden.model.permissions import Permission
from postwarden.model.tasks import Task
from postwarden.services import access, audit, placement, tasks
from postwarden.services.cases import reach
from postwarden.services.cases.outcomes import ACTED, acted
from postwarden.services.cases.running import DESTINATIONS, record
from postwarden.services.cases.running import TASK as RUN
from postwarden.services.ports import UnitOfWork

TASK = "case.undo"
CHUNK = 500  # items per transaction
NOT_RESTORED = "not restored"  # begins the reason of an item that undo failed on


def start(
    uow: UnitOfWork, actor: Actor, case_id: int, accounts: Sequence[Address]
) -> Task | None:
    """Make undoing a case a task; None when there is nothing to undo any more.

    A run that was given up can be undone as far as it came. Raises Refused for a
    case that never ran or still runs, NotFound for an account that is not there.
    """
    access.require(actor, Permission.CASE_UNDO)
    case = reach.case(uow, actor, case_id)
    if case.state is CaseState.UNDONE:
        return None
    searcher = reach.searcher(actor, case)
    ids = [access.account(uow, searcher, address).id for address in accounts]
    payload = {"case": case_id, "accounts": ids}
    if case.state is CaseState.UNDOING:
        return tasks.submit(uow, actor, TASK, str(case_id), payload)
    ran = [plan for plan in uow.cases.plans_of(case_id) if acted(uow, plan)]
    runs = case.state is CaseState.RUNNING and uow.tasks.unfinished(RUN, str(case_id))
    if not ran or runs:
        raise Refused(f"case {case_id} is {case.state}: there is nothing to undo")
    uow.cases.replace(replace(case, state=CaseState.UNDOING))
    audit.record(
        uow,
        actor,
        "case.undo",
        f"case {case_id}",
        before={"state": case.state.value},
        after={"accounts": [str(address) for address in accounts] or "all"},
    )
    return tasks.submit(uow, actor, TASK, str(case_id), payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """How far an undo is; `left` counts items that it still has to look at."""

    restored: int
    failed: int
    left: bool


def undo_chunk(
    uow: UnitOfWork, case_id: int, accounts: Sequence[int], *, limit: int = CHUNK
) -> Undone:
    """Return the next copies to their mailboxes, unless the undo was stopped.

    The last chunk ends the undo.
    """
    case = uow.cases.get(case_id)
    if case.state is not CaseState.UNDOING:
        return Undone(restored=0, failed=0, left=False)
    if (found := _next(uow, case_id, accounts, limit)) is not None:
        return _undo(uow, *found)
    remaining = any(acted(uow, plan) for plan in uow.cases.plans_of(case_id))
    failed = any(
        uow.cases.outcomes(plan.id).get(Outcome.FAILED)
        for plan in uow.cases.plans_of(case_id)
    )
    ended = CaseState.DONE if remaining or failed else CaseState.UNDONE
    uow.cases.replace(replace(case, state=ended))
    return Undone(restored=0, failed=0, left=False)


def fail_next(
    uow: UnitOfWork, case_id: int, accounts: Sequence[int], error: MailError
) -> bool:
    """Write down that the next copy could not be returned; False if there is none."""
    found = _next(uow, case_id, accounts, 1)
    if found is not None:
        plan, items = found
        uow.cases.update_items(plan.id, [_failed(each, str(error)) for each in items])
    return found is not None


def _next(
    uow: UnitOfWork, case_id: int, accounts: Sequence[int], limit: int
) -> tuple[Plan, list[PlanItem]] | None:
    """Return what is to be returned next, the newest plan's first."""
    for plan in reversed(uow.cases.plans_of(case_id)):
        items = uow.cases.items(plan.id, limit=limit, outcomes=ACTED, accounts=accounts)
        if items:
            return plan, items
    return None


def _undo(uow: UnitOfWork, plan: Plan, items: Sequence[PlanItem]) -> Undone:
    copies = uow.copies.many([item.copy for item in items])
    accounts = uow.accounts.many({item.account for item in items})
    back: list[tuple[Copy, str]] = []
    judged: list[PlanItem] = []
    for item in items:
        home = item.acted_mailbox or item.mailbox
        copy = copies.get(item.copy)
        removed = accounts[item.account].is_removed
        if copy is None:
            judged.append(_failed(item, "the copy was destroyed"))
        elif removed:
            judged.append(_failed(item, "the account was removed"))
        else:
            judged.append(replace(item, outcome=Outcome.RESTORED, reason=None))
            back.append((copy, home))
    _return(uow, plan, back)
    uow.cases.update_items(plan.id, judged)
    failed = sum(item.outcome is Outcome.FAILED for item in judged)
    return Undone(restored=len(judged) - failed, failed=failed, left=True)


def _failed(item: PlanItem, reason: str) -> PlanItem:
    return replace(item, outcome=Outcome.FAILED, reason=f"{NOT_RESTORED}: {reason}")


def _return(uow: UnitOfWork, plan: Plan, back: Sequence[tuple[Copy, str]]) -> None:
    where = {copy.id: home for copy, home in back}
    hidden = [(copy, home) for copy, home in back if copy.state is not CopyState.LIVE]
    restored = placement.restore(uow, hidden)
    if plan.action in DESTINATIONS:
        restored += _move_back(uow, plan.action, back)
    record(uow, plan.case, Event.RESTORE, restored, where.get)


def _move_back(
    uow: UnitOfWork, action: Action, back: Sequence[tuple[Copy, str]]
) -> list[Copy]:
    """Move what still lies where the plan put it; the user may have moved it."""
    names = {
        key: mailbox.name
        for key, mailbox in uow.mailboxes.many({c.mailbox for c, _ in back}).items()
    }
    return placement.move(
        uow,
        [
            (copy, home)
            for copy, home in back
            if copy.state is CopyState.LIVE
            and names[copy.mailbox] == DESTINATIONS[action] != home
        ],
    )
