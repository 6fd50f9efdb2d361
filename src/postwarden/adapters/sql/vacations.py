"""Vacations in SQL."""

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.statements import Prepared, instant, time_of
from postwarden.model.vacations import Absence, Audience, Vacation

_v = tables.vacations.c
P = sa.bindparam

_FIND = Prepared(
    sa.select(
        *(_v.absence, _v.audience, _v.begins, _v.ends, _v.inside, _v.outside)
    ).where(_v.account_id == P("account"))
)
_REMOVE = Prepared(sa.delete(tables.vacations).where(_v.account_id == P("account")))
_ADD = Prepared(sa.insert(tables.vacations))


class SqlVacations:
    """See `services.ports.vacations.Vacations`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, account: int) -> Vacation | None:
        row = self._connection.one(_FIND, account=account)
        if row is None:
            return None
        return Vacation(
            absence=Absence(row[0]),
            audience=Audience(row[1]),
            begins=None if row[2] is None else time_of(row[2]),
            ends=None if row[3] is None else time_of(row[3]),
            inside=row[4],
            outside=row[5],
        )

    def put(self, account: int, vacation: Vacation) -> None:
        self.remove(account)
        begins, ends = vacation.begins, vacation.ends
        self._connection.run(
            _ADD,
            account_id=account,
            absence=vacation.absence.value,
            audience=vacation.audience.value,
            begins=None if begins is None else instant(begins),
            ends=None if ends is None else instant(ends),
            inside=vacation.inside,
            outside=vacation.outside,
        )

    def remove(self, account: int) -> None:
        self._connection.run(_REMOVE, account=account)
