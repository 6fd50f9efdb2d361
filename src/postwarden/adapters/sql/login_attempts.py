"""Attempts to log in, what counts against them, and recovery codes, in SQL."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.statements import (
    Prepared,
    Row,
    Values,
    insert,
    instant,
    one_of,
    time_of,
)
from postwarden.model.logins import (
    MAX_ATTEMPT_ROWS,
    OTHERS,
    LoginAttempts,
    LoginFailures,
    LoginResult,
)

_t = tables.login_attempts.c
_f = tables.login_failures.c
_r = tables.recovery_codes.c
P = sa.bindparam

_KIND = ("day", "account", "login", "client_ip", "protocol", "mechanism", "result")
_LOOK = Prepared(
    sa.select(
        sa.select(sa.func.count())
        .select_from(tables.login_attempts)
        .where(_t.day == P("day"))
        .scalar_subquery(),
        sa.exists().where(*(_t[name] == P(name) for name in _KIND)),
    )
)
_COUNT = Prepared(
    sqlite.insert(tables.login_attempts)
    .values({c: P(c.name) for c in _t if c.name != "id"})
    .on_conflict_do_update(
        index_elements=_KIND,
        set_={"count": _t["count"] + P("count"), "last_at": P("last_at")},
    )
)
_SUCCEEDED = Prepared(
    sa.select(_t.id)
    .where(
        _t.account == P("account"),
        _t.client_ip == P("client_ip"),
        _t.result == LoginResult.SUCCESS.value,
    )
    .limit(1)
)
_PAGE = Prepared(
    sa.select(tables.login_attempts)
    .where(_t.id > P("after"))
    .order_by(_t.id)
    .limit(P("count"))
)
_PAGE_OF = Prepared(
    sa.select(tables.login_attempts)
    .where(_t.account == P("account"), _t.id > P("after"))
    .order_by(_t.id)
    .limit(P("count"))
)
_REMOVE_BEFORE = Prepared(
    sa.delete(tables.login_attempts).where(
        _t.id.in_(sa.select(_t.id).where(_t.day < P("day")).limit(P("count")))
    )
)

_FAILURES = Prepared(
    sa.select(tables.login_failures).where(one_of(_f.subject, "subjects"))
)
_PUT = Prepared(
    sqlite.insert(tables.login_failures)
    .values({c: P(c.name) for c in _f})
    .on_conflict_do_update(
        index_elements=["subject"],
        set_={"count": P("count"), "last_at": P("last_at")},
    )
)
_REMOVE = Prepared(sa.delete(tables.login_failures).where(_f.subject == P("subject")))
_REMOVE_FAILURES = Prepared(
    sa.delete(tables.login_failures).where(
        _f.subject.in_(
            sa.select(_f.subject).where(_f.last_at < P("time")).limit(P("count"))
        )
    )
)

_ADD_CODE = Prepared(insert(tables.recovery_codes))
_REMOVE_CODES = Prepared(
    sa.delete(tables.recovery_codes).where(_r.administrator_id == P("administrator"))
)
_TAKE_CODE = Prepared(
    sa.delete(tables.recovery_codes).where(
        _r.administrator_id == P("administrator"), _r.digest == P("digest")
    )
)
_COUNT_CODES = Prepared(
    sa.select(sa.func.count())
    .select_from(tables.recovery_codes)
    .where(_r.administrator_id == P("administrator"))
)


class SqlLoginLog:
    """See `services.ports.LoginLog`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, attempt: LoginAttempts) -> None:
        # Two statements, whatever there is: who counts them learns nothing.
        row = self._connection.one(_LOOK, **_kind(attempt))
        if row is not None and row[0] >= MAX_ATTEMPT_ROWS and not row[1]:
            attempt = replace(attempt, account="", login=OTHERS, client_ip=OTHERS)
        self._connection.run(
            _COUNT,
            **_kind(attempt),
            first_at=instant(attempt.first_at),
            last_at=instant(attempt.last_at),
            count=attempt.count,
        )

    def has_succeeded(self, account: str, client_ip: str) -> bool:
        row = self._connection.one(_SUCCEEDED, account=account, client_ip=client_ip)
        return row is not None

    def page(
        self, *, account: str | None = None, after: int = 0, limit: int
    ) -> list[LoginAttempts]:
        if account is None:
            rows = self._connection.rows(_PAGE, after=after, count=limit)
        else:
            rows = self._connection.rows(
                _PAGE_OF, account=account, after=after, count=limit
            )
        return [_attempts(row) for row in rows]

    def remove_before(self, day: datetime, *, limit: int) -> int:
        return self._connection.run(_REMOVE_BEFORE, day=instant(day), count=limit)


class SqlLoginGuard:
    """See `services.ports.LoginGuard`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def failures(self, subjects: Sequence[str]) -> dict[str, LoginFailures]:
        rows = self._connection.rows(_FAILURES, subjects=json.dumps([*subjects]))
        return {
            row[0]: LoginFailures(subject=row[0], count=row[1], last_at=time_of(row[2]))
            for row in rows
        }

    def put(self, failures: LoginFailures) -> None:
        self._connection.run(
            _PUT,
            subject=failures.subject,
            count=failures.count,
            last_at=instant(failures.last_at),
        )

    def remove(self, subject: str) -> None:
        self._connection.run(_REMOVE, subject=subject)

    def remove_before(self, time: datetime, *, limit: int) -> int:
        return self._connection.run(_REMOVE_FAILURES, time=instant(time), count=limit)


class SqlRecoveryCodes:
    """See `services.ports.RecoveryCodes`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def replace_all(self, administrator: int, digests: Sequence[bytes]) -> None:
        self._connection.run(_REMOVE_CODES, administrator=administrator)
        self._connection.run_many(
            _ADD_CODE,
            ({"administrator_id": administrator, "digest": each} for each in digests),
        )

    def take(self, administrator: int, digest: bytes) -> bool:
        return bool(
            self._connection.run(_TAKE_CODE, administrator=administrator, digest=digest)
        )

    def count(self, administrator: int) -> int:
        row = self._connection.one(_COUNT_CODES, administrator=administrator)
        return int(row[0]) if row else 0


def _kind(attempt: LoginAttempts) -> Values:
    day, *rest = attempt.kind
    return dict(zip(_KIND, (instant(day), *rest), strict=True))


def _attempts(row: Row) -> LoginAttempts:
    return LoginAttempts(
        id=row[0],
        day=time_of(row[1]),
        account=row[2],
        login=row[3],
        client_ip=row[4],
        protocol=row[5],
        mechanism=row[6],
        result=LoginResult(row[7]),
        first_at=time_of(row[8]),
        last_at=time_of(row[9]),
        count=row[10],
    )
