"""Cases, plans and approvals in memory."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from postwarden.adapters.memory.state import State
from postwarden.model.cases import Approval, Case, Outcome, Plan, PlanItem
from postwarden.model.errors import NotFound
from postwarden.services.ports.cases import PlacedNotice, RemoteClaim

_LAST = 2**63
_ACTED = (Outcome.REMOVED, Outcome.MOVED)


class MemoryCases:
    """See `services.ports.Cases`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, case: Case) -> Case:
        added = replace(case, id=self._state.cases.new_id())
        self._state.cases.insert(added.id, added)
        return added

    def get(self, case: int) -> Case:
        found = self._state.cases.get(case)
        if found is None:
            raise NotFound("case", str(case))
        return found

    def replace(self, case: Case) -> None:
        self.get(case.id)
        self._state.cases.put(case.id, case)

    def page(self, *, after: int = 0, limit: int) -> list[Case]:
        return self._state.cases.behind(after, limit)

    def add_plan(self, plan: Plan) -> Plan:
        added = replace(plan, id=self._state.plans.new_id())
        self._state.plans.insert(added.id, added)
        return added

    def plan(self, plan: int) -> Plan:
        found = self._state.plans.get(plan)
        if found is None:
            raise NotFound("plan", str(plan))
        return found

    def replace_plan(self, plan: Plan) -> None:
        self.plan(plan.id)
        self._state.plans.put(plan.id, plan)

    def plans_of(self, case: int) -> list[Plan]:
        return [plan for plan in self._state.plans if plan.case == case]

    def add_items(self, plan: int, items: Sequence[PlanItem]) -> None:
        for item in items:
            # Holds come and go: they are looked up, not stored with an item.
            self._state.plan_items.insert((plan, item.item), replace(item, hold=()))

    def items(
        self,
        plan: int,
        *,
        after: int = 0,
        limit: int,
        outcomes: Sequence[Outcome] = (),
        accounts: Sequence[int] = (),
        system: str | None = None,
        addresses: Sequence[str] = (),
        is_asked: bool = False,
    ) -> list[PlanItem]:
        found = [
            item
            for item in self._items(plan, after)
            if (not outcomes or item.outcome in outcomes)
            and (not accounts or item.account in accounts)
            and (system is None or item.system == system)
            and (not addresses or item.address in addresses)
            and (not is_asked or (item.remote is not None and item.remote.is_asked))
        ]
        return found[:limit]

    def _items(self, plan: int, after: int = 0) -> list[PlanItem]:
        return self._state.plan_items.among((plan, after + 1), (plan, _LAST))

    def update_items(self, plan: int, items: Iterable[PlanItem]) -> None:
        for item in items:
            key = (plan, item.item)
            if known := self._state.plan_items.get(key):
                updated = replace(
                    known,
                    outcome=item.outcome,
                    reason=item.reason,
                    acted_mailbox=item.acted_mailbox,
                    remote=item.remote,
                )
                self._state.plan_items.put(key, updated)

    def mark(
        self,
        plan: int,
        system: str,
        outcomes: Sequence[Outcome],
        *,
        outcome: Outcome,
        reason: str,
        addresses: Sequence[str] = (),
    ) -> int:
        found = self.items(
            plan, limit=_LAST, outcomes=outcomes, system=system, addresses=addresses
        )
        self.update_items(
            plan, (replace(each, outcome=outcome, reason=reason) for each in found)
        )
        return len(found)

    def revive(self, plan: int, reason: str) -> int:
        failed = [
            item
            for item in self._items(plan)
            if item.outcome is Outcome.FAILED and (item.reason or "").startswith(reason)
        ]
        revived = (replace(i, outcome=Outcome.REMOVED, reason=None) for i in failed)
        self.update_items(plan, revived)
        return len(failed)

    def claims(self, copies: Sequence[int]) -> dict[int, int]:
        wanted = set(copies)
        found: dict[int, int] = {}
        for plan in self._state.plans:  # oldest first
            found.update(
                (item.copy, plan.id)
                for item in self._items(plan.id)
                if item.copy in wanted and item.outcome in _ACTED
            )
        return found

    def remote_claims(
        self, plan: int, system: str, references: Sequence[str]
    ) -> dict[str, RemoteClaim]:
        wanted = set(references)
        return {
            item.remote.reference: RemoteClaim(
                plan=other.id, item=item.item, is_asked=item.remote.is_asked
            )
            for other in self._state.plans  # oldest first
            if other.id != plan
            for item in self._items(other.id)
            if item.remote is not None
            and item.system == system
            and item.remote.reference in wanted
            and (item.remote.is_asked or item.outcome in _ACTED)
        }

    def accounts_named(self, plan: int, address: str) -> list[int]:
        named = {i.account for i in self._items(plan) if i.address == address}
        return sorted(named)

    def add_notices(self, plan: int, notices: Iterable[PlacedNotice]) -> None:
        for each in notices:
            self._state.case_notices.insert((plan, each.account, each.item), each)

    def notices(self, plan: int, accounts: Sequence[int]) -> list[PlacedNotice]:
        return [
            notice
            for (of, account, _), notice in self._state.case_notices.items()
            if of == plan and account in accounts
        ]

    def remove_notices(self, plan: int, notices: Iterable[PlacedNotice]) -> None:
        for each in notices:
            self._state.case_notices.remove((plan, each.account, each.item))

    def notices_among(self, copies: Sequence[int]) -> set[int]:
        ours = {notice.copy for notice in self._state.case_notices}
        return ours.intersection(copies)

    def outcomes(self, plan: int) -> dict[Outcome, int]:
        return dict(Counter(item.outcome for item in self._items(plan)))

    def add_approval(self, approval: Approval) -> None:
        number = self._state.approvals.new_id()
        self._state.approvals.insert(number, replace(approval, id=number))

    def review(self, approval: Approval) -> None:
        known = self._state.approvals.get(approval.id)
        if known is not None:
            reviewed = replace(
                known,
                reviewed_by=approval.reviewed_by,
                reviewed_at=approval.reviewed_at,
                review=approval.review,
            )
            self._state.approvals.put(approval.id, reviewed)

    def approvals(self, case: int) -> list[Approval]:
        return [each for each in self._state.approvals if each.case == case]
