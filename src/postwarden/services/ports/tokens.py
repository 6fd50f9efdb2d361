"""Tokens of programs that are logged in."""

from datetime import datetime
from typing import Protocol

from postwarden.model.tokens import TokenGrant


class TokenGrants(Protocol):
    """Grants, found by the SHA-256 of their tokens."""

    def with_access(self, digest: bytes) -> TokenGrant | None: ...

    def with_refresh(self, digest: bytes) -> TokenGrant | None:
        """Return the grant whose refresh token this is, or was before this one."""
        ...

    def put(self, grant: TokenGrant) -> TokenGrant:
        """Store a new grant (its `id` is given here) in place of its client's old."""
        ...

    def replace(self, grant: TokenGrant) -> None:
        """Write tokens and times; a grant that is gone stays so."""
        ...

    def remove(self, grant: int) -> None: ...

    def of(self, holder: str, *, limit: int) -> list[TokenGrant]:
        """Return the grants that somebody holds, oldest first."""
        ...

    def remove_ended(self, now: datetime, *, limit: int) -> int:
        """Forget grants that cannot be renewed any more; return how many."""
        ...
