"""One PostgreSQL connection that runs prepared statements."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import psycopg
import sqlalchemy as sa
from psycopg.abc import AdaptContext, Buffer
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import FloatLoader
from psycopg.types.string import StrDumper
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from postwarden.adapters.group_commit import Conflict
from postwarden.adapters.sql.connection import ConstraintViolation
from postwarden.adapters.sql.statements import Prepared, Row, Values
from postwarden.model.errors import StorageFull, Unavailable

POSTGRESQL: sa.Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]

# Bounds on what one client may keep waiting, in milliseconds. A writer that the
# network has cut off must not keep the others from writing.
_LIMITS = {
    "statement_timeout": 120_000,
    "lock_timeout": 60_000,
    "idle_in_transaction_session_timeout": 60_000,
}


class _TextDumper(StrDumper):
    """Text without NUL, which the engine's text cannot hold."""

    def dump(self, obj: str) -> Buffer | None:
        return obj.replace("\0", "\ufffd").encode()


class _WholeLoader(FloatLoader):
    """Sums of whole numbers, which the engine gives as numeric."""

    def load(self, data: Buffer) -> Any:
        return int(bytes(data))


OPTIONS: Mapping[str, Any] = {
    "autocommit": True,  # a transaction is what we begin and commit ourselves
    "application_name": "postwarden",
    "tcp_user_timeout": 30_000,  # milliseconds until a cut-off network is noticed
    "options": " ".join(f"-c {name}={value}" for name, value in _LIMITS.items()),
}


def connect(url: str) -> "psycopg.Connection[Row]":
    """Open a connection; raises Unavailable when there is no way in."""
    try:
        raw = psycopg.connect(url, **OPTIONS)
    except psycopg.Error as error:
        raise Unavailable(f"cannot reach the store: {said(error)}") from error
    adapt(raw)
    return raw


def adapt(context: AdaptContext) -> None:
    """Have a connection take and give values as repositories expect them."""
    adapters = cast("psycopg.Connection[Row]", context).adapters
    adapters.register_dumper(str, _TextDumper)
    adapters.register_loader("numeric", _WholeLoader)


class PostgresConnection:
    """See `connection.Connection`; `execute` takes SQL text, of ours alone."""

    def __init__(self, raw: "psycopg.Connection[Row]") -> None:
        self._raw = raw
        self.total_changes = 0

    @property
    def is_lost(self) -> bool:
        return self._raw.closed

    def execute(self, sql: str) -> Iterator[Row]:
        return self._raw.execute(_query(sql))

    def rows(self, statement: Prepared, **values: Any) -> Iterator[Row]:
        return self._run(statement, values)

    def one(self, statement: Prepared, **values: Any) -> Row | None:
        cursor = self._run(statement, values)
        return cursor.fetchone() if cursor.description else None

    def run(self, statement: Prepared, **values: Any) -> int:
        return max(0, self._run(statement, values).rowcount)

    def run_many(self, statement: Prepared, values: Iterable[Values]) -> None:
        sql, fixed = statement.compiled(POSTGRESQL)
        rows = [{**fixed, **each} for each in values]
        if not rows:
            return
        cursor = self._raw.cursor()
        cursor.executemany(_query(sql), rows)
        self.total_changes += max(0, cursor.rowcount)

    def add_many(self, statement: Prepared, values: Sequence[Values]) -> list[int]:
        if not values:
            return []
        sql, fixed = statement.compiled(POSTGRESQL)
        cursor = self._raw.cursor()
        cursor.executemany(
            _query(f"{sql} RETURNING id"),
            [{**fixed, **each} for each in values],
            returning=True,
        )
        self.total_changes += len(values)
        ids = [cast("Row", cursor.fetchone())[0]]
        while cursor.nextset():
            ids.append(cast("Row", cursor.fetchone())[0])
        return ids

    @contextmanager
    def constrained(self) -> Iterator[None]:
        # Here an error ends the transaction, unless there is a savepoint to go back to.
        self.execute("SAVEPOINT constrained")
        try:
            yield
        except psycopg.IntegrityError as error:
            self.execute("ROLLBACK TO constrained; RELEASE constrained")
            raise ConstraintViolation(str(error)) from error
        self.execute("RELEASE constrained")

    @property
    def backend(self) -> int:
        """The process of the server that serves this connection."""
        return self._raw.info.backend_pid

    @property
    def in_transaction(self) -> bool:
        return self._raw.info.transaction_status in {
            TransactionStatus.ACTIVE,
            TransactionStatus.INTRANS,
            TransactionStatus.INERROR,
        }

    def close(self) -> None:
        self._raw.close()

    def _run(self, statement: Prepared, values: Values) -> "psycopg.Cursor[Row]":
        sql, fixed = statement.compiled(POSTGRESQL)
        cursor = self._raw.execute(
            _query(sql), {**fixed, **values} if fixed else values
        )
        if not (cursor.statusmessage or "").startswith("SELECT"):
            self.total_changes += max(0, cursor.rowcount)
        return cursor


def _query(sql: str) -> bytes:
    """Return SQL as the driver takes it when it is no literal: ours is compiled."""
    return sql.encode()


@contextmanager
def translated() -> Iterator[None]:
    """Turn the engine's failures into ours.

    Raises StorageFull, Unavailable, or Conflict for what may be done again.
    """
    try:
        yield
    except StopIteration:
        # No future can carry it: whoever waits would wait forever.
        raise RuntimeError("a function ended with StopIteration") from None
    except (
        psycopg.errors.SerializationFailure,
        psycopg.errors.DeadlockDetected,
    ) as error:
        raise Conflict(f"others write the same rows: {said(error)}") from error
    except psycopg.errors.DiskFull as error:
        raise StorageFull("no room left for the store") from error
    except psycopg.OperationalError as error:
        raise Unavailable(f"the store cannot be used: {said(error)}") from error


def said(error: psycopg.Error) -> str:
    """Return the first line of what the engine or its client says."""
    return str(error).strip().partition("\n")[0]
