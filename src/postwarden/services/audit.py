"""Audit entries: one for each administrative write, in its own transaction."""

from collections.abc import Mapping
from typing import Any

from postwarden.model.actors import Actor
from postwarden.model.audit import AuditEntry
from postwarden.services.ports import UnitOfWork


def record(
    uow: UnitOfWork,
    actor: Actor,
    action: str,
    object: str,  # noqa: A002  the field's name in the contract
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Write down who did what; callers give no secret, not even a hash of one."""
    uow.audit.record(
        AuditEntry(
            time=uow.now,
            actor=actor.name,
            dialect=actor.dialect,
            client_ip=actor.client_ip,
            request_id=actor.request_id,
            action=action,
            object=object,
            before=before,
            after=after,
            reason=reason,
        )
    )


def difference(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return both with only the fields in which they differ."""
    names = [name for name in after if before.get(name) != after[name]]
    return {n: before.get(n) for n in names}, {n: after[n] for n in names}
