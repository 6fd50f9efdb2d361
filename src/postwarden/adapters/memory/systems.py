"""Mail systems elsewhere, in memory."""

from dataclasses import replace

from postwarden.adapters.memory.state import State
from postwarden.model.errors import AlreadyExists, NotFound
from postwarden.model.systems import System


class MemorySystems:
    """See `services.ports.Systems`."""

    def __init__(self, state: State) -> None:
        self._systems = state.systems

    def add(self, system: System) -> System:
        if self.find(system.name) is not None:
            raise AlreadyExists("system", system.name)
        added = replace(system, id=self._systems.new_id())
        self._systems.insert(added.id, added)
        return added

    def all(self) -> list[System]:
        return sorted(self._systems, key=lambda each: each.name)

    def find(self, name: str) -> System | None:
        return next((each for each in self._systems if each.name == name), None)

    def replace(self, system: System) -> None:
        if self._systems.get(system.id) is None:
            raise NotFound("system", system.name)
        self._systems.put(system.id, system)

    def remove(self, system: int) -> None:
        self._systems.remove(system)
