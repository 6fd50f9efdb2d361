"""Rows of other systems' tracking logs in memory."""

from collections.abc import Sequence

from postwarden.adapters.memory.state import State
from postwarden.model.tracking import LogRow
from postwarden.services.ports.tracking import LoggedEvents


class MemoryLogRows:
    """See `services.ports.LogRows`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def known(self, digests: Sequence[bytes]) -> set[bytes]:
        return {each for each in digests if each in self._state.log_digests}

    def add(self, rows: Sequence[LogRow]) -> list[int]:
        numbers = []
        for row in rows:
            number = self._state.log_rows.new_id()
            self._state.log_digests.insert(row.digest, number)
            self._state.log_rows.insert(number, row)
            numbers.append(number)
        return numbers

    def logged(self, rows: Sequence[int]) -> dict[int, LoggedEvents]:
        events: dict[int, list[int]] = {each: [] for each in rows}
        for number, event in self._state.ledger.items():
            if event.log_row in events:
                events[event.log_row].append(number)
        known = ((each, self._state.log_rows.get(each)) for each in events)
        return {
            each: LoggedEvents(fields=row.fields, events=events[each])
            for each, row in known
            if row
        }
