"""Cases, their plans and approvals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from postwarden.model.cases import Approval, Case, Outcome, Plan, PlanItem


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteClaim:
    """The newest plan that has a copy of another system in hand; see `is_asked`."""

    plan: int
    item: int
    is_asked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedNotice:
    """A mail of ours that tells an account what a plan removed; item 0 is a digest."""

    account: int
    item: int
    copy: int


class Cases(Protocol):
    """Investigations with their frozen plans."""

    def add(self, case: Case) -> Case: ...

    def get(self, case: int) -> Case:
        """Raise NotFound for an unknown id."""
        ...

    def replace(self, case: Case) -> None:
        """Raise NotFound for an unknown id."""
        ...

    def page(self, *, after: int = 0, limit: int) -> list[Case]: ...

    def add_plan(self, plan: Plan) -> Plan: ...

    def plan(self, plan: int) -> Plan:
        """Raise NotFound for an unknown id."""
        ...

    def replace_plan(self, plan: Plan) -> None:
        """Raise NotFound for an unknown id."""
        ...

    def plans_of(self, case: int) -> list[Plan]:
        """Return the plans of a case, oldest first, unfinished ones included."""
        ...

    def add_items(self, plan: int, items: Sequence[PlanItem]) -> None: ...

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
        """Return items behind the number `after`; empty filters mean all.

        `addresses` are those of accounts on other systems, compared as they are. With
        `is_asked` only items that a system was told to move, and nobody heard whether.
        """
        ...

    def update_items(self, plan: int, items: Iterable[PlanItem]) -> None:
        """Write outcome, reason, acted_mailbox, and where a remote item is now."""
        ...

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
        """Give all items of a system that have one of some outcomes another.

        Returns how many there were; see `items` for `addresses`.
        """
        ...

    def revive(self, plan: int, reason: str) -> int:
        """Make items that failed for a reason beginning so `removed` again.

        Returns how many there were.
        """
        ...

    def claims(self, copies: Sequence[int]) -> dict[int, int]:
        """Return for each copy the newest plan that has acted on it, not undone."""
        ...

    def remote_claims(
        self, plan: int, system: str, references: Sequence[str]
    ) -> dict[str, RemoteClaim]:
        """Return which other plan has what these references found in hand.

        It was told to move it, or has moved it and not taken it back.
        """
        ...

    def accounts_named(self, plan: int, address: str) -> list[int]:
        """Return the accounts that had an address when the plan was made."""
        ...

    def add_notices(self, plan: int, notices: Iterable[PlacedNotice]) -> None: ...

    def notices(self, plan: int, accounts: Sequence[int]) -> list[PlacedNotice]:
        """Return what a plan has placed in some accounts."""
        ...

    def remove_notices(self, plan: int, notices: Iterable[PlacedNotice]) -> None: ...

    def notices_among(self, copies: Sequence[int]) -> set[int]:
        """Return which of these copies are notices of ours."""
        ...

    def outcomes(self, plan: int) -> dict[Outcome, int]: ...

    def add_approval(self, approval: Approval) -> None:
        """Store a new approval (its `id` is given here)."""
        ...

    def review(self, approval: Approval) -> None:
        """Write by whom, when and how an approval was reviewed."""
        ...

    def approvals(self, case: int) -> list[Approval]: ...
