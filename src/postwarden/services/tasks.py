"""Tasks as a whole: those that come again, and those that ended long ago."""

from datetime import timedelta

from postwarden.model.tasks import Task, TaskState
from postwarden.services.ports import UnitOfWork

STORE = "store"  # the subject of a task that is about the store as a whole
PURGE = "task.purge"
CHUNK = 500  # tasks forgotten in one transaction


def keep_scheduled(uow: UnitOfWork, name: str, every: timedelta) -> Task:
    """Return the next run of a periodic task; add it where there is none.

    It is dated from the start of the last run. What was missed while nobody served
    is done once; a clock that was set back neither repeats runs nor stops them.
    """
    last = uow.tasks.newest(name, STORE)
    latest = uow.now + every
    if last is None:
        return uow.tasks.add(name, STORE, {}, uow.now)
    if last.state is TaskState.WAITING and last.attempts == 0:
        uow.tasks.bring_forward(last.id, latest)
    if last.ended_at is None:
        return last
    due = (last.started_at or last.ended_at) + every
    run_at = min(max(due, uow.now), latest)
    return uow.tasks.add(name, STORE, {}, uow.now, run_at=run_at)


def purge_chunk(uow: UnitOfWork, keep: timedelta, *, limit: int = CHUNK) -> int:
    """Forget tasks that ended longer ago than `keep`; return how many."""
    return uow.tasks.remove_ended(uow.now - keep, limit)
