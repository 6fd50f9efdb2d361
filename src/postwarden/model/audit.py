"""Audit entries: one administrative act each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what to which object; `before` and `after` never hold secrets."""

    id: int = 0  # given by the store
    time: datetime
    actor: str
    dialect: str
    client_ip: str | None
    request_id: str | None
    action: str  # object.verb, e.g. account.create
    object: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    reason: str = ""
    on_behalf_of: str | None = None
