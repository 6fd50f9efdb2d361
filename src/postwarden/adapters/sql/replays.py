"""Answers that are kept for a while, in SQL."""

from datetime import datetime

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.statements import Prepared, insert, instant

_r = tables.replays.c
P = sa.bindparam

_FIND = Prepared(
    sa.select(_r.answer).where(
        _r.actor == P("actor"), _r.key == P("key"), _r.kept_at >= P("since")
    )
)
_REMOVE = Prepared(
    sa.delete(tables.replays).where(_r.actor == P("actor"), _r.key == P("key"))
)
_ADD = Prepared(insert(tables.replays))
_OLD = Prepared(
    sa.select(_r.actor, _r.key).where(_r.kept_at < P("before")).limit(P("count"))
)


class SqlReplays:
    """See `services.ports.Replays`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, actor: str, key: str, *, since: datetime) -> bytes | None:
        row = self._connection.one(_FIND, actor=actor, key=key, since=instant(since))
        return bytes(row[0]) if row else None

    def keep(self, actor: str, key: str, answer: bytes, time: datetime) -> None:
        self._connection.run(_REMOVE, actor=actor, key=key)
        self._connection.run(
            _ADD, actor=actor, key=key, answer=answer, kept_at=instant(time)
        )

    def forget(self, before: datetime, *, limit: int) -> int:
        rows = self._connection.rows(_OLD, before=instant(before), count=limit)
        old = list(rows)
        for actor, key in old:
            self._connection.run(_REMOVE, actor=actor, key=key)
        return len(old)
