"""Quotas at their levels, in memory."""

from postwarden.adapters.memory.state import State
from postwarden.model.quotas import Limits


class MemoryQuotas:
    """See `services.ports.Quotas`."""

    def __init__(self, state: State) -> None:
        self._quotas = state.quotas

    def get(self, key: str) -> Limits | None:
        return self._quotas.get(key)

    def put(self, key: str, limits: Limits) -> None:
        self._quotas.put(key, limits)

    def remove(self, key: str) -> None:
        self._quotas.remove(key)
