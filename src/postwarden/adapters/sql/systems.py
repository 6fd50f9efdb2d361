"""Mail systems elsewhere, in SQL."""

import json
from dataclasses import replace

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.statements import (
    Prepared,
    Row,
    Values,
    insert_returning_id,
    instant,
    replacement,
    time_of,
)
from postwarden.model.errors import AlreadyExists, NotFound
from postwarden.model.systems import System, SystemKind

_s = tables.systems.c
P = sa.bindparam

_ADD = Prepared(insert_returning_id(tables.systems))
_ALL = Prepared(sa.select(tables.systems).order_by(_s.name))
_FIND = Prepared(sa.select(tables.systems).where(_s.name == P("wanted")))
_REPLACE = Prepared(replacement(tables.systems, id="system"))
_REMOVE = Prepared(sa.delete(tables.systems).where(_s.id == P("system")))


class SqlSystems:
    """See `services.ports.Systems`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, system: System) -> System:
        if self.find(system.name) is not None:
            raise AlreadyExists("system", system.name)
        row = self._connection.one(_ADD, **_values(system))
        assert row is not None  # noqa: S101  RETURNING always answers
        return replace(system, id=row[0])

    def all(self) -> list[System]:
        return [_system(row) for row in self._connection.rows(_ALL)]

    def find(self, name: str) -> System | None:
        row = self._connection.one(_FIND, wanted=name)
        return None if row is None else _system(row)

    def replace(self, system: System) -> None:
        if not self._connection.run(_REPLACE, system=system.id, **_values(system)):
            raise NotFound("system", system.name)

    def remove(self, system: int) -> None:
        self._connection.run(_REMOVE, system=system)


def _values(system: System) -> Values:
    return {
        "name": system.name,
        "kind": system.kind.value,
        "url": system.url,
        "user": system.user,
        "secret": system.secret,
        "authorities": system.authorities,
        "options": json.dumps(dict(system.options)),
        "created_at": instant(system.created_at),
        "created_by": system.created_by,
    }


def _system(row: Row) -> System:
    return System(
        id=row[0],
        name=row[1],
        kind=SystemKind(row[2]),
        url=row[3],
        user=row[4],
        secret=row[5],
        authorities=row[6],
        options=json.loads(row[7]),
        created_at=time_of(row[8]),
        created_by=row[9],
    )
