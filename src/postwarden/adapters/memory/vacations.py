"""Vacations in memory."""

from postwarden.adapters.memory.state import State
from postwarden.model.vacations import Vacation


class MemoryVacations:
    """See `services.ports.vacations.Vacations`."""

    def __init__(self, state: State) -> None:
        self._rows = state.vacations

    def find(self, account: int) -> Vacation | None:
        return self._rows.get(account)

    def put(self, account: int, vacation: Vacation) -> None:
        self._rows.put(account, vacation)

    def remove(self, account: int) -> None:
        self._rows.remove(account)
