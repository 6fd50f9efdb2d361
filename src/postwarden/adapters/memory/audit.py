"""The audit log in memory."""

from collections.abc import Collection
from datetime import datetime

from postwarden.adapters.memory.state import State
from postwarden.model.audit import AuditEntry, AuditHead, chained, head_of


class MemoryAuditLog:
    """See `services.ports.AuditLog`."""

    def __init__(self, state: State) -> None:
        self._audit = state.audit

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
            and (domains is None or each.domain in domains)
        ]
        return found[:limit]
