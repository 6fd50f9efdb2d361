"""Tasks as James reports them: their ids, their types, what they tell of themselves."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from postwarden.model.tasks import Task, TaskState
from postwarden.services import vault, vault_restoring
from postwarden.services.quotas import recomputing

STATUSES = {
    TaskState.WAITING: "waiting",
    TaskState.IN_PROGRESS: "inProgress",
    TaskState.CANCELED_REQUESTED: "canceledRequested",
    TaskState.COMPLETED: "completed",
    TaskState.FAILED: "failed",
    TaskState.CANCELED: "canceled",
}
_ENDED_AT = {
    TaskState.COMPLETED: "completedDate",
    TaskState.FAILED: "failedDate",
    TaskState.CANCELED: "canceledDate",
}
# Ours have numbers. In a UUID of our own making (RFC 9562 §5.8) the number is last.
_PREFIX = "706f7374-7761-8264-8e00-"
_UUID = re.compile(
    r"([0-9A-Fa-f]{1,16})-([0-9A-Fa-f]{1,16})-([0-9A-Fa-f]{1,16})"
    r"-([0-9A-Fa-f]{1,16})-([0-9A-Fa-f]{1,16})",
    re.ASCII,
)
_LENGTHS = (8, 4, 4, 4, 12)
_LONGEST = 36  # characters

Told = Callable[[Task], Mapping[str, object]]


class BadTaskId(ValueError):
    """What is no UUID."""


def task_id(number: int) -> str:
    return f"{_PREFIX}{number:012x}"


def number_of(text: str) -> tuple[int, str]:
    """Return the number that an id has, 0 for none of ours, and the id in full.

    Groups may be short, as Java reads them. Raises BadTaskId.
    """
    found = _UUID.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        raise BadTaskId(text)
    parts = [
        group[-length:].rjust(length, "0").lower()
        for group, length in zip(found.groups(), _LENGTHS, strict=True)
    ]
    name = "-".join(parts)
    is_ours = name.startswith(_PREFIX)
    return (int(parts[-1], 16) if is_ours else 0), name


def report(task: Task, host: str) -> dict[str, Any]:
    """Return the execution report of a task; `host` is where we run."""
    kind, told = _TYPES.get(task.name, (task.name, _nothing))
    at = task.ended_at or task.heartbeat_at or task.started_at or task.created_at
    shown: dict[str, Any] = {
        "additionalInformation": {
            "type": kind,
            **told(task),
            "timestamp": _instant(at),
        },
        "type": kind,
    }
    if task.started_at is not None:
        shown["startedDate"] = _date(task.started_at)
    if task.ended_at is not None:
        shown[_ENDED_AT[task.state]] = _date(task.ended_at)
    is_canceled = task.state in {TaskState.CANCELED, TaskState.CANCELED_REQUESTED}
    return {
        **shown,
        "status": STATUSES[task.state],
        "taskId": task_id(task.id),
        "submittedFrom": host,
        "executedOn": None if task.started_at is None else host,
        "cancelledFrom": host if is_canceled else None,
        "submitDate": _date(task.created_at),
    }


def _nothing(_: Task) -> Mapping[str, object]:
    return {}


def _expired(task: Task) -> Mapping[str, object]:
    return {
        "beginningOfRetentionPeriod": _instant(task.started_at or task.created_at),
        "deletedBuckets": [],
        "destroyedMessages": (task.result or {}).get("destroyed", task.done),
    }


def _restored(task: Task) -> Mapping[str, object]:
    result = task.result or {}
    return {
        "successfulRestoreCount": result.get("restored", task.done),
        "errorRestoreCount": result.get("failed", 0),
    }


def _recomputed(task: Task) -> Mapping[str, object]:
    return {
        "processedQuotaRoots": (task.result or {}).get("accounts", task.done),
        "failedQuotaRoots": [],
        "runningOptions": {"usersPerSecond": task.payload["per_second"]},
    }


_TYPES: Mapping[str, tuple[str, Told]] = {
    vault.EXPIRE: ("deleted-messages-blob-store-based-garbage-collection", _expired),
    recomputing.TASK: ("recompute-current-quotas", _recomputed),
    vault_restoring.TASK: ("deleted-messages-restore", _restored),
}
"""What James calls tasks that he has too; others go by our names."""


def _date(time: datetime) -> str:
    milliseconds = time.microsecond // 1000
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}+0000"


def _instant(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}Z"
