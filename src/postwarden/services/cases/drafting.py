"""A plan while it is written: its items so far, hashed and counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from postwarden.model.cases import (
    MatchClass,
    Outcome,
    Plan,
    PlanItem,
    PlanPart,
)
from postwarden.model.systems import LOCAL
from postwarden.services.cases.contents import Contents
from postwarden.services.cases.elsewhere import copies as elsewhere
from postwarden.services.cases.elsewhere.looking import Sight
from postwarden.services.cases.excluding import Exclusions
from postwarden.services.cases.plan_hash import PlanHash
from postwarden.services.ports import CopyFacts
from postwarden.services.systems.searching import Found


@dataclass(slots=True)
class Draft:
    """Items follow in their order; those that are left alone are listed too.

    `addresses` are those of all accounts that have an item.
    """

    plan: Plan
    exclusions: Exclusions
    seal: PlanHash = field(init=False)
    contents: Contents = field(default_factory=Contents)
    excluded: int = 0
    addresses: set[str] = field(default_factory=set)
    parts: list[PlanPart] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.seal = PlanHash(self.plan)

    def add(
        self, facts: Sequence[CopyFacts], class_of: Mapping[int, MatchClass]
    ) -> list[PlanItem]:
        """Return the next items, copies of our own store."""
        items = [
            _item(number, each, class_of[each.id], self.exclusions.reason(each))
            for number, each in enumerate(facts, self.seal.items + 1)
        ]
        self._take(items)
        self.contents.add(
            each
            for each, item in zip(facts, items, strict=True)
            if item.outcome is Outcome.PENDING
        )
        return items

    def add_remote(
        self, system: str, found: Sequence[tuple[Found, MatchClass]]
    ) -> list[PlanItem]:
        """Return the next items, copies on another system."""
        items = [
            elsewhere.item_of(
                number,
                system,
                each,
                match_class,
                self.exclusions.reason_elsewhere(system, each),
            )
            for number, (each, match_class) in enumerate(found, self.seal.items + 1)
        ]
        self._take(items)
        self.contents.add_remote(
            system,
            [
                each
                for (each, _), item in zip(found, items, strict=True)
                if item.outcome is Outcome.PENDING
            ],
        )
        return items

    def _take(self, items: Sequence[PlanItem]) -> None:
        self.seal.add(items)
        self.excluded += sum(item.outcome is Outcome.EXCLUDED for item in items)
        self.addresses.update(item.address for item in items)

    def end_local(self) -> None:
        """Count what our own store has, before other systems are added."""
        self.parts.append(self._part(PlanPart(system=LOCAL)))

    def end_remote(self, sight: Sight) -> None:
        """Count what a system has, and say what it told of itself."""
        self.parts.append(
            self._part(
                PlanPart(
                    system=sight.system.name,
                    number=sight.system.id,
                    problems=tuple(sight.problems),
                    lacks=sight.lacks,
                )
            )
        )

    def _part(self, empty: PlanPart) -> PlanPart:
        accounts = self.contents.accounts_of(empty.system)
        copies = self.seal.items - self.excluded
        before = sum(part.copies for part in self.parts)
        return replace(empty, copies=copies - before, accounts=accounts)

    def finished(self) -> Plan:
        """Return the plan with its hash and all that was counted."""
        return replace(
            self.plan,
            sha256=self.seal.digest(),
            copies=self.seal.items - self.excluded,
            excluded=self.excluded,
            messages=len(self.contents.messages),
            accounts=len(self.contents.accounts),
            clusters=self.contents.clusters(),
            parts=tuple(self.parts),
        )


def _item(
    number: int, facts: CopyFacts, match_class: MatchClass, excluded: str | None
) -> PlanItem:
    return PlanItem(
        item=number,
        copy=facts.id,
        account=facts.account,
        address=facts.address,
        mailbox=facts.mailbox,
        uid=facts.uid,
        flags=facts.flags,
        keywords=facts.keywords,
        internal_date=facts.internal_date,
        size=facts.size,
        sha256=facts.sha256,
        message_id=facts.message_id,
        match_class=match_class,
        outcome=Outcome.PENDING if excluded is None else Outcome.EXCLUDED,
        reason=excluded,
    )
