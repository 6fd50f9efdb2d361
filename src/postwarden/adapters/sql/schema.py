"""The schema of a SQLite store: made and migrated by Alembic.

Alembic runs on the standard library's driver, strictly before the store is
opened here and only when its schema is not at the newest revision: two SQLite
copies in one process must never have one file open (docs/decisions/0005).
"""

import os
import sqlite3
from pathlib import Path

import apsw

from postwarden.adapters.sql import migrating
from postwarden.model.errors import Unavailable


def prepare(path: Path) -> None:
    """Bring the store at `path` to the newest schema; make it if it is not there.

    Raises Unavailable for a file that is no store of ours or of a newer release.
    """
    if not path.exists():
        try:
            # Created here, so that nobody else can read it from the start.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise Unavailable(f"cannot make {path}: {error.strerror}") from error
    if not migrating.is_current(revision_of(path), str(path)):
        upgrade(path)


def revision_of(path: Path) -> str | None:
    """Return the schema revision of a store, None for an empty file."""
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    except apsw.Error as error:
        raise Unavailable(f"cannot open {path}: {error}") from error
    try:
        connection.set_busy_timeout(20_000)
        tables = {
            name for (name,) in connection.execute("SELECT name FROM sqlite_schema")
        }
        if not tables:
            return None
        if "alembic_version" not in tables:
            raise Unavailable(f"{path} is a database, but not one of Postwarden")
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return str(row[0]) if row else None
    except apsw.NotADBError as error:
        raise Unavailable(f"{path} is not a database") from error
    except apsw.Error as error:
        raise Unavailable(f"cannot read {path}: {error}") from error
    finally:
        connection.close()


def upgrade(path: Path, revision: str = "head") -> None:
    """Run the migrations up to `revision`, all in one transaction.

    Who comes while another process migrates, waits and finds nothing to do.
    Raises Unavailable when the file cannot be written.
    """
    try:
        migrating.run(
            "sqlite",
            lambda: _connect(path),
            begin=["BEGIN IMMEDIATE"],
            revision=revision,
            store=str(path),
        )
    except sqlite3.Error as error:
        raise Unavailable(f"cannot migrate {path}: {error}") from error


def _connect(path: Path) -> sqlite3.Connection:
    # Without isolation level the driver begins nothing on its own, and so the
    # definitions of tables are part of our transaction.
    raw = sqlite3.connect(path, timeout=60, isolation_level=None)
    raw.execute("PRAGMA journal_mode = WAL")
    return raw
