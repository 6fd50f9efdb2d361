"""Tasks as a whole: who submitted which, those that come again, those long ended."""

import json
from collections.abc import Collection, Mapping
from datetime import timedelta

from postwarden.model.actors import Actor
from postwarden.model.errors import NotFound
from postwarden.model.permissions import Permission
from postwarden.model.tasks import Task, TaskState
from postwarden.services import access
from postwarden.services.ports import UnitOfWork

STORE = "store"  # the subject of a task that is about the store as a whole
PURGE = "task.purge"
CHUNK = 500  # tasks forgotten in one transaction
LAST = 2**63 - 1  # before which all ids come
LARGEST_RESULT = 16_384  # octets of JSON


def submit(
    uow: UnitOfWork,
    actor: Actor,
    name: str,
    subject: str,
    payload: Mapping[str, object],
    *,
    domain: str | None = None,
) -> Task:
    """Add a task that `actor` asked for, or return the unfinished one.

    Whoever manages its `domain` sees it; without one only `actor` does, beside
    those who manage every domain.
    """
    return uow.tasks.add(
        name,
        subject,
        payload,
        uow.now,
        actor=actor.name,
        request_id=actor.request_id,
        domain=domain,
    )


def only(domains: Collection[str] | None) -> str | None:
    """Return the one domain that a task concerns, None of several or of all."""
    return next(iter(domains)) if domains is not None and len(domains) == 1 else None


def find(uow: UnitOfWork, actor: Actor, number: int) -> Task:
    """Return a task that `actor` may see; raises NotFound, Forbidden."""
    access.require(actor, Permission.TASK_READ)
    return _visible(uow, actor, number)


def page(
    uow: UnitOfWork,
    actor: Actor,
    *,
    before: int = LAST,
    limit: int,
    states: Collection[TaskState] = (),
    name: str | None = None,
) -> list[Task]:
    """Return tasks that `actor` may see, newest first; raises Forbidden."""
    access.require(actor, Permission.TASK_READ)
    return uow.tasks.page(
        before=before,
        limit=limit,
        states=states,
        name=name,
        actor=actor.name,
        domains=actor.domains,
    )


def _visible(uow: UnitOfWork, actor: Actor, number: int) -> Task:
    found = uow.tasks.page(
        before=min(number, LAST - 1) + 1,
        limit=1,
        actor=actor.name,
        domains=actor.domains,
    )
    if not found or found[0].id != number:
        raise NotFound("task", str(number))
    return found[0]


def bounded(result: Mapping[str, object] | None) -> Mapping[str, object] | None:
    """Return the result of a task, or how large it was when it is too large."""
    octets = len(json.dumps(dict(result or {})))
    return {"omitted_octets": octets} if octets > LARGEST_RESULT else result


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
