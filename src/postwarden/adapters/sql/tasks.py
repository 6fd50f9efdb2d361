"""Tasks in SQL."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.statements import (
    Prepared,
    Row,
    insert_returning_id,
    instant,
    one_of,
    time_of,
    time_or_none,
)
from postwarden.model.errors import NotFound
from postwarden.model.tasks import LONGEST_LEASE, Task, TaskState

_t = tables.tasks.c
P = sa.bindparam

# Literals, not parameters: only so does SQLite take the partial index.
_UNFINISHED = _t.state.in_(
    [sa.literal_column("'waiting'"), sa.literal_column("'in-progress'")]
)
_TASK = sa.select(tables.tasks)
_GET = Prepared(_TASK.where(_t.id == P("task")))
_FIND = Prepared(
    _TASK.where(_t.name == P("name"), _t.subject == P("subject"), _UNFINISHED)
)
_NEWEST = Prepared(
    _TASK.where(_t.name == P("name"), _t.subject == P("subject"))
    .order_by(_t.id.desc())
    .limit(1)
)
_ADD = Prepared(insert_returning_id(tables.tasks))
_FREE = sa.or_(
    _t.leased_until.is_(None),
    _t.leased_until <= P("now"),
    _t.leased_until > P("longest"),
)
_DUE = sa.or_(
    _t.run_at <= P("now"),
    _t.state == sa.literal_column("'in-progress'"),
    sa.and_(_t.attempts == 0, _t.created_at > P("now")),
    _t.id == P("task"),
)
_LEASE = Prepared(
    sa.update(tables.tasks)
    .where(
        _t.id.in_(
            sa.select(_t.id)
            .where(
                _UNFINISHED,
                one_of(_t.name, "names"),
                _DUE,
                sa.or_(P("task") == 0, _t.id == P("task")),
                _FREE,
            )
            .order_by(_t.run_at, _t.id)
            .limit(1)
        )
    )
    .values(
        state=TaskState.IN_PROGRESS.value,
        started_at=sa.func.coalesce(_t.started_at, P("now")),
        lease_owner=P("owner"),
        leased_until=P("until"),
        attempts=_t.attempts + 1,
    )
    .returning(*_t)
)
_OWNED = sa.and_(_t.id == P("task"), _t.lease_owner == P("owner"), _UNFINISHED)
_RENEW = Prepared(sa.update(tables.tasks).where(_OWNED).values(leased_until=P("until")))
_PROGRESS = Prepared(
    sa.update(tables.tasks)
    .where(_t.id == P("task"))
    .values({_t.done: P("now_done"), _t.total: P("now_total")})
)
_FINISH = Prepared(
    sa.update(tables.tasks)
    .where(_OWNED)
    .values(
        {
            _t.state: P("new_state"),
            _t.ended_at: P("now"),
            _t.error: P("new_error"),
            _t.leased_until: sa.null(),
            _t.lease_owner: sa.null(),
        }
    )
)
_RETRY = Prepared(
    sa.update(tables.tasks)
    .where(_OWNED)
    .values(
        {
            _t.state: sa.literal(TaskState.WAITING.value),
            _t.error: P("new_error"),
            _t.run_at: P("new_run_at"),
            _t.leased_until: sa.null(),
            _t.lease_owner: sa.null(),
        }
    )
)
_BRING_FORWARD = Prepared(
    sa.update(tables.tasks)
    .where(
        _t.id == P("task"),
        _t.state == sa.literal_column("'waiting'"),
        _t.run_at > P("new_run_at"),
    )
    .values({_t.run_at: P("new_run_at")})
)
_REMOVE_ENDED = Prepared(
    sa.delete(tables.tasks).where(
        _t.id.in_(
            sa.select(_t.id)
            .where(_t.ended_at < P("before"))
            .order_by(_t.ended_at)
            .limit(P("count"))
        )
    )
)


class SqlTasks:
    """See `services.ports.Tasks`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        name: str,
        subject: str,
        payload: Mapping[str, object],
        time: datetime,
        *,
        run_at: datetime | None = None,
    ) -> Task:
        if (task := self.unfinished(name, subject)) is not None:
            return task
        row = self._connection.one(
            _ADD,
            name=name,
            subject=subject,
            payload=json.dumps(dict(payload), sort_keys=True),
            state=TaskState.WAITING.value,
            created_at=instant(time),
            run_at=instant(run_at or time),
            started_at=None,
            ended_at=None,
            attempts=0,
            lease_owner=None,
            leased_until=None,
            error=None,
            done=0,
            total=0,
        )
        assert row is not None  # noqa: S101  RETURNING always answers
        return self.get(row[0])

    def get(self, task: int) -> Task:
        row = self._connection.one(_GET, task=task)
        if row is None:
            raise NotFound("task", str(task))
        return _task(row)

    def unfinished(self, name: str, subject: str) -> Task | None:
        row = self._connection.one(_FIND, name=name, subject=subject)
        return _task(row) if row else None

    def newest(self, name: str, subject: str) -> Task | None:
        row = self._connection.one(_NEWEST, name=name, subject=subject)
        return _task(row) if row else None

    def bring_forward(self, task: int, run_at: datetime) -> None:
        self._connection.run(_BRING_FORWARD, task=task, new_run_at=instant(run_at))

    def lease(
        self,
        owner: str,
        *,
        names: Sequence[str],
        now: datetime,
        until: datetime,
        task: int | None = None,
    ) -> Task | None:
        row = self._connection.one(
            _LEASE,
            owner=owner,
            names=json.dumps(list(names)),
            now=instant(now),
            until=instant(until),
            longest=instant(now + LONGEST_LEASE),
            task=task or 0,
        )
        return _task(row) if row else None

    def renew(self, task: int, owner: str, until: datetime) -> bool:
        return bool(
            self._connection.run(_RENEW, task=task, owner=owner, until=instant(until))
        )

    def progress(self, task: int, done: int, total: int) -> None:
        self._connection.run(_PROGRESS, task=task, now_done=done, now_total=total)

    def finish(
        self,
        task: int,
        owner: str,
        state: TaskState,
        time: datetime,
        *,
        error: str | None = None,
    ) -> bool:
        return bool(
            self._connection.run(
                _FINISH,
                task=task,
                owner=owner,
                now=instant(time),
                new_state=state.value,
                new_error=error,
            )
        )

    def retry(self, task: int, owner: str, *, run_at: datetime, error: str) -> bool:
        return bool(
            self._connection.run(
                _RETRY,
                task=task,
                owner=owner,
                new_run_at=instant(run_at),
                new_error=error,
            )
        )

    def remove_ended(self, before: datetime, limit: int) -> int:
        return self._connection.run(_REMOVE_ENDED, before=instant(before), count=limit)


def _task(row: Row) -> Task:
    return Task(
        id=row[0],
        name=row[1],
        subject=row[2],
        payload=json.loads(row[3]),
        state=TaskState(row[4]),
        created_at=time_of(row[5]),
        run_at=time_of(row[6]),
        started_at=time_or_none(row[7]),
        ended_at=time_or_none(row[8]),
        attempts=row[9],
        lease_owner=row[10],
        leased_until=time_or_none(row[11]),
        error=row[12],
        done=row[13],
        total=row[14],
    )
