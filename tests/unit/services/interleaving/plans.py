"""What must be true of cases after some acts: their plans, item by item, and states."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from postwarden.model.cases import Action, CaseState, Outcome
from postwarden.model.mailboxes import JUNK, CopyState
from tests.unit.services.interleaving.model import Lying, Model

LIVE, CONTAINED, VAULTED = CopyState.LIVE, CopyState.CONTAINED, CopyState.VAULTED
FINDS = {
    Action.SHRED: (LIVE, CONTAINED, VAULTED),
    Action.RESTORE: (CONTAINED, VAULTED),
}
HIDES = {Action.CONTAIN: CONTAINED, Action.DELETE: VAULTED}
ACTED = (Outcome.REMOVED, Outcome.MOVED)
WANTED = 0  # the message that the cases are about


@dataclass
class Item:
    """A copy in a plan: where the plan saw it, and what became of it."""

    copy: int
    saw: tuple[str, int]
    outcome: Outcome = Outcome.PENDING
    lay_in: str = ""
    not_restored: bool = False


@dataclass
class Plan:
    """A plan, or what an armed rule caught: `until` and `ended` are the rule's."""

    action: Action
    items: list[Item]
    approved_until: datetime | None = None
    until: datetime | None = None
    ended: bool = False

    def of(self, *outcomes: Outcome) -> list[Item]:
        return [item for item in self.items if item.outcome in outcomes]

    def is_armed(self, now: datetime) -> bool:
        return self.until is not None and now < self.until and not self.ended


@dataclass
class Desk:
    """A case: its plans, oldest first, and its state."""

    id: int
    state: CaseState = CaseState.OPEN
    plans: list[Plan] = field(default_factory=list)
    newest: Plan | None = None

    @property
    def returnable(self) -> list[Plan]:
        """The plans that undo takes back, in its order."""
        back = reversed(self.plans)
        return [plan for plan in back if plan.action is not Action.SHRED]

    @property
    def outcomes(self) -> list[Counter[Outcome]]:
        return [Counter(item.outcome for item in plan.items) for plan in self.plans]

    def disarm(self) -> None:
        for plan in self.plans:
            plan.ended = True

    def needs_content(self) -> bool:
        """Whether the case keeps the content of what it is about."""
        plans = [plan for plan in self.plans if plan.items]
        shredded = any(
            plan.action is Action.SHRED
            and len(plan.of(Outcome.PENDING)) < len(plan.items)
            for plan in plans
        )
        return bool(plans) and self.state is not CaseState.CLOSED and not shredded


