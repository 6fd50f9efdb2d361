"""Sealed secrets in SQL: the columns that the tables declare to be sealed."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.statements import Prepared

P = sa.bindparam


@dataclass(frozen=True, slots=True)
class _Kind:
    page: Prepared
    replace: Prepared


def _kind(column: sa.Column[bytes]) -> _Kind:
    table = column.table
    return _Kind(
        page=Prepared(
            sa.select(table.c.id, column)
            .where(table.c.id > P("after"), column.is_not(None))
            .order_by(table.c.id)
            .limit(P("count"))
        ),
        replace=Prepared(
            sa.update(table)
            .where(table.c.id == P("row"), column == P("old"))
            .values({column: P("new")})
        ),
    )


_KINDS = {
    f"{table.name}.{column.name}": _kind(column)
    for table in tables.metadata.sorted_tables
    for column in table.columns
    if column.info.get("sealed")
}


class SqlSecrets:
    """See `services.ports.Secrets`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def kinds(self) -> Sequence[str]:
        return sorted(_KINDS)

    def page(self, kind: str, *, after: int, limit: int) -> list[tuple[int, bytes]]:
        rows = self._connection.rows(_KINDS[kind].page, after=after, count=limit)
        return [(row[0], row[1]) for row in rows]

    def replace(self, kind: str, row: int, old: bytes, new: bytes) -> bool:
        statement = _KINDS[kind].replace
        return bool(self._connection.run(statement, row=row, old=old, new=new))
