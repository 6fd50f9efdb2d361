"""Undoing what a case did: each copy goes back to where it was taken from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.cases import (
    ELSEWHERE,
    Action,
    CaseState,
    Outcome,
    Plan,
    PlanItem,
)
from postwarden.model.errors import Invalid, MailError, NotFound, Refused
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import Copy, CopyState
from postwarden.model.permissions import Permission
from postwarden.model.systems import LOCAL
from postwarden.model.tasks import Task
from postwarden.model.webhooks import NoticeName
from postwarden.services import access, audit, notices, placement, tasks
from postwarden.services.cases import arming, chunks, notifying, reach
from postwarden.services.cases.acting import DESTINATIONS, record
from postwarden.services.cases.outcomes import ACTED, acted
from postwarden.services.cases.running import TASK as RUN
from postwarden.services.ports import UnitOfWork

TASK = "case.undo"
CHUNK = 500  # items per transaction
NOT_RESTORED = "not restored"  # begins the reason of an item that undo failed on


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Of which accounts something is undone, and to whom it goes.

    `addresses` are what they were called, of accounts on other systems too, none of
    which is in `accounts`; without any it is all. With `to` what was taken from a
    removed account goes to that one instead.
    """

    accounts: tuple[int, ...] = ()
    addresses: tuple[str, ...] = ()
    to: int | None = None


def start(
    uow: UnitOfWork,
    actor: Actor,
    case_id: int,
    accounts: Sequence[Address],
    to: Address | None = None,
) -> Task | None:
    """Make undoing a case a task; None when there is nothing to undo any more.

    A run that was stopped or given up can be undone as far as it came, and what an
    undo failed on is tried again. With `to` one account is named: what was taken
    from accounts that had this address and were removed goes to `to`. Raises
    Refused for a case that never ran, still runs or is closed, NotFound for an
    account that is not there.
    """
    access.require(actor, Permission.CASE_UNDO)
    case = reach.case(uow, actor, case_id)
    if case.state is CaseState.UNDONE:
        return None
    plans = uow.cases.plans_of(case_id)
    whose = _whose(uow, reach.searcher(actor, case), plans, accounts, to)
    payload = {
        "case": case_id,
        "accounts": list(whose.accounts),
        "addresses": list(whose.addresses),
        "to": whose.to,
    }
    domain = tasks.only(case.domains)
    if case.state is CaseState.UNDOING:
        return tasks.submit(uow, actor, TASK, str(case_id), payload, domain=domain)
    if case.state is CaseState.CLOSED:
        raise Refused(f"case {case_id} is closed: undo is over; see `vault restore`")
    if not accounts:  # what is taken back whole shall not go on taking
        arming.end(uow, case_id)
    tried = sum(uow.cases.revive(plan.id, NOT_RESTORED) for plan in plans)
    ran = tried or any(acted(uow, plan) for plan in plans)
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
        after={
            "accounts": [str(address) for address in accounts] or "all",
            **({} if to is None else {"to": str(to)}),
        },
        domains=case.domains,
    )
    return tasks.submit(uow, actor, TASK, str(case_id), payload, domain=domain)


def _whose(
    uow: UnitOfWork,
    searcher: Actor,
    plans: Sequence[Plan],
    accounts: Sequence[Address],
    to: Address | None,
) -> Whose:
    names = tuple(map(str, accounts))
    if to is None:
        found = [_account(uow, searcher, plans, address) for address in accounts]
        ours = tuple(number for number in found if number is not None)
        return Whose(accounts=ours, addresses=names)
    if len(accounts) != 1:
        raise Invalid("--to goes with exactly one --account", field="to")
    (removed,) = accounts
    target = access.account(uow, searcher, to)
    named = {
        number
        for plan in plans
        for number in uow.cases.accounts_named(plan.id, str(removed))
    }
    gone = [key for key, each in uow.accounts.many(named).items() if each.is_removed]
    if not gone:
        raise NotFound("removed account", str(removed))
    return Whose(accounts=tuple(sorted(gone)), addresses=names, to=target.id)


def _account(
    uow: UnitOfWork, searcher: Actor, plans: Sequence[Plan], address: Address
) -> int | None:
    """Return an account of ours; None when only other systems of the case have it."""
    try:
        return access.account(uow, searcher, address).id
    except NotFound:
        named = [uow.cases.accounts_named(plan.id, str(address)) for plan in plans]
        if any(ELSEWHERE in numbers for numbers in named):
            return None
        raise


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """How far an undo is; `left` says whether it still has items to look at."""

    restored: int
    failed: int
    left: bool


