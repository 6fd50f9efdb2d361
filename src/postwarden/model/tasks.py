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
    CANCELED_REQUESTED = "canceled-requested"  # its worker stops at the next chunk
    COMPLETED = "completed"
    FAILED = "failed"  # with an error that says why; `task retry` tries again
    CANCELED = "canceled"


ENDED = frozenset({TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task; `payload` and `result` are JSON, `subject` is what it works on.

    At most one unfinished task exists per (name, subject). While
    `leased_until` lies ahead, only `lease_owner` may work on it, whose last sign
    of life was at `heartbeat_at`. `attempts` counts since the last progress.
    A task without `actor` was submitted by Postwarden itself, one with a `domain`
    concerns nothing else.
    """

    id: int
    name: str
    subject: str
    payload: Mapping[str, object]
    state: TaskState
    created_at: datetime
    run_at: datetime
    actor: str | None = None
    request_id: str | None = None
    domain: str | None = None
    started_at: datetime | None = None
    heartbeat_at: datetime | None = None
    ended_at: datetime | None = None
    attempts: int = 0
    lease_owner: str | None = None
    leased_until: datetime | None = None
    error: str | None = None
    done: int = 0
    total: int = 0
    result: Mapping[str, object] | None = None

    @property
    def has_ended(self) -> bool:
        """Whether nobody works on it any more, for better or worse."""
        return self.state in ENDED
