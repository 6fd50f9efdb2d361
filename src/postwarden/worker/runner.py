"""The worker: takes leased tasks, keeps the full text up, and ends gracefully."""

import asyncio
import random
from datetime import timedelta

import structlog

from postwarden.model.errors import MailError, Unavailable
from postwarden.model.tasks import Task, TaskState
from postwarden.services import indexing
from postwarden.services.ports import UnitOfWork, Watch
from postwarden.worker.context import Lease, LeaseLost, WorkerContext
from postwarden.worker.tasks import HANDLERS

_FIRST_RETRY = 1.0  # seconds; doubles with each attempt
_LONGEST_RETRY = 300.0
_BETWEEN_LOOKS = 0.05  # seconds between looks for tasks, however much is committed
_CALM = 0.25  # seconds without a commit after which the index is brought up
_BEHIND = 3.0  # seconds that it may stay behind while mail keeps coming

_log = structlog.get_logger("postwarden.worker")


async def run_task(context: WorkerContext, task_id: int) -> Task:
    """Work on one task in this process, or wait while another one does.

    Returns the task when it has ended, however it did.
    """
    while True:
        task = await context.store.transact(_lease, context, task_id)
        if task is not None:
            await _work(context, task)
        task = await context.store.read(_get, task_id)
        if task.state not in {TaskState.WAITING, TaskState.IN_PROGRESS}:
            return task
        context.progress(task, task.done, task.total)
        with context.store.watch() as watch:
            await watch.wait(context.poll_seconds)


async def serve_tasks(context: WorkerContext) -> None:
    """Take every task that is due, until cancelled between two chunks."""
    with context.store.watch() as watch:
        while True:
            while await take_task(context):
                pass
            await watch.wait(context.poll_seconds)
            await asyncio.sleep(_BETWEEN_LOOKS)


async def serve_index(context: WorkerContext) -> None:
    """Index what arrives, until cancelled.

    Receiving comes first: while it goes on the index waits, for a while. Nobody
    misses anything, since a search for words indexes what it needs.
    """
    with context.store.watch() as watch:
        while True:
            try:
                while await indexing.index_next(
                    context.index, context.blobs, context.index_batch
                ):
                    pass
            except Unavailable as error:
                _log.warning("index.unavailable", reason=str(error))
            await watch.wait()
            await _calm(watch)


async def _calm(watch: Watch) -> None:
    """Return when nothing was committed for a while, or soon anyway."""
    for _ in range(int(_BEHIND / _CALM)):
        await asyncio.sleep(_CALM)
        if not await watch.wait(0):
            return


async def take_task(context: WorkerContext) -> bool:
    """Work on the oldest task that is due; False when there is none."""
    try:
        task = await context.store.transact(_lease, context, None)
        if task is None:
            return False
        await _work(context, task)
    except Unavailable as error:
        _log.warning("tasks.unavailable", reason=str(error))
        return False
    return True


async def _work(context: WorkerContext, task: Task) -> None:
    """Do a task and write how it ended; raises Unavailable when that cannot be.

    Then its lease ends by itself, and it is done again.
    """
    store = context.store
    try:
        await HANDLERS[task.name](Lease(context, task))
    except LeaseLost:
        _log.info("task.taken-over", task=task.id, name=task.name)
    except Unavailable as error:
        await store.transact(_retry, context, task, str(error))
    except MailError as error:
        await store.transact(_fail, context, task, str(error))
    except Exception:  # noqa: BLE001  a bug of ours must not end the worker
        _log.exception("task.failed", task=task.id, name=task.name)
        await store.transact(_fail, context, task, "internal error")
    else:
        await store.transact(_complete, context, task)


def _lease(uow: UnitOfWork, context: WorkerContext, task: int | None) -> Task | None:
    return uow.tasks.lease(
        context.owner,
        names=list(HANDLERS),
        now=uow.now,
        until=uow.now + timedelta(seconds=context.lease_seconds),
        task=task,
    )


def _get(uow: UnitOfWork, task: int) -> Task:
    return uow.tasks.get(task)


def _complete(uow: UnitOfWork, context: WorkerContext, task: Task) -> None:
    uow.tasks.finish(task.id, context.owner, TaskState.COMPLETED, uow.now)


def _fail(uow: UnitOfWork, context: WorkerContext, task: Task, error: str) -> None:
    uow.tasks.finish(task.id, context.owner, TaskState.FAILED, uow.now, error=error)


def _retry(uow: UnitOfWork, context: WorkerContext, task: Task, error: str) -> None:
    if task.attempts >= context.attempts:
        _fail(uow, context, task, error)
        return
    longest = min(_LONGEST_RETRY, _FIRST_RETRY * 2**task.attempts)
    delay = timedelta(seconds=random.uniform(longest / 2, longest))  # noqa: S311  no secret
    uow.tasks.retry(task.id, context.owner, run_at=uow.now + delay, error=error)