@dataclass
class Books:
    """Cases and the mail they act on."""

    mail: Model
    cases: list[Desk] = field(default_factory=list)  # closed ones too
    order: list[Plan] = field(default_factory=list)  # as the store numbers them

    def add(self, case: Desk, plan: Plan) -> None:
        case.plans.append(plan)
        self.order.append(plan)

    def found(self, action: Action) -> list[Item]:
        states = FINDS.get(action, (LIVE,))
        return [
            Item(number, (copy.box, copy.uid))
            for number, copy in sorted(self.mail.copies.items())
            if copy.message == WANTED and copy.state in states
        ]

    def claims(self, copy: int) -> Plan | None:
        """Return the newest plan that has acted on a copy."""
        for plan in reversed(self.order):
            if any(item.copy == copy for item in plan.of(*ACTED)):
                return plan
        return None

    def run(self, case: Desk, limit: int, now: datetime) -> None:
        plan = case.newest
        assert plan is not None
        self.act(plan, plan.of(Outcome.PENDING)[:limit], now)
        if not plan.of(Outcome.PENDING):
            case.state = CaseState.DONE

    def act(self, plan: Plan, items: Sequence[Item], now: datetime) -> None:
        states = FINDS.get(plan.action, (LIVE,))
        for item in items:
            copy = self.mail.copies.get(item.copy)
            if copy is None or copy.state not in states:
                item.outcome = Outcome.ALREADY_GONE
            elif plan.action is Action.SHRED and copy.held:
                item.outcome = Outcome.HELD
            elif plan.action is Action.RESTORE and copy.owner.removed_at is not None:
                item.outcome = Outcome.FAILED
            else:
                moved = (copy.box, copy.uid) != item.saw
                item.outcome = Outcome.MOVED if moved else Outcome.REMOVED
                item.lay_in = copy.box
                self._do(plan.action, copy, now)

    def _do(self, action: Action, copy: Lying, now: datetime) -> None:
        if action in HIDES:
            self.mail.hide(copy, HIDES[action], now)
        elif action is Action.SHRED:
            self.mail.destroy(copy)
        elif action is Action.RESTORE:
            self.mail.bring_back(copy, copy.owner, copy.box)
        elif copy.box != JUNK:
            self.mail.move(copy, JUNK)

    def may_undo(self, case: Desk) -> bool:
        ran = any(
            item.not_restored or item.outcome in ACTED
            for plan in case.returnable
            for item in plan.items
        )
        return ran and case.state not in {CaseState.CLOSED, CaseState.RUNNING}

    def begin_undo(self, case: Desk) -> None:
        case.disarm()
        case.state = CaseState.UNDOING
        for plan in case.returnable:
            for item in plan.items:
                if item.not_restored:
                    item.outcome, item.not_restored = Outcome.REMOVED, False

    def undo(self, case: Desk, limit: int, now: datetime) -> None:
        for plan in case.returnable:
            if items := plan.of(*ACTED)[:limit]:
                return self._return(plan, items, now)
        left = any(
            plan.of(Outcome.FAILED) or (plan in case.returnable and plan.of(*ACTED))
            for plan in case.plans
        )
        case.state = CaseState.DONE if left else CaseState.UNDONE
        return None

    def _return(self, plan: Plan, items: Iterable[Item], now: datetime) -> None:
        judged = [(item, self._obstacle(plan, item)) for item in items]
        back = []
        for item, obstacle in judged:
            item.outcome = Outcome.FAILED if obstacle else Outcome.RESTORED
            item.not_restored = obstacle
            if not obstacle:
                back.append((self.mail.copies[item.copy], item.lay_in))
        if plan.action is Action.RESTORE:
            for copy, _ in back:
                if copy.state is LIVE:
                    self.mail.hide(copy, CONTAINED, now)
            return
        hidden = [(copy, home) for copy, home in back if copy.state is not LIVE]
        for copy, home in back:
            junk = copy.state is LIVE and copy.box == JUNK != home
            if junk and plan.action is Action.MOVE_JUNK:
                hidden.append((copy, home))
        for copy, home in hidden:
            if copy.state is LIVE:
                self.mail.move(copy, home)
            else:
                self.mail.bring_back(copy, copy.owner, home)

    def _obstacle(self, plan: Plan, item: Item) -> bool:
        copy = self.mail.copies.get(item.copy)
        if copy is None or copy.owner.removed_at is not None:
            return True
        return copy.state is not LIVE and self.claims(copy.id) is not plan

    def close(self, case: Desk, now: datetime) -> None:
        """End a case for good: what it contains waits for its retention from now on."""
        case.state = CaseState.CLOSED
        case.disarm()
        for plan in case.plans:
            for item in plan.of(*ACTED):
                copy = self.mail.copies.get(item.copy)
                contained = copy is not None and copy.state is CONTAINED
                if copy is not None and contained and self.claims(copy.id) is plan:
                    copy.state = VAULTED
                    self.mail.clock(copy, now)

    def arrived(self, copy: Lying, now: datetime) -> None:
        """Let the first rule that is armed catch a copy that was just delivered."""
        for plan in self.order:
            if copy.message == WANTED and plan.is_armed(now):
                item = Item(copy.id, (copy.box, copy.uid))
                plan.items.append(item)
                return self.act(plan, [item], now)
        return None
