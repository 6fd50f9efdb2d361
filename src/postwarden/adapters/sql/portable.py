"""What SQLite and PostgreSQL spell differently, named once.

Each name compiles to the words of whichever engine runs the statement.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite.dml import OnConflictDoNothing, OnConflictDoUpdate
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine


class _Members(FunctionElement[Any]):
    """The members of a JSON array, a row each."""

    name = "members"
    inherit_cache = True


class _Member(FunctionElement[Any]):
    """One member, as a value of a column's type."""

    name = "member"
    inherit_cache = True

    def __init__(self, member: sa.ColumnElement[Any], kind: TypeEngine[Any]) -> None:
        super().__init__(member)
        self.type = kind


class _Position(FunctionElement[int]):
    """Where a text begins in another, 1 at its beginning, 0 for nowhere."""

    name = "position_of"
    inherit_cache = True
    type = sa.Integer()


class _Largest(FunctionElement[int]):
    """The largest of several values of one row."""

    name = "largest"
    inherit_cache = True
    type = sa.BigInteger()


def members(
    array: sa.ColumnElement[Any], kind: TypeEngine[Any]
) -> sa.Select[tuple[Any]]:
    """Select the members of a JSON array, as values of the type `kind`."""
    _, member = member_rows(array, kind)
    return sa.select(member)


def member_rows(
    array: sa.ColumnElement[Any], kind: TypeEngine[Any]
) -> tuple[sa.FromClause, sa.ColumnElement[Any]]:
    """Return the members of a JSON array as rows to select from, and their value."""
    rows = _Members(array).table_valued("value")
    return rows, _Member(rows.c.value, kind)


def position(text: sa.ColumnElement[Any], of: Any) -> sa.ColumnElement[int]:
    return _Position(text, sa.literal(of, sa.Text) if isinstance(of, str) else of)


def largest(*values: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    return _Largest(*values)


def _called(name: str, argument: str = "{}") -> Any:
    def compiled(element: Any, compiler: SQLCompiler, **options: Any) -> str:
        given = compiler.process(element.clauses, **options)
        return f"{name}({argument.format(given)})"

    return compiled


compiles(_Members)(_called("json_each"))
compiles(_Members, "postgresql")(
    _called("jsonb_array_elements_text", "CAST({} AS JSONB)")
)
compiles(_Position)(_called("instr"))
compiles(_Position, "postgresql")(_called("strpos"))
compiles(_Largest)(_called("max"))
compiles(_Largest, "postgresql")(_called("greatest"))


@compiles(_Member)
def _member(element: _Member, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(_Member, "postgresql")
def _typed_member(element: _Member, compiler: SQLCompiler, **options: Any) -> str:
    kind = compiler.dialect.type_compiler_instance.process(element.type)
    return f"CAST({compiler.process(element.clauses, **options)} AS {kind})"


@compiles(OnConflictDoNothing, "postgresql")
def _conflict_ignored(
    clause: OnConflictDoNothing, compiler: Any, **options: Any
) -> str:
    clause.constraint_target = None  # type: ignore[attr-defined]  # SQLite names none
    return str(compiler.visit_on_conflict_do_nothing(clause, **options))


@compiles(OnConflictDoUpdate, "postgresql")
def _conflict_updates(clause: OnConflictDoUpdate, compiler: Any, **options: Any) -> str:
    clause.constraint_target = None  # type: ignore[attr-defined]  # SQLite names none
    return str(compiler.visit_on_conflict_do_update(clause, **options))
