"""The audit log in memory."""

from collections.abc import Collection
from datetime import datetime

from postwarden.adapters.memory.state import State
from postwarden.model.audit import AuditEntry, AuditHead, chained, head_of, is_within
from postwarden.model.audit_heads import SignedHead


class MemoryAuditLog:
    """See `services.ports.AuditLog`."""

    def __init__(self, state: State) -> None:
        self._audit, self._heads = state.audit, state.audit_heads

    def record(self, entry: AuditEntry) -> None:
        new = chained(entry, self.head())
        self._audit.insert(new.id, new)

    def head(self) -> AuditHead | None:
        newest = self._audit.get(len(self._audit))  # ids have no gaps
        return None if newest is None else head_of(newest)

    def page(
        self,
        *,
        after: int = 0,
        limit: int,
        actor: str | None = None,
        dialect: str | None = None,
        object: str | None = None,  # noqa: A002  the field's name in the contract
        since: datetime | None = None,
        domains: Collection[str] | None = None,
    ) -> list[AuditEntry]:
        found = [
            each
            for each in self._audit
            if each.id > after
            and (actor is None or each.actor == actor)
            and (dialect is None or each.dialect == dialect)
            and (object is None or each.object == object)
            and (since is None or each.time >= since)
            and (domains is None or is_within(each, domains))
        ]
        return found[:limit]

    def newest(self, object: str, *, limit: int) -> list[AuditEntry]:  # noqa: A002
        found = [each for each in self._audit if each.object == object]
        return found[::-1][:limit]

    def add_signed(self, head: SignedHead) -> None:
        key = (head.entry, head.public_key)
        if key not in self._heads:
            self._heads.insert(key, head)

    def newest_signed(self) -> SignedHead | None:
        return max(self._heads, key=lambda head: (head.entry, head.time), default=None)

    def signed(self, *, after: int, up_to: int) -> list[SignedHead]:
        return self._heads.among((after + 1, b""), (up_to + 1, b""))
