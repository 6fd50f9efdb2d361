"""A store of every earlier revision opens with its data in it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from postwarden.adapters.sql import migrating, schema
from postwarden.adapters.sql.sqlite import SqliteStore
from postwarden.model.actors import OPERATOR
from postwarden.services.audit import verification
from postwarden.services.ports import UnitOfWork
from tests.support.factories import ADA, NOW, audit_entry

REVISIONS = sorted(
    path.name[:4] for path in (migrating.MIGRATIONS / "versions").glob("[0-9]*.py")
)


def fill(path: Path) -> None:
    """Write a row into each table, whatever columns it has in this revision."""
    engine = sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(path))
    metadata = sa.MetaData()
    with engine.begin() as connection:
        metadata.reflect(connection)
        for table in metadata.sorted_tables:
            if table.name not in {"alembic_version", "sqlite_sequence"}:
                connection.execute(table.insert().values(row_of(table)))
    engine.dispose()


def row_of(table: sa.Table) -> dict[str, object]:
    known: dict[str, object] = {
        "address": str(ADA),
        "key": ADA.key,
        "state": "active" if table.name == "accounts" else "live",
        "kind": "account",
        "name": "example.org",
        "domain": "example.org",
        "created_at": int(NOW.timestamp() * 1_000_000),
    }
    return {
        column.name: known.get(column.name, _filler(column))
        for column in table.columns
        if column.name in known or not column.nullable
    }


def _filler(column: sa.Column[object]) -> object:
    if isinstance(column.type, sa.LargeBinary):
        return b"octets"
    return "text" if isinstance(column.type, sa.Text) else 1


def counts(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as database:
        tables = [
            name
            for (name,) in database.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table'"
                " AND name NOT LIKE 'sqlite_%' AND name != 'alembic_version'"
            )
        ]
        return {
            # Names come from the schema itself.
            name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
            for name in tables
        }


@pytest.fixture(params=REVISIONS)
def old_store(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "postwarden.db"
    schema.upgrade(path, request.param)
    fill(path)
    return path


async def test_an_old_store_opens_with_everything_in_it(old_store: Path) -> None:
    before = counts(old_store)
    assert set(before.values()) == {1}

    store = SqliteStore(old_store)
    try:

        def look(uow: UnitOfWork) -> str:
            return str(uow.accounts.get(1).address)

        assert await store.read(look) == str(ADA)
    finally:
        store.close()
    assert schema.revision_of(old_store) == migrating.HEAD
    after = counts(old_store)
    assert {name: after[name] for name in before} == before


async def test_entries_from_before_the_chain_are_chained(tmp_path: Path) -> None:
    path = tmp_path / "postwarden.db"
    schema.upgrade(path, "0002")
    rows = [
        (3, 1, "domain example.org", None, '{"b": 1, "a": "\\u00e9"}'),
        (7, -1, "account ada@example.org", '{"quota_octets": 5}', None),
        (8, 1_700_000_000_000_000, "case 1", None, None),
        (9, 2, "domain-alias example.net", '{"of": "example.org"}', None),
    ]
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.executemany(
            "INSERT INTO audit (id, time, actor, dialect, action, object, before,"
            " after, reason) VALUES (?, ?, 'ada', 'cli', 'do', ?, ?, ?, '')",
            rows,
        )

    store = SqliteStore(path)
    try:
        await store.transact(lambda uow: uow.audit.record(audit_entry()))
        verdict = await verification.verify(store, OPERATOR)
        kept = await store.read(lambda uow: uow.audit.page(limit=9))
    finally:
        store.close()

    assert (verdict.problem, verdict.entries) == (None, 5)
    assert [each.object for each in kept[:4]] == [row[2] for row in rows]
    assert [each.domain for each in kept] == [
        *("example.org", "example.org", None, "example.org", None)
    ]
    assert kept[0].after == {"a": "\u00e9", "b": 1}
