"""Tasks: work that alternates transactions and I/O, leased and resumable."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

LONGEST_LEASE = timedelta(hours=1)
"""No lease is longer: one that ends later was written by a clock that was wrong."""


class TaskState(StrEnum):
    """The life of a task."""

    WAITING = "waiting"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task; `payload` is JSON, `subject` names what it works on.

    At most one unfinished task exists per (name, subject). While
    `leased_until` lies ahead, only `lease_owner` may work on it.
    """

    id: int
    name: str
    subject: str
    payload: Mapping[str, object]
    state: TaskState
    created_at: datetime
    run_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    attempts: int = 0
    lease_owner: str | None = None
    leased_until: datetime | None = None
    error: str | None = None
    done: int = 0
    total: int = 0
