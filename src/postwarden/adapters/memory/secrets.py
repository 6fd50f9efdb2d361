"""Sealed secrets in memory."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from postwarden.adapters.memory.state import State

# Tables of `State`, and fields of their rows.
_KINDS = (
    *("administrators.totp", "systems.secret"),
    *("webhooks.old_secret", "webhooks.secret"),
)


class MemorySecrets:
    """See `services.ports.Secrets`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def kinds(self) -> Sequence[str]:
        return sorted(_KINDS)

    def page(self, kind: str, *, after: int, limit: int) -> list[tuple[int, bytes]]:
        table, field = self._found(kind)
        found = [
            (row.id, getattr(row, field))
            for row in table
            if row.id > after and getattr(row, field) is not None
        ]
        return sorted(found)[:limit]

    def replace(self, kind: str, row: int, old: bytes, new: bytes) -> bool:
        table, field = self._found(kind)
        known = table.get(row)
        if known is None or getattr(known, field) != old:
            return False
        table.put(row, replace(known, **{field: new}))
        return True

    def _found(self, kind: str) -> tuple[Any, str]:
        table, _, field = kind.partition(".")
        return getattr(self._state, table), field
