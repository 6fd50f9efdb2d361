"""Tokens of programs in memory."""

from dataclasses import replace
from datetime import datetime

from postwarden.adapters.memory.state import State
from postwarden.model.tokens import TokenGrant


class MemoryTokenGrants:
    """See `services.ports.tokens.TokenGrants`."""

    def __init__(self, state: State) -> None:
        self._rows = state.tokens

    def with_access(self, digest: bytes) -> TokenGrant | None:
        return next((each for each in self._rows if each.access == digest), None)

    def with_refresh(self, digest: bytes) -> TokenGrant | None:
        found = (e for e in self._rows if digest in {e.refresh, e.spent})
        return next(found, None)

    def put(self, grant: TokenGrant) -> TokenGrant:
        slot = (grant.holder, grant.client)
        for each in self._rows:
            if (each.holder, each.client) == slot:
                self._rows.remove(each.id)
        added = replace(grant, id=self._rows.new_id())
        self._rows.insert(added.id, added)
        return added

    def replace(self, grant: TokenGrant) -> None:
        if known := self._rows.get(grant.id):
            new = replace(
                known,
                access=grant.access,
                refresh=grant.refresh,
                spent=grant.spent,
                access_until=grant.access_until,
                until=grant.until,
            )
            self._rows.put(grant.id, new)

    def remove(self, grant: int) -> None:
        self._rows.remove(grant)

    def of(self, holder: str, *, limit: int) -> list[TokenGrant]:
        return [each for each in self._rows if each.holder == holder][:limit]

    def remove_ended(self, now: datetime, *, limit: int) -> int:
        ended = [each.id for each in self._rows if each.until <= now][:limit]
        for number in ended:
            self._rows.remove(number)
        return len(ended)
