"""What the worker does for the store itself."""

from datetime import timedelta

import pytest

from postwarden.model.errors import NotFound
from postwarden.model.tasks import TaskState
from postwarden.services import tasks
from postwarden.services.ports import UnitOfWork
from postwarden.worker import runner
from postwarden.worker.context import WorkerContext
from tests.support.factories import Clock


async def test_tasks_that_ended_long_ago_are_forgotten(
    context: WorkerContext, clock: Clock
) -> None:
    def end(uow: UnitOfWork, subject: str) -> int:
        task = uow.tasks.add("other", subject, {}, uow.now)
        until = uow.now + timedelta(minutes=1)
        uow.tasks.lease("w", names=["other"], now=uow.now, until=until)
        uow.tasks.finish(task.id, "w", TaskState.COMPLETED, uow.now)
        return task.id

    store = context.store
    old = [await store.transact(end, str(n)) for n in range(tasks.CHUNK + 1)]
    clock.now += context.keep_tasks
    recent = await store.transact(end, "recent")
    clock.forward(seconds=1)

    purge = await store.transact(
        lambda uow: uow.tasks.add(tasks.PURGE, tasks.STORE, {}, uow.now)
    )
    ended = await runner.run_task(context, purge.id)

    assert (ended.state, ended.done) == (TaskState.COMPLETED, len(old))
    assert (await store.read(lambda uow: uow.tasks.get(recent))).id == recent
    with pytest.raises(NotFound):
        await store.read(lambda uow: uow.tasks.get(old[-1]))
