"""What a task may use, and the lease it works under."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias, cast

from postwarden.model.tasks import Task
from postwarden.services.ports import Blobs, SearchIndex, Signer, Store, UnitOfWork


class LeaseLost(Exception):
    """Another worker has taken the task over; this one must stop."""


def new_owner() -> str:
    """Return a name that no other worker has."""
    return f"{socket.gethostname()}:{os.getpid()}:{os.urandom(6).hex()}"


Progress: TypeAlias = Callable[[Task, int, int], None]
"""Hears the task, what is done of it, and of how much (0 when unknown)."""


def no_progress(_task: Task, _done: int, _total: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerContext:
    """The ports that tasks work with; `progress` hears how far one is."""

    store: Store
    blobs: Blobs
    index: SearchIndex
    signer: Signer | None = None  # None: heads of the audit log are not signed here
    owner: str = field(default_factory=new_owner)
    lease_seconds: float = 15  # renewed after each chunk; a dead worker's ends then
    poll_seconds: float = 1  # between looks for tasks whose lease has ended
    attempts: int = 8  # after which a failing task is parked
    keep_tasks: timedelta = timedelta(days=30)  # after they ended
    index_batch: int = 200
    case_batch: int = 500
    progress: Progress = no_progress


@dataclass(slots=True)
class Lease:
    """The right to work on a task, which `renew` keeps between chunks."""

    context: WorkerContext
    task: Task

    async def renew(self, done: int, total: int) -> None:
        """Keep the lease and write progress; raises LeaseLost."""
        kept = await self.context.store.transact(
            _renew, self.task.id, self.context, done, total
        )
        if not kept:
            raise LeaseLost(self.task.name)
        self.context.progress(self.task, done, total)


def number(lease: Lease, name: str) -> int:
    """Return a number that a task was given."""
    return int(cast("int", lease.task.payload[name]))


def _renew(
    uow: UnitOfWork, task: int, context: WorkerContext, done: int, total: int
) -> bool:
    uow.tasks.progress(task, done, total)
    until = uow.now + timedelta(seconds=context.lease_seconds)
    return uow.tasks.renew(task, context.owner, until)