def undo_chunk(
    uow: UnitOfWork, case_id: int, whose: Whose, *, limit: int = CHUNK
) -> Undone:
    """Return the next copies to their mailboxes, unless the undo was stopped.

    The last chunk ends the undo, but for what is to be returned elsewhere.
    """
    case = uow.cases.get(case_id)
    if case.state is not CaseState.UNDOING:
        return Undone(restored=0, failed=0, left=False)
    if (found := _next(uow, case_id, whose, limit)) is not None:
        return _undo(uow, *found, whose)
    if not any(plan.parts for plan in uow.cases.plans_of(case_id)):
        end(uow, case_id)
    return Undone(restored=0, failed=0, left=False)


def end(uow: UnitOfWork, case_id: int) -> None:
    """End an undo that has been to all places; what is left can be tried again."""
    case = uow.cases.get(case_id)
    if case.state is not CaseState.UNDOING:
        return
    plans = uow.cases.plans_of(case_id)
    remaining = any(acted(uow, plan) for plan in plans)
    failed = any(uow.cases.outcomes(plan.id).get(Outcome.FAILED) for plan in plans)
    ended = CaseState.DONE if remaining or failed else CaseState.UNDONE
    uow.cases.replace(replace(case, state=ended))
    if ended is CaseState.UNDONE:
        notices.tell(
            uow, NoticeName.CASE_UNDONE, f"case {case_id}", domains=case.domains
        )


def fail_next(uow: UnitOfWork, case_id: int, whose: Whose, error: MailError) -> bool:
    """Write down that the next copy could not be returned; False if there is none."""
    found = _next(uow, case_id, whose, 1)
    if found is not None:
        plan, items = found
        uow.cases.update_items(plan.id, [_failed(each, str(error)) for each in items])
    return found is not None


def _next(
    uow: UnitOfWork, case_id: int, whose: Whose, limit: int
) -> tuple[Plan, list[PlanItem]] | None:
    """Return what is to be returned next in our own store, the newest plan's first."""
    if whose.addresses and not whose.accounts:
        return None
    for plan in reversed(uow.cases.plans_of(case_id)):
        if plan.action is Action.SHRED:
            continue  # nothing of it can come back
        items = uow.cases.items(
            plan.id,
            limit=limit,
            outcomes=ACTED,
            accounts=whose.accounts,
            system=LOCAL,
        )
        if items:
            return plan, items
    return None


def _undo(
    uow: UnitOfWork, plan: Plan, items: Sequence[PlanItem], whose: Whose
) -> Undone:
    numbers = [item.copy for item in items]
    copies, claims = uow.copies.many(numbers), uow.cases.claims(numbers)
    accounts = uow.accounts.many({copy.account for copy in copies.values()})
    back: list[tuple[Copy, str]] = []
    judged: list[PlanItem] = []
    for item in items:
        copy = copies.get(item.copy)
        hidden = copy is not None and copy.state is not CopyState.LIVE
        if copy is None:
            judged.append(_failed(item, "the copy was destroyed"))
        elif hidden and claims[copy.id] != plan.id:
            judged.append(_failed(item, "another case has acted on it since"))
        elif accounts[copy.account].is_removed and whose.to is None:
            judged.append(_failed(item, "the account was removed: say --to whom"))
        else:
            judged.append(replace(item, outcome=Outcome.RESTORED, reason=None))
            back.append((copy, item.acted_mailbox or item.mailbox))
    _return(uow, plan, back, whose.to)
    uow.cases.update_items(plan.id, judged)
    chunks.record(uow, uow.cases.get(plan.case), plan, "case.return", judged)
    restored = [item for item in judged if item.outcome is Outcome.RESTORED]
    notifying.withdraw(uow, plan, restored)
    failed = sum(item.outcome is Outcome.FAILED for item in judged)
    return Undone(restored=len(judged) - failed, failed=failed, left=True)


def _failed(item: PlanItem, reason: str) -> PlanItem:
    return replace(item, outcome=Outcome.FAILED, reason=f"{NOT_RESTORED}: {reason}")


def _return(
    uow: UnitOfWork, plan: Plan, back: Sequence[tuple[Copy, str]], to: int | None
) -> None:
    where = {copy.id: home for copy, home in back}
    if plan.action is Action.RESTORE:
        # What was out of sight before is so again; this case keeps it from now on.
        live = [copy for copy, _ in back if copy.state is CopyState.LIVE]
        gone = placement.withdraw(uow, live, CopyState.CONTAINED)
        return record(uow, plan.case, Event.CONTAIN, gone, where.get)
    hidden = [(copy, home) for copy, home in back if copy.state is not CopyState.LIVE]
    restored = placement.restore(uow, hidden, into=to)
    if plan.action in DESTINATIONS:
        restored += _move_back(uow, plan.action, back)
    return record(uow, plan.case, Event.RESTORE, restored, where.get)


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
