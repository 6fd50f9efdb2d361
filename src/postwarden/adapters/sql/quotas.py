"""Quotas at their levels, in SQL."""

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.statements import Prepared, insert
from postwarden.model.quotas import Limits

_q = tables.quotas.c
P = sa.bindparam

_GET = Prepared(sa.select(_q.octets, _q.messages).where(_q.subject == P("wanted")))
_ADD = Prepared(insert(tables.quotas))
_REMOVE = Prepared(sa.delete(tables.quotas).where(_q.subject == P("wanted")))


class SqlQuotas:
    """See `services.ports.Quotas`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, key: str) -> Limits | None:
        row = self._connection.one(_GET, wanted=key)
        return None if row is None else Limits(octets=row[0], messages=row[1])

    def put(self, key: str, limits: Limits) -> None:
        self.remove(key)
        self._connection.run(
            _ADD, subject=key, octets=limits.octets, messages=limits.messages
        )

    def remove(self, key: str) -> None:
        self._connection.run(_REMOVE, wanted=key)
