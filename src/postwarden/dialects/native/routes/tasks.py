"""Tasks: the work that goes on behind answers of 202."""

import asyncio

from postwarden.dialects.native.answers import Listed, One, Streamed, Written
from postwarden.dialects.native.calls import Call
from postwarden.dialects.native.operations import Example, Operations
from postwarden.dialects.native.references import given, number
from postwarden.dialects.native.schemas.administration import TaskQuery, TaskWait
from postwarden.dialects.native.schemas.fields import Reasoned, Writing
from postwarden.dialects.native.shapes import tasks as shapes
from postwarden.model.actors import Actor
from postwarden.model.permissions import Permission
from postwarden.model.tasks import TaskState
from postwarden.services import steering
from postwarden.services import tasks as service
from postwarden.services.ports import UnitOfWork

tasks = Operations("Tasks")

_FIRST = {"task": "1"}
_UNDER_WAY = {TaskState.WAITING.value, TaskState.IN_PROGRESS.value}


@tasks.get("/tasks", Permission.TASK_READ)
async def list_tasks(call: Call, query: TaskQuery) -> Listed[shapes.TaskShape]:
    """List tasks, newest first."""
    states = [TaskState(word) for word in query.state]
    return await call.page(
        query,
        lambda uow, before, limit: service.page(
            uow,
            call.actor,
            before=before,
            limit=limit,
            states=states,
            name=given(query.name),
        ),
        first=service.LAST,
        key=lambda task: task.id,
        shape=shapes.task,
    )


@tasks.get("/tasks/{task}", Permission.TASK_READ, example=Example(variables=_FIRST))
async def show_task(call: Call, task: str, query: TaskWait) -> One[shapes.TaskShape]:
    """Show a task; with `wait`, when it has ended or the seconds are over."""
    watched = number(task, "task")
    shape = await call.read(_shown, call.actor, watched)
    loop = asyncio.get_running_loop()
    until, closing = loop.time() + query.wait, call.house.closing
    with call.house.store.watch() as watch:
        while _goes_on(shape) and loop.time() < until and not closing.is_set():
            await watch.wait(min(1.0, until - loop.time()))
            shape = await call.read(_shown, call.actor, watched)
    return One(shape, is_versioned=False)


def _shown(uow: UnitOfWork, actor: Actor, task: int) -> shapes.TaskShape:
    return shapes.task(service.find(uow, actor, task))


def _goes_on(shape: shapes.TaskShape) -> bool:
    return shape["state"] in _UNDER_WAY


@tasks.get(
    "/tasks/{task}/events",
    Permission.TASK_READ,
    example=Example(variables={"task": "2"}),
)
async def watch_task(call: Call, task: str) -> Streamed[shapes.TaskShape]:
    """Hear of a task's progress as server-sent events, until it has ended."""
    watched = number(task, "task")
    return await call.events(
        lambda uow: _shown(uow, call.actor, watched),
        is_over=lambda shape: not _goes_on(shape),
    )


@tasks.post(
    "/tasks/{task}/retry",
    Permission.TASK_CANCEL,
    example=Example(variables={"task": "FAILED"}),
)
async def retry_task(
    call: Call, task: str, query: Writing
) -> Written[shapes.TaskShape]:
    """Submit a failed task that must end once more, as another task."""
    failed = number(task, "task")
    return await call.write(
        lambda uow: shapes.task(steering.retry(uow, call.actor, failed)),
        at=lambda shape: ("tasks", shape["task"]),
    )


@tasks.post(
    "/tasks/{task}/cancel",
    Permission.TASK_CANCEL,
    status=200,
    example=Example(variables={"task": "3"}, body={"reason": "not needed any more"}),
)
async def cancel_task(
    call: Call, task: str, query: Writing, body: Reasoned
) -> Written[shapes.TaskShape]:
    """Cancel a task: at once if it waits, else at its next chunk."""
    canceled = number(task, "task")
    return await call.write(
        lambda uow: shapes.task(
            steering.cancel(uow, call.actor, canceled, reason=body.reason)
        )
    )
