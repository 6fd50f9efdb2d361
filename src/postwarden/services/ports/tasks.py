"""Tasks, and the leases under which workers do them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from postwarden.model.tasks import Task, TaskState


class Tasks(Protocol):
    """Leased, resumable work."""

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
        """Add a task, or return the unfinished one of that name and subject.

        It is due at once, or at `run_at`.
        """
        ...

    def get(self, task: int) -> Task:
        """Raise NotFound for an unknown id."""
        ...

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
        """Return tasks with smaller ids than `before`, newest first.

        Empty filters mean all. With `domains`, only what `actor` submitted or
        what concerns one of them.
        """
        ...

    def unfinished(self, name: str, subject: str) -> Task | None: ...

    def newest(self, name: str, subject: str) -> Task | None:
        """Return the one that was added last, finished or not."""
        ...

    def bring_forward(self, task: int, run_at: datetime) -> None:
        """Let a waiting task run earlier than it would; else do nothing."""
        ...

    def lease(
        self,
        owner: str,
        *,
        names: Sequence[str],
        now: datetime,
        until: datetime,
        task: int | None = None,
    ) -> Task | None:
        """Take the oldest task that is due and not leased; or just this one.

        One that is to be canceled stays so: who takes it ends it. A lease that
        ends later than the longest there is, or a task that was never tried and
        comes from the future, is of a clock that was wrong: such a task is free,
        or due.
        """
        ...

    def renew(
        self,
        task: int,
        owner: str,
        *,
        now: datetime,
        until: datetime,
        progress: tuple[int, int] | None = None,
    ) -> TaskState | None:
        """Extend a lease; return the state, None when it is not `owner`'s any more.

        `progress` (what is done, of how much) makes this attempt the first again.
        """
        ...

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
        """End a task; False when it is not `owner`'s any more."""
        ...

    def retry(
        self, task: int, owner: str, *, run_at: datetime, error: str | None
    ) -> bool:
        """Give the lease back and try again at `run_at`."""
        ...

    def cancel(self, task: int, time: datetime) -> Task:
        """End a waiting task, ask the worker of one in progress to stop.

        Whatever else it is, it stays so. Raises NotFound for an unknown id.
        """
        ...

    def remove_ended(self, before: datetime, limit: int) -> int:
        """Forget tasks that ended before a time; return how many."""
        ...
