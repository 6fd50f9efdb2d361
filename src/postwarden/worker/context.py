"""What a task may use, and the lease it works under."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias, cast

from postwarden.model.errors import Unavailable
from postwarden.model.ledger import Event
from postwarden.model.tasks import Task, TaskState
from postwarden.services.ports import (
    Blobs,
    Connect,
    Sealer,
    SearchIndex,
    Signer,
    Store,
    UnitOfWork,
    WebhookClient,
)
from postwarden.services.recent_texts import RecentTexts


class LeaseLost(Exception):
    """Another worker has taken the task over; this one must stop."""


class Canceled(Exception):
    """Somebody wants the task to stop; what it did so far stays done."""


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
    connect: Connect | None = None  # None: no other system is reached from here
    signer: Signer | None = None  # None: heads of the audit log are not signed here
    recent: RecentTexts | None = None
    owner: str = field(default_factory=new_owner)
    lease_seconds: float = 15  # a dead worker's lease ends then
    poll_seconds: float = 1  # between looks for tasks whose lease has ended
    attempts: int = 8  # after which a failing task is parked
    keep_tasks: timedelta = timedelta(days=30)  # after they ended
    keep_events: Mapping[Event, timedelta] = field(default_factory=dict)  # or for ever
    sealer: Sealer | None = None
    webhook_client: WebhookClient | None = None  # None: nobody is told from here
    webhook_patience: timedelta = timedelta(days=3)
    keep_deliveries: timedelta = timedelta(days=7)  # after they ended
    index_batch: int = 200
    case_batch: int = 500
    progress: Progress = no_progress


@dataclass(slots=True)
class Lease:
    """The right to work on a task; it renews itself while its process lives."""

    context: WorkerContext
    task: Task
    again: Callable[[UnitOfWork], datetime | None] | None = None
    """Asked in the transaction that would end the task: when to go on instead."""

    async def renew(self, done: int, total: int) -> None:
        """Write progress between two chunks; raises LeaseLost, Canceled.

        Whoever has done all of a known total is not canceled any more.
        """
        state = await self._renew((done, total))
        if state is None:
            raise LeaseLost(self.task.name)
        self.context.progress(self.task, done, total)
        if state is TaskState.CANCELED_REQUESTED and not 0 < total <= done:
            raise Canceled(self.task.name)

    async def _renew(self, progress: tuple[int, int] | None) -> TaskState | None:
        return await self.context.store.transact(
            _renew, self.context, self.task.id, progress
        )

    @asynccontextmanager
    async def beating(self) -> AsyncIterator[None]:
        """Keep the lease meanwhile, however long a chunk takes."""
        beat = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            beat.cancel()
            await asyncio.gather(beat, return_exceptions=True)

    async def _beat(self) -> None:
        kept: TaskState | None = self.task.state
        while kept is not None:
            await asyncio.sleep(self.context.lease_seconds / 3)
            try:
                kept = await self._renew(None)
            except Unavailable:
                continue  # the work itself runs into it, and says so


def number(lease: Lease, name: str) -> int:
    """Return a number that a task was given."""
    return int(cast("int", lease.task.payload[name]))


def _renew(
    uow: UnitOfWork,
    context: WorkerContext,
    task: int,
    progress: tuple[int, int] | None,
) -> TaskState | None:
    return uow.tasks.renew(
        task,
        context.owner,
        now=uow.now,
        until=uow.now + timedelta(seconds=context.lease_seconds),
        progress=progress,
    )
