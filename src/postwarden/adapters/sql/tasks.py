"""Tasks and the audit log in SQL."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.statements import (
    Prepared,
    Row,
    insert,
    insert_returning_id,
    instant,
    instant_or_none,
    one_of,
    time_of,
    time_or_none,
)
from postwarden.model.audit import AuditEntry
from postwarden.model.errors import NotFound
from postwarden.model.tasks import LONGEST_LEASE, Task, TaskState

_t = tables.tasks.c
_u = tables.audit.c
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


_RECORD = Prepared(insert(tables.audit))
_AUDIT_PAGE = Prepared(
    sa.select(tables.audit)
    .where(
        _u.id > P("after"),
        sa.or_(P("actor").is_(None), _u.actor == P("actor")),
        sa.or_(P("dialect").is_(None), _u.dialect == P("dialect")),
        sa.or_(P("object").is_(None), _u.object == P("object")),
        sa.or_(P("since").is_(None), _u.time >= P("since")),
    )
    .order_by(_u.id)
    .limit(P("count"))
)


class SqlAuditLog:
    """See `services.ports.AuditLog`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, entry: AuditEntry) -> None:
        self._connection.run(
            _RECORD,
            time=instant(entry.time),
            actor=entry.actor,
            on_behalf_of=entry.on_behalf_of,
            dialect=entry.dialect,
            client_ip=entry.client_ip,
            request_id=entry.request_id,
            action=entry.action,
            object=entry.object,
            before=_json(entry.before),
            after=_json(entry.after),
            reason=entry.reason,
        )

    def page(
        self,
        *,
        after: int = 0,
        limit: int,
        actor: str | None = None,
        dialect: str | None = None,
        object: str | None = None,  # noqa: A002  the field's name in the contract
        since: datetime | None = None,
    ) -> list[AuditEntry]:
        rows = self._connection.rows(
            _AUDIT_PAGE,
            after=after,
            count=limit,
            actor=actor,
            dialect=dialect,
            object=object,
            since=instant_or_none(since),
        )
        return [_audit_entry(row) for row in rows]


def _json(value: Mapping[str, object] | None) -> str | None:
    return None if value is None else json.dumps(dict(value), sort_keys=True)


def _audit_entry(row: Row) -> AuditEntry:
    return AuditEntry(
        id=row[0],
        time=time_of(row[1]),
        actor=row[2],
        on_behalf_of=row[3],
        dialect=row[4],
        client_ip=row[5],
        request_id=row[6],
        action=row[7],
        object=row[8],
        before=json.loads(row[9]) if row[9] else None,
        after=json.loads(row[10]) if row[10] else None,
        reason=row[11],
    )
