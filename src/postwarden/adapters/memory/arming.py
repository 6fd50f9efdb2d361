"""Armed rules in memory."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from postwarden.adapters.memory.state import State
from postwarden.model.cases import ArmedRule, MatchClass
from postwarden.services.ports.arming import Mark

_ORDER = (MatchClass.EXACT, MatchClass.SAME, MatchClass.VARIANT)


class MemoryArming:
    """See `services.ports.Arming`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, rule: ArmedRule, marks: Iterable[Mark]) -> ArmedRule:
        added = replace(rule, id=self._state.armed_rules.new_id())
        self._state.armed_rules.insert(added.id, added)
        self._state.armed_marks.insert(added.id, frozenset(marks))
        return added

    def replace(self, rule: ArmedRule) -> None:
        known = self._state.armed_rules.get(rule.id)
        if known is not None:
            changed = replace(known, ended_at=rule.ended_at, caught=rule.caught)
            self._state.armed_rules.put(rule.id, changed)

    def forget(self, rule: int) -> None:
        if rule in self._state.armed_marks:
            self._state.armed_marks.remove(rule)

    def of_case(self, case: int) -> list[ArmedRule]:
        return [rule for rule in self._state.armed_rules if rule.case == case]

    def armed(self, now: datetime) -> int:
        return sum(rule.is_armed(now) for rule in self._state.armed_rules)

    def over(self, now: datetime, limit: int) -> list[int]:
        return [
            rule.id
            for rule in self._state.armed_rules
            if rule.until <= now and rule.id in self._state.armed_marks
        ][:limit]

    def matching(
        self, marks: Sequence[Mark], now: datetime
    ) -> list[tuple[ArmedRule, MatchClass]]:
        found = []
        for rule in self._state.armed_rules:
            own = self._state.armed_marks.get(rule.id) or frozenset()
            classes = {match_class for match_class, _ in own.intersection(marks)}
            if classes and rule.is_armed(now):
                found.append((rule, min(classes, key=_ORDER.index)))
        return found
