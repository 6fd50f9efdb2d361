"""The audit log as scripts see it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict

from postwarden.model.audit import AuditEntry


class AuditShape(TypedDict):
    """One administrative act; docs/audit.md says how `hash` comes from the rest."""

    id: int
    time: datetime
    actor: str
    on_behalf_of: str | None
    dialect: str
    client_ip: str | None
    request_id: str | None
    action: str
    object: str
    domain: str | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    reason: str
    previous_hash: str | None
    hash: str


def audit(of: AuditEntry) -> AuditShape:
    """Return an audit entry."""
    return {
        "id": of.id,
        "time": of.time,
        "actor": of.actor,
        "on_behalf_of": of.on_behalf_of,
        "dialect": of.dialect,
        "client_ip": of.client_ip,
        "request_id": of.request_id,
        "action": of.action,
        "object": of.object,
        "domain": of.domain,
        "before": of.before,
        "after": of.after,
        "reason": of.reason,
        "previous_hash": None if of.previous_hash is None else of.previous_hash.hex(),
        "hash": of.hash.hex(),
    }
