"""The schema of a SQLite store: one truth, made whole or not at all."""

import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import alembic.op
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from postwarden.adapters.sql import migrating, schema
from postwarden.adapters.sql.sqlite import SqliteStore
from postwarden.adapters.sql.tables import metadata
from postwarden.model.errors import Unavailable
from tests.support.factories import mail_domain


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "postwarden.db"


@pytest.fixture
def migrated(path: Path) -> Iterator[sa.Connection]:
    schema.prepare(path)
    engine = sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(path))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def definitions(connection: sa.Connection) -> dict[str, frozenset[str]]:
    """Return every table and index with the parts of its definition."""
    rows = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'"
        " AND name != 'alembic_version'"
    )
    return {name: frozenset(_parts(sql)) for name, sql in rows}


def _parts(sql: str) -> list[str]:
    """Split at commas outside parentheses: a column may have been added last."""
    begin, _, rest = " ".join(sql.split()).partition("(")
    columns, _, end = rest.rpartition(")")
    parts = [begin, end, *re.split(r",(?![^(]*\))", columns)]
    return [part.strip() for part in parts]


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrating.MIGRATIONS))

    assert ScriptDirectory.from_config(config).get_heads() == [migrating.HEAD]


def test_a_migrated_store_is_what_the_tables_declare(migrated: sa.Connection) -> None:
    context = MigrationContext.configure(migrated, opts={"compare_type": True})

    assert compare_metadata(context, metadata) == []


def test_constraints_and_partial_indexes_are_what_the_tables_declare(
    migrated: sa.Connection,
) -> None:
    """What Alembic does not compare: AUTOINCREMENT, WITHOUT ROWID, WHERE."""
    declared = sa.create_engine("sqlite://")
    with declared.connect() as connection:
        metadata.create_all(connection)
        expected = definitions(connection)
    declared.dispose()

    assert definitions(migrated) == expected


def test_a_store_opens_twice_and_keeps_its_revision(path: Path) -> None:
    SqliteStore(path).close()
    SqliteStore(path).close()

    assert schema.revision_of(path) == migrating.HEAD


def modes_in(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


async def test_nobody_else_can_read_the_files(tmp_path: Path, path: Path) -> None:
    store = SqliteStore(path)
    await store.transact(lambda uow: uow.domains.add(mail_domain()))
    modes = modes_in(tmp_path)
    store.close()

    assert {"postwarden.db", "postwarden.db-wal", "search.db"} <= set(modes)
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize("revision", ["9999", "0000"])
def test_a_store_of_another_release_is_refused(path: Path, revision: str) -> None:
    schema.prepare(path)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE alembic_version SET version_num = ?", (revision,))

    with pytest.raises(Unavailable, match=rf"schema {revision}.*does not know.*newer"):
        SqliteStore(path)

    assert schema.revision_of(path) == revision


def test_what_is_no_store_is_refused_and_left_alone(path: Path) -> None:
    octets = b"From: ada@example.org\r\n\r\n" + bytes(4096)
    path.write_bytes(octets)

    with pytest.raises(Unavailable, match="not a database"):
        SqliteStore(path)

    assert path.read_bytes() == octets


def test_a_database_of_something_else_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("CREATE TABLE other (id INTEGER)")

    with pytest.raises(Unavailable, match="not one of Postwarden"):
        SqliteStore(path)


def test_a_place_where_nothing_can_be_made_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="absent"):
        SqliteStore(tmp_path / "absent" / "postwarden.db")
    with pytest.raises(Unavailable):
        SqliteStore(tmp_path)


class Interrupted(Exception):
    """As if the process had been killed there."""


@pytest.mark.parametrize("step", [1, 2, 20])
def test_a_migration_that_is_interrupted_leaves_nothing(
    path: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = []
    real = alembic.op.create_index

    def fail_later(*args: Any, **options: Any) -> None:
        done.append(args)
        if len(done) == step:
            raise Interrupted
        real(*args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(alembic.op, "create_index", fail_later)
        with pytest.raises(Interrupted):
            schema.prepare(path)

    assert schema.revision_of(path) is None
    schema.prepare(path)
    assert schema.revision_of(path) == migrating.HEAD


def test_processes_that_open_a_new_store_at_once_make_one(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path;"
        "from postwarden.adapters.sql.sqlite import SqliteStore;"
        "sys.stdin.read(1); SqliteStore(Path(sys.argv[1])).close()"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(path)],
            stdin=subprocess.PIPE,
            env={"PYTHONPATH": ":".join(sys.path)},
        )
        for _ in range(3)
    ]
    for process in processes:
        process.communicate(b"x")

    assert [process.returncode for process in processes] == [0, 0, 0]
    assert schema.revision_of(path) == migrating.HEAD
