"""Tasks in SQL."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

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
    [
        sa.literal_column("'waiting'"),
        sa.literal_column("'in-progress'"),
        sa.literal_column("'canceled-requested'"),
    ]
)
_IS_WAITING = _t.state == sa.literal_column("'waiting'")
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
_PAGE = Prepared(
    _TASK.where(
        _t.id < P("before"),
        sa.or_(P("states") == "[]", one_of(_t.state, "states")),
        sa.or_(P("name", type_=sa.Text).is_(None), _t.name == P("name")),
        sa.or_(
            P("domains", type_=sa.Text).is_(None),
            _t.actor == P("actor"),
            one_of(_t.domain, "domains"),
        ),
    )
    .order_by(_t.id.desc())
    .limit(P("count"))
)
_ADD = Prepared(insert_returning_id(tables.tasks))
_FREE = sa.or_(
    _t.leased_until.is_(None),
    _t.leased_until <= P("now"),
    _t.leased_until > P("longest"),
)
_DUE = sa.or_(
    _t.run_at <= P("now"),
    sa.not_(_IS_WAITING),
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
        state=sa.case(
            (_IS_WAITING, sa.literal(TaskState.IN_PROGRESS.value)), else_=_t.state
        ),
        heartbeat_at=P("now"),
        started_at=sa.func.coalesce(_t.started_at, P("now")),
        lease_owner=P("owner"),
        leased_until=P("until"),
        attempts=_t.attempts + 1,
    )
    .returning(*_t)
)
_OWNED = sa.and_(_t.id == P("task"), _t.lease_owner == P("owner"), _UNFINISHED)
_RENEWED: dict[sa.Column[Any], object] = {
    _t.heartbeat_at: P("now"),
    _t.leased_until: P("until"),
}
_RENEW = Prepared(
    sa.update(tables.tasks).where(_OWNED).values(_RENEWED).returning(_t.state)
)
_ADVANCE = Prepared(
    sa.update(tables.tasks)
    .where(_OWNED)
    .values(
        {
            **_RENEWED,
            _t.done: P("new_done"),
            _t.total: P("new_total"),
            _t.attempts: sa.literal(1),
        }
    )
    .returning(_t.state)
)
_FINISH = Prepared(
    sa.update(tables.tasks)
    .where(_OWNED)
    .values(
        {
            _t.state: P("new_state"),
            _t.ended_at: P("now"),
            _t.error: P("new_error"),
            _t.result: P("new_result"),
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
_CANCEL = Prepared(
    sa.update(tables.tasks)
    .where(_t.id == P("task"), _UNFINISHED)
    .values(
        {
            _t.state: sa.case(
                (_IS_WAITING, sa.literal(TaskState.CANCELED.value)),
                else_=sa.literal(TaskState.CANCELED_REQUESTED.value),
            ),
            _t.ended_at: sa.case((_IS_WAITING, P("now")), else_=sa.null()),
        }
    )
)
_BRING_FORWARD = Prepared(
    sa.update(tables.tasks)
    .where(_t.id == P("task"), _IS_WAITING, _t.run_at > P("new_run_at"))
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
        actor: str | None = None,
        request_id: str | None = None,
        domain: str | None = None,
    ) -> Task:
        if (task := self.unfinished(name, subject)) is not None:
            return task
        row = self._connection.one(
            _ADD,
            name=name,
            subject=subject,
            payload=_json(payload),
            state=TaskState.WAITING.value,
            created_at=instant(time),
            run_at=instant(run_at or time),
            actor=actor,
            request_id=request_id,
            domain=domain,
            started_at=None,
            heartbeat_at=None,
            ended_at=None,
            attempts=0,
            lease_owner=None,
            leased_until=None,
            error=None,
            done=0,
            total=0,
            result=None,
        )
        assert row is not None  # noqa: S101  RETURNING always answers
        return self.get(row[0])

    def get(self, task: int) -> Task:
        row = self._connection.one(_GET, task=task)
        if row is None:
            raise NotFound("task", str(task))
        return _task(row)

    def page(
        self,
        *,
        before: int,
        limit: int,
        states: Collection[TaskState] = (),
        name: str | None = None,
        actor: str | None = None,
        domains: Collection[str] | None = None,
    ) -> list[Task]:
        rows = self._connection.rows(
            _PAGE,
            before=before,
            count=limit,
            states=json.dumps([state.value for state in states]),
            name=name,
            actor=actor,
            domains=None if domains is None else json.dumps(sorted(domains)),
        )
        return [_task(row) for row in rows]

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

    def renew(
        self,
        task: int,
        owner: str,
        *,
        now: datetime,
        until: datetime,
        progress: tuple[int, int] | None = None,
    ) -> TaskState | None:
        values = {
            "task": task,
            "owner": owner,
            "now": instant(now),
            "until": instant(until),
        }
        if progress is None:
            row = self._connection.one(_RENEW, **values)
        else:
            done, total = progress
            row = self._connection.one(
                _ADVANCE, **values, new_done=done, new_total=total
            )
        return TaskState(row[0]) if row else None

    def finish(
        self,
        task: int,
        owner: str,
        state: TaskState,
        time: datetime,
        *,
        error: str | None = None,
        result: Mapping[str, object] | None = None,
    ) -> bool:
        return bool(
            self._connection.run(
                _FINISH,
                task=task,
                owner=owner,
                now=instant(time),
                new_state=state.value,
                new_error=error,
                new_result=None if result is None else _json(result),
            )
        )

    def retry(
        self, task: int, owner: str, *, run_at: datetime, error: str | None
    ) -> bool:
        return bool(
            self._connection.run(
                _RETRY,
                task=task,
                owner=owner,
                new_run_at=instant(run_at),
                new_error=error,
            )
        )

    def cancel(self, task: int, time: datetime) -> Task:
        self._connection.run(_CANCEL, task=task, now=instant(time))
        return self.get(task)

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
        actor=row[7],
        request_id=row[8],
        domain=row[9],
        started_at=time_or_none(row[10]),
        heartbeat_at=time_or_none(row[11]),
        ended_at=time_or_none(row[12]),
        attempts=row[13],
        lease_owner=row[14],
        leased_until=time_or_none(row[15]),
        error=row[16],
        done=row[17],
        total=row[18],
        result=json.loads(row[19]) if row[19] else None,
    )


def _json(value: Mapping[str, object]) -> str:
    return json.dumps(dict(value), sort_keys=True)
