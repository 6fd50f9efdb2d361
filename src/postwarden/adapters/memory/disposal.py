"""Messages that no copy has any more, in memory."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from postwarden.adapters.memory.state import Disposed, State
from postwarden.model.cases import Action, CaseState, Outcome
from postwarden.model.messages import Message


class MemoryDisposal:
    """See `services.ports.Disposal`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._list = state.disposals

    def offer(self, messages: Iterable[int], time: datetime) -> None:
        wanted = set(messages)
        for number in sorted(wanted - self.with_copies(list(wanted))):
            if number in self._state.messages and number not in self._list:
                self._list.insert(number, Disposed(number, time))

    def due(self, now: datetime, limit: int) -> list[Message]:
        due = [each for each in self._list if not each.emptied and each.look_at <= now]
        due.sort(key=lambda each: each.look_at)
        return self._messages(due[:limit])

    def _messages(self, listed: Iterable[Disposed]) -> list[Message]:
        found = (self._state.messages.get(each.message) for each in listed)
        return [message for message in found if message]

    def with_copies(self, messages: Sequence[int]) -> set[int]:
        return {copy.message for copy in self._state.copies}.intersection(messages)

    def needed(self, messages: Sequence[int]) -> set[int]:
        state = self._state
        needed = {entry.message for entry in state.queue}
        pending = {reception for (reception, _), _ in state.pending.items()}
        for known in map(state.receptions.get, pending):
            if known is not None:
                needed.add(known.message)
        evidence = self._evidence()
        for number in messages:
            message = state.messages.get(number)
            if message is not None and message.sha256 in evidence:
                needed.add(number)
        return needed.intersection(messages)

    def _evidence(self) -> set[bytes]:
        """Return what is planned in open cases, less what each has shredded."""
        planned, shredded = set[tuple[int, bytes]](), set[tuple[int, bytes]]()
        for (number, _), item in self._state.plan_items.items():
            plan = self._state.plans.get(number)
            case = None if plan is None else self._state.cases.get(plan.case)
            if plan is None or case is None or case.state is CaseState.CLOSED:
                continue
            planned.add((case.id, item.sha256))
            if plan.action is Action.SHRED and item.outcome is not Outcome.PENDING:
                shredded.add((case.id, item.sha256))
        return {sha256 for _, sha256 in planned - shredded}

    def postpone(self, messages: Sequence[int], time: datetime) -> None:
        for number in messages:
            if known := self._list.get(number):
                self._list.put(number, replace(known, look_at=time))

    def empty(self, messages: Sequence[int]) -> None:
        for number in messages:
            if message := self._state.messages.get(number):
                emptied = replace(message, is_emptied=True)
                self._state.messages.put(number, emptied)
                self._state.contents.remove(number)
            if known := self._list.get(number):
                self._list.put(number, replace(known, emptied=True))

    def emptied(self, *, after: int = 0, limit: int) -> list[Message]:
        listed = sorted(
            (each for each in self._list if each.emptied and each.message > after),
            key=lambda each: each.message,
        )
        return self._messages(listed[:limit])

    def settle(self, messages: Sequence[int]) -> None:
        for number in messages:
            self._list.remove(number)
