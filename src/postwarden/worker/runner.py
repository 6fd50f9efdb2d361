"""The worker: takes leased tasks, keeps the full text up, and ends gracefully."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from datetime import timedelta

import structlog

from postwarden.model.errors import MailError, Unavailable
from postwarden.model.tasks import Task, TaskState
from postwarden.services import indexing
from postwarden.services.ports import UnitOfWork, Watch
from postwarden.services.tasks import bounded
from postwarden.worker.context import Canceled, Lease, LeaseLost, WorkerContext
from postwarden.worker.tasks import HANDLERS, LANES, Handlers, Lane

_FIRST_RETRY = 1.0  # seconds; doubles with each attempt
_LONGEST_RETRY = 300.0
_BETWEEN_LOOKS = 0.05  # seconds between looks for tasks, however much is committed
_CALM = 0.25  # seconds without a commit after which the index is brought up
_BEHIND = 3.0  # seconds that it may stay behind while mail keeps coming


_log = structlog.get_logger("postwarden.worker")


async def run_task(
    context: WorkerContext, task_id: int, handlers: Handlers = HANDLERS
) -> Task:
    """Work on one task in this process, or wait while another one does.

    Returns the task when it has ended, however it did.
    """
    while True:
        task = await context.store.transact(_lease, context, list(handlers), task_id)
        if task is not None:
            await _work(context, task, handlers)
        task = await context.store.read(_get, task_id)
        if task.has_ended:
            return task
        context.progress(task, task.done, task.total)
        with context.store.watch() as watch:
            await watch.wait(context.poll_seconds)


async def serve_tasks(
    context: WorkerContext,
    handlers: Handlers = HANDLERS,
    lanes: Sequence[Lane] = LANES,
) -> None:
    """Take every task that is due, until cancelled between two chunks.

    Each lane has its own pace: a slow task keeps nothing of other lanes waiting.
    """
    free = {lane: lane.slots for lane in lanes}
    with context.store.watch() as watch:
        async with asyncio.TaskGroup() as group:
            while True:
                names = [n for lane, slots in free.items() if slots for n in lane.names]
                task = await _next(context, names)
                if task is None:
                    await watch.wait(context.poll_seconds)
                    await asyncio.sleep(_BETWEEN_LOOKS)
                else:
                    lane = next(each for each in lanes if task.name in each.names)
                    free[lane] -= 1
                    group.create_task(_serve_lane(context, task, handlers, lane, free))


async def _serve_lane(
    context: WorkerContext,
    task: Task | None,
    handlers: Handlers,
    lane: Lane,
    free: dict[Lane, int],
) -> None:
    """Do a task and whatever else is due in its lane, then free its slot."""
    try:
        while task is not None:
            await _work(context, task, handlers)
            task = await _next(context, list(lane.names))
    except Unavailable as error:
        _log.warning("tasks.unavailable", reason=str(error))
    finally:
        free[lane] += 1


async def _next(context: WorkerContext, names: Sequence[str]) -> Task | None:
    try:
        return await context.store.transact(_lease, context, names, None)
    except Unavailable as error:
        _log.warning("tasks.unavailable", reason=str(error))
        return None


async def serve_index(context: WorkerContext) -> None:
    """Index what arrives, until cancelled.

    Receiving comes first: while it goes on the index waits, for a while. Nobody
    misses anything, since a search for words indexes what it needs.
    """
    with context.store.watch() as watch:
        while True:
            try:
                while await indexing.index_next(
                    context.index,
                    context.blobs,
                    context.index_batch,
                    recent=context.recent,
                    aside=asyncio.to_thread,
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


async def take_task(context: WorkerContext, handlers: Handlers = HANDLERS) -> bool:
    """Work on the oldest task that is due; False when there is none."""
    task = await _next(context, list(handlers))
    if task is None:
        return False
    try:
        await _work(context, task, handlers)
    except Unavailable as error:
        _log.warning("tasks.unavailable", reason=str(error))
        return False
    return True


async def _work(context: WorkerContext, task: Task, handlers: Handlers) -> None:
    """Do a task and write how it ended; raises Unavailable when that cannot be.

    Then its lease ends by itself, and it is done again.
    """
    lease = Lease(context, task)
    if task.state is TaskState.CANCELED_REQUESTED:  # whoever was asked has died
        return await _end(lease, TaskState.CANCELED)
    if task.attempts > context.attempts:  # it may be what they died of
        error = f"given up: {context.attempts} workers died before it went on"
        return await _end(lease, TaskState.FAILED, error)
    try:
        async with lease.beating():
            result = await handlers[task.name](lease)
    except LeaseLost:
        _log.info("task.taken-over", task=task.id, name=task.name)
    except Canceled:
        await _end(lease, TaskState.CANCELED)
    except Unavailable as error:
        await context.store.transact(_retry, context, task.id, str(error))
    except MailError as error:
        await _end(lease, TaskState.FAILED, str(error))
    except Exception:  # noqa: BLE001  a bug of ours must not end the worker
        _log.exception("task.failed", task=task.id, name=task.name)
        await _end(lease, TaskState.FAILED, "internal error")
    else:
        await _end(lease, TaskState.COMPLETED, result=result)


def _lease(
    uow: UnitOfWork, context: WorkerContext, names: Sequence[str], task: int | None
) -> Task | None:
    return uow.tasks.lease(
        context.owner,
        names=names,
        now=uow.now,
        until=uow.now + timedelta(seconds=context.lease_seconds),
        task=task,
    )


def _get(uow: UnitOfWork, task: int) -> Task:
    return uow.tasks.get(task)


async def _end(
    lease: Lease,
    state: TaskState,
    error: str | None = None,
    *,
    result: Mapping[str, object] | None = None,
) -> None:
    number, owner = lease.task.id, lease.context.owner

    def finish(uow: UnitOfWork) -> None:
        again = None
        if state is TaskState.COMPLETED and lease.again is not None:
            again = lease.again(uow)
        if again is not None:
            uow.tasks.renew(number, owner, now=uow.now, until=uow.now, progress=(0, 0))
            uow.tasks.retry(number, owner, run_at=again, error=None)
        else:
            uow.tasks.finish(
                number, owner, state, uow.now, error=error, result=bounded(result)
            )

    await lease.context.store.transact(finish)


def _retry(uow: UnitOfWork, context: WorkerContext, number: int, error: str) -> None:
    task, owner = uow.tasks.get(number), context.owner
    if task.state is TaskState.CANCELED_REQUESTED:
        uow.tasks.finish(number, owner, TaskState.CANCELED, uow.now, error=error)
    elif task.attempts >= context.attempts:
        uow.tasks.finish(number, owner, TaskState.FAILED, uow.now, error=error)
    else:
        longest = min(_LONGEST_RETRY, _FIRST_RETRY * 2**task.attempts)
        delay = timedelta(seconds=random.uniform(longest / 2, longest))  # noqa: S311  no secret
        uow.tasks.retry(number, owner, run_at=uow.now + delay, error=error)
