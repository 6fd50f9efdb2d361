"""Rules that act on late copies as they arrive."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol

from postwarden.model.cases import ArmedRule, MatchClass

Mark = tuple[MatchClass, bytes]
"""A SHA-256 (exact), fingerprint (same) or content fingerprint (variant)."""


class Arming(Protocol):
    """Armed rules, found by what they look for."""

    def add(self, rule: ArmedRule, marks: Iterable[Mark]) -> ArmedRule: ...

    def replace(self, rule: ArmedRule) -> None:
        """Write when the rule ended and how much it has caught."""
        ...

    def forget(self, rule: int) -> None:
        """Remove a rule's marks: it finds nothing any more."""
        ...

    def of_case(self, case: int) -> list[ArmedRule]:
        """Return the rules of a case, oldest first."""
        ...

    def armed(self, now: datetime) -> int:
        """Count the rules that are armed."""
        ...

    def over(self, now: datetime, limit: int) -> list[int]:
        """Return rules whose time is over and that still have marks."""
        ...

    def matching(
        self, marks: Sequence[Mark], now: datetime
    ) -> list[tuple[ArmedRule, MatchClass]]:
        """Return the armed rules that look for one of these, oldest first.

        One that finds several has the first of them in the order of classes exact,
        same, variant.
        """
        ...
