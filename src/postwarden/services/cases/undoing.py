"""Verifying that nothing is left, and undoing what was done."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from postwarden.model.accounts import AccountState
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.addresses import Address
from postwarden.model.cases import (
    DEFAULT_CLASSES,
    Action,
    CaseState,
    MatchClass,
    Outcome,
    Plan,
    PlanItem,
)
from postwarden.model.errors import MailError, NotFound, Refused
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import Copy, CopyState
from postwarden.model.messages import Message
from postwarden.model.queries import Query, Scope, leaves, parse
from postwarden.model.queries.terms import MessageId
from postwarden.model.tasks import Task
from postwarden.services import audit, finding, message_ids, placement, tasks
from postwarden.services.cases import gathering
from postwarden.services.cases.running import DESTINATIONS, record
from postwarden.services.cases.running import TASK as RUN
from postwarden.services.ports import CopyFacts, References, UnitOfWork

TASK = "case.undo"
CHUNK = 500  # items per transaction
NOT_RESTORED = "not restored"  # begins the reason of an item that undo failed on
_ACTED = (Outcome.REMOVED, Outcome.MOVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """Live copies that a plan's classes still have; nothing should be left."""

    copies: Sequence[int]
    class_of: dict[int, MatchClass]


def verify(uow: UnitOfWork, case_id: int) -> Residual:
    """Search again, everywhere, later arrivals included.

    Copies that a move put where they are now do not count.
    """
    case = uow.cases.get(case_id)
    if case.plan is None:
        raise Refused(f"case {case_id} has no plan to verify")
    plan = uow.cases.plan(case.plan)
    query = parse(case.query, now=case.opened_at)
    query = message_ids.settled(uow, OPERATOR, query)
    similar = finding.resolve_similar(uow, OPERATOR, query, {}, scope=Scope.CASE)
    widened = bool(set(plan.classes) - DEFAULT_CLASSES)
    gathered = gathering.gather(
        uow,
        query,
        similar,
        relatives=widened,
        # What was removed is not found any more, so the plan itself says it.
        known=_references(uow, plan) if widened or _names_ids(query) else None,
    )
    left = gathered.chosen(plan.classes)
    if plan.action in DESTINATIONS:
        left = _outside(uow, left, DESTINATIONS[plan.action])
    return Residual(copies=left, class_of=gathered.class_of())


def _names_ids(query: Query) -> bool:
    return any(isinstance(leaf, MessageId) for leaf in leaves(query))


def _references(uow: UnitOfWork, plan: Plan) -> References:
    """What the plan was about, but for items that were only like it."""
    messages: dict[bytes, Message] = {}
    after = 0
    while items := uow.cases.items(plan.id, after=after, limit=1000):
        after = items[-1].item
        new = {i.sha256 for i in items if i.match_class in DEFAULT_CLASSES}
        for sha256 in new - messages.keys():
            if (message := uow.messages.find(sha256)) is not None:
                messages[sha256] = message
    return finding.references_to(messages.values())


def _outside(uow: UnitOfWork, copies: Sequence[int], mailbox: str) -> list[int]:
    return [each.id for each in uow.copies.facts(copies) if each.mailbox != mailbox]


def residual_facts(uow: UnitOfWork, copies: Sequence[int]) -> list[CopyFacts]:
    return uow.copies.facts(copies)


def start(
    uow: UnitOfWork, actor: Actor, case_id: int, accounts: Sequence[Address]
) -> Task | None:
    """Make undoing a case a task; None when there is nothing to undo any more.

    A run that was given up can be undone as far as it came. Raises Refused for a
    case that never ran or still runs, NotFound for an account that is not there.
    """
    case = uow.cases.get(case_id)
    if case.state is CaseState.UNDONE:
        return None
    ids = [_account_id(uow, address) for address in accounts]
    payload = {"case": case_id, "accounts": ids}
    if case.state is CaseState.UNDOING:
        return tasks.submit(uow, actor, TASK, str(case_id), payload)
    ran = [plan for plan in uow.cases.plans_of(case_id) if _acted(uow, plan)]
    if not ran or uow.tasks.unfinished(RUN, str(case_id)) is not None:
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


def _account_id(uow: UnitOfWork, address: Address) -> int:
    entry = uow.directory.find(address)
    if entry is None or entry.account is None:
        raise NotFound("account", str(address))
    return entry.account


def _acted(uow: UnitOfWork, plan: Plan) -> int:
    outcomes = uow.cases.outcomes(plan.id)
    return sum(outcomes.get(each, 0) for each in _ACTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undone:
    """How far an undo is; `left` counts items that it still has to look at."""

    restored: int
    failed: int
    left: bool


def undo_chunk(
    uow: UnitOfWork, case_id: int, accounts: Sequence[int], *, limit: int = CHUNK
) -> Undone:
    """Return the next copies to their mailboxes; the last chunk ends the undo."""
    if (found := _next(uow, case_id, accounts, limit)) is not None:
        return _undo(uow, *found)
    case = uow.cases.get(case_id)
    acted = any(_acted(uow, plan) for plan in uow.cases.plans_of(case_id))
    failed = any(
        uow.cases.outcomes(plan.id).get(Outcome.FAILED)
        for plan in uow.cases.plans_of(case_id)
    )
    ended = CaseState.DONE if acted or failed else CaseState.UNDONE
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
        items = uow.cases.items(
            plan.id, limit=limit, outcomes=_ACTED, accounts=accounts
        )
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
        removed = accounts[item.account].state is AccountState.PENDING_DELETION
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
