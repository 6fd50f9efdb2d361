"""Receptions, the queue and tasks in memory."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from postwarden.adapters.memory.state import State
from postwarden.model.envelopes import Envelope, EnvelopeRecipient
from postwarden.model.errors import NotFound
from postwarden.model.queue import QueueEntry
from postwarden.model.tasks import LONGEST_LEASE, Task, TaskState
from postwarden.services.ports.operations import PendingDelivery, Reception

_UNFINISHED = {TaskState.WAITING, TaskState.IN_PROGRESS}
_LAST = 2**63


class MemoryReceptions:
    """See `services.ports.Receptions`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(
        self,
        trace_id: str,
        message: int,
        time: datetime,
        envelope: Envelope,
        *,
        host: str | None = None,
    ) -> Reception:
        added = Reception(
            id=self._state.receptions.new_id(),
            trace_id=trace_id,
            message=message,
            received_at=time,
            reverse_path=envelope.reverse_path,
            client_ip=envelope.peer.ip or None,
            helo=envelope.helo,
            protocol=envelope.protocol,
            login=envelope.login,
            host=host,
            tls=envelope.peer.tls,
        )
        self._state.receptions.insert(added.id, added)
        self._state.recipients.insert(added.id, envelope.recipients)
        return added

    def get(self, reception: int) -> Reception:
        found = self._state.receptions.get(reception)
        if found is None:
            raise NotFound("reception", str(reception))
        return found

    def trace_ids(self, receptions: Iterable[int | None]) -> dict[int | None, str]:
        found = (self._state.receptions.get(each) for each in receptions if each)
        return {each.id: each.trace_id for each in found if each is not None}

    def recipients(self, reception: int) -> list[EnvelopeRecipient]:
        return list(self._state.recipients.get(reception) or ())

    def add_pending(
        self, reception: int, deliveries: Sequence[PendingDelivery]
    ) -> None:
        for each in deliveries:
            self._state.pending.insert((reception, each.position), each)

    def pending(self, reception: int, limit: int) -> list[PendingDelivery]:
        return self._state.pending.among((reception, 0), (reception, _LAST))[:limit]

    def remove_pending(self, reception: int, up_to_position: int) -> None:
        pending = self._state.pending.among((reception, 0), (reception, _LAST))
        for each in pending:
            if each.position <= up_to_position:
                self._state.pending.remove((reception, each.position))


class MemoryQueue:
    """See `services.ports.Queue`."""

    def __init__(self, state: State) -> None:
        self._queue = state.queue

    def add(self, entries: Iterable[QueueEntry]) -> None:
        for entry in entries:
            added = replace(entry, id=self._queue.new_id())
            self._queue.insert(added.id, added)

    def page(self, *, after: int = 0, limit: int) -> list[QueueEntry]:
        return self._queue.behind(after, limit)


class MemoryTasks:
    """See `services.ports.Tasks`."""

    def __init__(self, state: State) -> None:
        self._tasks = state.tasks

    def add(
        self,
        name: str,
        subject: str,
        payload: Mapping[str, object],
        time: datetime,
        *,
        run_at: datetime | None = None,
    ) -> Task:
        if (task := self.unfinished(name, subject)) is not None:
            return task
        added = Task(
            id=self._tasks.new_id(),
            name=name,
            subject=subject,
            payload=_json(payload),
            state=TaskState.WAITING,
            created_at=time,
            run_at=run_at or time,
        )
        self._tasks.insert(added.id, added)
        return added

    def get(self, task: int) -> Task:
        found = self._tasks.get(task)
        if found is None:
            raise NotFound("task", str(task))
        return found

    def unfinished(self, name: str, subject: str) -> Task | None:
        for task in self._tasks:
            same = (task.name, task.subject) == (name, subject)
            if same and task.state in _UNFINISHED:
                return task
        return None

    def newest(self, name: str, subject: str) -> Task | None:
        found = [t for t in self._tasks if (t.name, t.subject) == (name, subject)]
        return found[-1] if found else None

    def bring_forward(self, task: int, run_at: datetime) -> None:
        known = self._tasks.get(task)
        if known and known.state is TaskState.WAITING and known.run_at > run_at:
            self._tasks.put(task, replace(known, run_at=run_at))

    def lease(
        self,
        owner: str,
        *,
        names: Sequence[str],
        now: datetime,
        until: datetime,
        task: int | None = None,
    ) -> Task | None:
        free = [
            each
            for each in self._tasks
            if each.state in _UNFINISHED
            and each.name in names
            and (_is_due(each, now) if task is None else each.id == task)
            and _is_free(each, now)
        ]
        if not free:
            return None
        oldest = min(free, key=lambda each: (each.run_at, each.id))
        leased = replace(
            oldest,
            state=TaskState.IN_PROGRESS,
            started_at=oldest.started_at or now,
            lease_owner=owner,
            leased_until=until,
            attempts=oldest.attempts + 1,
        )
        self._tasks.put(leased.id, leased)
        return leased

    def renew(self, task: int, owner: str, until: datetime) -> bool:
        known = self._owned(task, owner)
        if known is not None:
            self._tasks.put(task, replace(known, leased_until=until))
        return known is not None

    def _owned(self, task: int, owner: str) -> Task | None:
        known = self._tasks.get(task)
        if known is None or known.lease_owner != owner:
            return None
        return known if known.state in _UNFINISHED else None

    def progress(self, task: int, done: int, total: int) -> None:
        if known := self._tasks.get(task):
            self._tasks.put(task, replace(known, done=done, total=total))

    def finish(
        self,
        task: int,
        owner: str,
        state: TaskState,
        time: datetime,
        *,
        error: str | None = None,
    ) -> bool:
        return self._let_go(task, owner, state=state, error=error, ended_at=time)

    def retry(self, task: int, owner: str, *, run_at: datetime, error: str) -> bool:
        state = TaskState.WAITING
        return self._let_go(task, owner, state=state, run_at=run_at, error=error)

    def _let_go(self, task: int, owner: str, **changes: Any) -> bool:
        known = self._owned(task, owner)
        if known is None:
            return False
        let_go = replace(known, **changes, lease_owner=None, leased_until=None)
        self._tasks.put(task, let_go)
        return True

    def remove_ended(self, before: datetime, limit: int) -> int:
        ended = [
            (task.ended_at, task.id)
            for task in self._tasks
            if task.ended_at is not None and task.ended_at < before
        ]
        for _, number in sorted(ended)[:limit]:
            self._tasks.remove(number)
        return min(len(ended), limit)


def _is_due(task: Task, now: datetime) -> bool:
    if task.state is TaskState.IN_PROGRESS or task.run_at <= now:
        return True
    return task.attempts == 0 and task.created_at > now


def _is_free(task: Task, now: datetime) -> bool:
    until = task.leased_until
    return until is None or not now < until <= now + LONGEST_LEASE


def _json(value: Mapping[str, object]) -> Mapping[str, object]:
    """Return what comes back of a mapping once it was written as JSON."""
    read: Mapping[str, object] = json.loads(json.dumps(dict(value), sort_keys=True))
    return read
