"""Waiting until a task has ended, whoever works on it."""

import time
from collections.abc import Callable

from postwarden.model.actors import Actor
from postwarden.model.tasks import Task
from postwarden.services import tasks
from postwarden.services.ports import Store

LOOK = 1.0  # seconds between looks when nothing is committed


async def wait_for(
    store: Store,
    actor: Actor,
    number: int,
    *,
    seconds: float | None = None,
    heard: Callable[[Task], None] = lambda _: None,
) -> Task:
    """Return a task when it has ended, or as it is when `seconds` have passed.

    `heard` is told of it at each look. Raises NotFound, Forbidden.
    """
    until = None if seconds is None else time.monotonic() + seconds
    with store.watch() as watch:
        while True:
            task = await store.read(tasks.find, actor, number)
            heard(task)
            left = LOOK if until is None else min(LOOK, until - time.monotonic())
            if task.has_ended or left <= 0:
                return task
            await watch.wait(left)
