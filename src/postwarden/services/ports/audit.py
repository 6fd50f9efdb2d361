"""The audit log: entries that are chained as they are written."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from postwarden.model.audit import AuditEntry, AuditHead
from postwarden.model.audit_heads import SignedHead


class AuditLog(Protocol):
    """Administrative acts, in the order of writing; none is changed or removed."""

    def record(self, entry: AuditEntry) -> None:
        """Append an entry: it gets its id and its place in the chain here."""
        ...

    def head(self) -> AuditHead | None:
        """Return the newest entry's id and hash, None of an empty log."""
        ...

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
        """Return entries in order of ids; None of a filter lets everything pass.

        `domains` leaves out whatever belongs to no domain.
        """
        ...

    def newest(self, object: str, *, limit: int) -> list[AuditEntry]:  # noqa: A002
        """Return the last entries about an object, the newest first."""
        ...

    def add_signed(self, head: SignedHead) -> None:
        """Keep a signed head of an entry that is there."""
        ...

    def newest_signed(self) -> SignedHead | None: ...

    def signed(self, *, after: int, up_to: int) -> list[SignedHead]:
        """Return the signed heads of a page of entries, in their order."""
        ...
