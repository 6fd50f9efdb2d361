"""Tasks as scripts see them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict

from postwarden.model.tasks import Task
from postwarden.services.steering import is_cancelable


class TaskShape(TypedDict):
    """A task; `heartbeat_at` is when its worker last gave a sign of life."""

    task: int
    name: str
    subject: str
    state: str
    done: int
    total: int
    actor: str | None
    request_id: str | None
    domain: str | None
    created_at: datetime
    run_at: datetime
    started_at: datetime | None
    heartbeat_at: datetime | None
    leased_until: datetime | None
    ended_at: datetime | None
    attempts: int
    cancelable: bool
    result: Mapping[str, Any] | None
    error: str | None


def task(of: Task) -> TaskShape:
    """Return a task; a `total` of 0 is not known."""
    return {
        "task": of.id,
        "name": of.name,
        "subject": of.subject,
        "state": of.state.value,
        "done": of.done,
        "total": of.total,
        "actor": of.actor,
        "request_id": of.request_id,
        "domain": of.domain,
        "created_at": of.created_at,
        "run_at": of.run_at,
        "started_at": of.started_at,
        "heartbeat_at": of.heartbeat_at,
        "leased_until": of.leased_until,
        "ended_at": of.ended_at,
        "attempts": of.attempts,
        "cancelable": is_cancelable(of),
        "result": of.result,
        "error": of.error,
    }
