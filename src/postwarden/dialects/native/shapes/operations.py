"""The audit log as scripts see it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NotRequired, TypedDict, cast

from postwarden.model.audit import AuditEntry
from postwarden.services.audit.verification import Verdict, verdict_facts


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
    domains: NotRequired[list[str]]  # where it concerns several
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    reason: str
    previous_hash: str | None
    hash: str


class SignedHeadShape(TypedDict):
    """A signed entry, as it is written down for others."""

    kind: str
    entry: int
    hash: str
    time: str
    public_key: str
    signature: str


class VerdictShape(TypedDict):
    """How far the log is whole; `problem` names the first broken entry."""

    whole: bool
    entries: int
    hash: str | None
    signed: SignedHeadShape | None
    problem: str | None


def verdict(of: Verdict) -> VerdictShape:
    """Return how far a log is whole, as `audit verify` prints it."""
    return cast("VerdictShape", verdict_facts(of))


def audit(of: AuditEntry) -> AuditShape:
    """Return an audit entry."""
    shape: AuditShape = {
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
    if of.domains:
        shape["domains"] = list(of.domains)
    return shape
