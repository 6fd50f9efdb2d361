"""Statements: written in SQLAlchemy Core, compiled once, run on the raw driver.

`docs/decisions/0003` has the figures. A statement takes its values by name; a
list of ids is one JSON parameter (`one_of`), so that a statement's text never
depends on how many there are.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from postwarden.adapters.sql.portable import members

Row = tuple[Any, ...]
Values = Mapping[str, Any]

SQLITE: sa.Dialect = sqlite.dialect(paramstyle="named")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Prepared:
    """One statement; its text is compiled when an engine first runs it."""

    __slots__ = ("_compiled", "statement")

    def __init__(self, statement: sa.Executable) -> None:
        self.statement = statement
        self._compiled: dict[str, tuple[str, dict[str, Any]]] = {}

    def compiled(self, dialect: sa.Dialect) -> tuple[str, dict[str, Any]]:
        """Return the text and the values that the statement itself fixes."""
        known = self._compiled.get(dialect.name)
        if known is None:
            compiled = self.statement.compile(  # type: ignore[attr-defined]  # Executable hides ClauseElement
                dialect=dialect, compile_kwargs={"render_postcompile": True}
            )
            required = {n for n, bind in compiled.binds.items() if bind.required}
            fixed = {n: v for n, v in compiled.params.items() if n not in required}
            known = self._compiled[dialect.name] = str(compiled), fixed
        return known


def insert(table: sa.Table, *, ignore_repeats: bool = False) -> sa.Executable:
    """Insert one row; each column is a parameter of its name, but an own `id`."""
    columns = [c.name for c in table.columns if c.name != "id"]
    # Inline, or PostgreSQL would be asked for the id of each row.
    statement = (
        sqlite.insert(table).inline().values({c: sa.bindparam(c) for c in columns})
    )
    if ignore_repeats:
        return statement.on_conflict_do_nothing()
    return statement


def insert_returning_id(table: sa.Table) -> sa.Executable:
    columns = [c.name for c in table.columns if c.name != "id"]
    return (
        sa.insert(table)
        .values({c: sa.bindparam(c) for c in columns})
        .returning(table.c.id)
    )


def replacement(table: sa.Table, **where: str) -> sa.Executable:
    """Write every column of a row anew but those of its key.

    `where` has the columns of the key, each with the name of its parameter.
    """
    return (
        sa.update(table)
        .where(*(table.c[name] == sa.bindparam(key) for name, key in where.items()))
        .values({c: sa.bindparam(c.name) for c in table.columns if c.name not in where})
    )


def one_of(column: sa.ColumnElement[Any], parameter: str) -> sa.ColumnElement[bool]:
    """`column IN` the values of a JSON array given as `parameter`."""
    return column.in_(members(sa.bindparam(parameter, type_=sa.Text), column.type))


def ids_json(ids: Iterable[int]) -> str:
    return f"[{','.join(map(str, ids))}]"


def instant(time: datetime) -> int:
    """Return microseconds since 1970 UTC."""
    return (time - _EPOCH) // _MICROSECOND


def instant_or_none(time: datetime | None) -> int | None:
    return None if time is None else instant(time)


def time_of(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def time_or_none(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else time_of(microseconds)


def chunks(values: Sequence[int], size: int = 1000) -> Iterable[Sequence[int]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]
