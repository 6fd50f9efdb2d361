"""Answers that are kept for a while, in memory."""

from datetime import datetime

from postwarden.adapters.memory.state import State


class MemoryReplays:
    """See `services.ports.Replays`."""

    def __init__(self, state: State) -> None:
        self._rows = state.replays

    def find(self, actor: str, key: str, *, since: datetime) -> bytes | None:
        time, answer = self._rows.get((actor, key)) or (None, None)
        return answer if time is not None and time >= since else None

    def keep(self, actor: str, key: str, answer: bytes, time: datetime) -> None:
        self._rows.put((actor, key), (time, answer))

    def forget(self, before: datetime, *, limit: int) -> int:
        old = [key for key, (time, _) in self._rows.items() if time < before][:limit]
        for key in old:
            self._rows.remove(key)
        return len(old)
