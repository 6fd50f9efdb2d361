"""Tasks in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from postwarden.adapters.memory.state import State
from postwarden.adapters.memory.tables import as_json
from postwarden.model.errors import NotFound
from postwarden.model.tasks import LONGEST_LEASE, Task, TaskState


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
        actor: str | None = None,
        request_id: str | None = None,
        domain: str | None = None,
    ) -> Task:
        if (task := self.unfinished(name, subject)) is not None:
            return task
        added = Task(
            id=self._tasks.new_id(),
            name=name,
            subject=subject,
            payload=as_json(payload),
            state=TaskState.WAITING,
            created_at=time,
            run_at=run_at or time,
            actor=actor,
            request_id=request_id,
            domain=domain,
        )
        self._tasks.insert(added.id, added)
        return added

    def get(self, task: int) -> Task:
        found = self._tasks.get(task)
        if found is None:
            raise NotFound("task", str(task))
        return found

    def page(
        self,
        *,
        before: int,
        limit: int,
        states: Collection[TaskState] = (),
        name: str | None = None,
        actor: str | None = None,
        domains: Collection[str] | None = None,
    ) -> list[Task]:
        found = [
            task
            for task in reversed([*self._tasks])
            if task.id < before
            and (not states or task.state in states)
            and (name is None or task.name == name)
            and _is_within(task, actor, domains)
        ]
        return found[:limit]

    def unfinished(self, name: str, subject: str) -> Task | None:
        for task in self._tasks:
            same = (task.name, task.subject) == (name, subject)
            if same and not task.has_ended:
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
            if not each.has_ended
            and each.name in names
            and (_is_due(each, now) if task is None else each.id == task)
            and _is_free(each, now)
        ]
        if not free:
            return None
        oldest = min(free, key=lambda each: (each.run_at, each.id))
        is_waiting = oldest.state is TaskState.WAITING
        leased = replace(
            oldest,
            state=TaskState.IN_PROGRESS if is_waiting else oldest.state,
            started_at=oldest.started_at or now,
            heartbeat_at=now,
            lease_owner=owner,
            leased_until=until,
            attempts=oldest.attempts + 1,
        )
        self._tasks.put(leased.id, leased)
        return leased

    def renew(
        self,
        task: int,
        owner: str,
        *,
        now: datetime,
        until: datetime,
        progress: tuple[int, int] | None = None,
    ) -> TaskState | None:
        known = self._owned(task, owner)
        if known is None:
            return None
        renewed = replace(known, heartbeat_at=now, leased_until=until)
        if progress is not None:
            done, total = progress
            renewed = replace(renewed, done=done, total=total, attempts=1)
        self._tasks.put(task, renewed)
        return renewed.state

    def _owned(self, task: int, owner: str) -> Task | None:
        known = self._tasks.get(task)
        if known is None or known.lease_owner != owner:
            return None
        return None if known.has_ended else known

    def finish(
        self,
        task: int,
        owner: str,
        state: TaskState,
        time: datetime,
        *,
        error: str | None = None,
        result: Mapping[str, object] | None = None,
    ) -> bool:
        kept = None if result is None else as_json(result)
        changes = {"state": state, "ended_at": time, "error": error, "result": kept}
        return self._let_go(task, owner, **changes)

    def retry(
        self, task: int, owner: str, *, run_at: datetime, error: str | None
    ) -> bool:
        state = TaskState.WAITING
        return self._let_go(task, owner, state=state, run_at=run_at, error=error)

    def _let_go(self, task: int, owner: str, **changes: Any) -> bool:
        known = self._owned(task, owner)
        if known is None:
            return False
        let_go = replace(known, **changes, lease_owner=None, leased_until=None)
        self._tasks.put(task, let_go)
        return True

    def cancel(self, task: int, time: datetime) -> Task:
        known = self.get(task)
        if known.state is TaskState.WAITING:
            known = replace(known, state=TaskState.CANCELED, ended_at=time)
        elif known.state is TaskState.IN_PROGRESS:
            known = replace(known, state=TaskState.CANCELED_REQUESTED)
        self._tasks.put(task, known)
        return known

    def remove_ended(self, before: datetime, limit: int) -> int:
        ended = [
            (task.ended_at, task.id)
            for task in self._tasks
            if task.ended_at is not None and task.ended_at < before
        ]
        for _, number in sorted(ended)[:limit]:
            self._tasks.remove(number)
        return min(len(ended), limit)


def _is_within(task: Task, actor: str | None, domains: Collection[str] | None) -> bool:
    if domains is None:
        return True
    is_theirs = actor is not None and task.actor == actor
    return is_theirs or task.domain in domains


def _is_due(task: Task, now: datetime) -> bool:
    if task.state is not TaskState.WAITING or task.run_at <= now:
        return True
    return task.attempts == 0 and task.created_at > now


def _is_free(task: Task, now: datetime) -> bool:
    until = task.leased_until
    return until is None or not now < until <= now + LONGEST_LEASE
