"""What a plan does to copies: some items, in the transaction that writes it down."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from postwarden.model.cases import Action, Outcome, Plan, PlanItem
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import JUNK, TRASH, Copy, CopyState
from postwarden.services import holds, placement
from postwarden.services.ledger import record_copies
from postwarden.services.ports import UnitOfWork

DESTINATIONS = {Action.MOVE_JUNK: JUNK, Action.MOVE_TRASH: TRASH}
HIDDEN = {Action.CONTAIN: CopyState.CONTAINED, Action.DELETE: CopyState.VAULTED}
STATES: Mapping[Action, tuple[CopyState, ...]] = {
    Action.SHRED: tuple(CopyState),
    Action.RESTORE: (CopyState.CONTAINED, CopyState.VAULTED),
}
"""Where an action finds its copies, when that is not in mailboxes."""
_LIVE = (CopyState.LIVE,)
_EVENTS = {
    Action.CONTAIN: Event.CONTAIN,
    Action.DELETE: Event.DELETE,
    Action.MOVE_JUNK: Event.MOVE,
    Action.MOVE_TRASH: Event.MOVE,
    Action.RESTORE: Event.RESTORE,
}
_SOURCE = "case"

Present = Sequence[tuple[PlanItem, Copy]]


def act(uow: UnitOfWork, plan: Plan, items: Sequence[PlanItem]) -> list[PlanItem]:
    """Do the plan's action to the copies of some items; return them with outcomes.

    Raises Unavailable when something is to be destroyed and it is not known yet
    what is held.
    """
    copies = uow.copies.many([item.copy for item in items])
    messages = uow.messages.many({copy.message for copy in copies.values()})
    mailboxes = uow.mailboxes.many({copy.mailbox for copy in copies.values()})
    accounts = uow.accounts.many({copy.account for copy in copies.values()})
    held = _held(uow, plan, copies)
    wanted = STATES.get(plan.action, _LIVE)
    judged = []
    present: list[tuple[PlanItem, Copy]] = []
    for item in items:
        copy = copies.get(item.copy)
        if copy is None or copy.state not in wanted:
            judged.append(_gone(item, copy))
        elif messages[copy.message].sha256 != item.sha256:
            # A copy's message never changes; if it did, nothing here is safe.
            judged.append(_failed(item, "the copy is of another message than planned"))
        elif copy.id in held:
            by = ", ".join(map(str, held[copy.id]))
            judged.append(replace(item, outcome=Outcome.HELD, reason=f"hold {by}"))
        elif plan.action is Action.RESTORE and accounts[copy.account].is_removed:
            judged.append(_failed(item, "its account was removed"))
        else:
            mailbox = mailboxes.get(copy.mailbox)
            live = copy.state is CopyState.LIVE
            lay_in = mailbox.name if live and mailbox else copy.lay_in or item.mailbox
            judged.append(_found(item, copy, lay_in))
            present.append((judged[-1], copy))
    _apply(uow, plan, present)
    return judged


def _held(
    uow: UnitOfWork, plan: Plan, copies: Mapping[int, Copy]
) -> Mapping[int, tuple[int, ...]]:
    """Return what holds keep from the plan: they keep from destruction only."""
    if plan.action is not Action.SHRED:
        return {}
    holds.require_known(uow)
    return holds.holds_of(uow, list(copies))


def _gone(item: PlanItem, copy: Copy | None) -> PlanItem:
    reason = "no longer there" if copy is None else f"already {copy.state.value}"
    return replace(item, outcome=Outcome.ALREADY_GONE, reason=reason)


def _failed(item: PlanItem, reason: str) -> PlanItem:
    return replace(item, outcome=Outcome.FAILED, reason=reason)


def _found(item: PlanItem, copy: Copy, mailbox: str) -> PlanItem:
    moved = (mailbox, copy.uid) != (item.mailbox, item.uid)
    return replace(
        item,
        outcome=Outcome.MOVED if moved else Outcome.REMOVED,
        reason=f"found in {mailbox}" if moved else None,
        acted_mailbox=mailbox,
    )


def _apply(uow: UnitOfWork, plan: Plan, present: Present) -> None:
    copies = [copy for _, copy in present]
    if plan.action is Action.SHRED:
        placement.destroy(uow, copies, source=_SOURCE, detail=f"case {plan.case}")
        return
    if plan.action in HIDDEN:
        done = placement.withdraw(uow, copies, HIDDEN[plan.action])
    elif plan.action is Action.RESTORE:
        homes = [(copy, item.acted_mailbox or item.mailbox) for item, copy in present]
        done = placement.restore(uow, homes)
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
        uow, event, copies, mailbox_of, source=_SOURCE, detail=f"case {case_id}"
    )
