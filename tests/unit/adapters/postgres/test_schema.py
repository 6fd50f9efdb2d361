"""The schema in PostgreSQL: what is made, what is brought up, what is refused."""

from contextlib import closing

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.pool import NullPool

from postwarden.adapters.sql import migrating
from postwarden.adapters.sql.postgres import schema
from postwarden.adapters.sql.postgres.connection import connect
from postwarden.adapters.sql.postgres.store import PostgresStore
from postwarden.adapters.sql.tables import metadata
from postwarden.model.errors import Unavailable
from tests.support import postgres
from tests.support.factories import ADA
from tests.unit.adapters.sql.test_upgrade import REVISIONS, row_of


def test_a_migrated_store_is_what_the_tables_declare(url: str) -> None:
    engine = sa.create_engine(
        "postgresql+psycopg://", creator=lambda: connect(url), poolclass=NullPool
    )
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


SAMPLED = {REVISIONS[0], REVISIONS[len(REVISIONS) // 2], REVISIONS[-1]}


@pytest.mark.parametrize(
    "revision",
    [
        each if each in SAMPLED else pytest.param(each, marks=pytest.mark.slow)
        for each in REVISIONS
    ],
)
async def test_an_old_store_opens_with_everything_in_it(revision: str) -> None:
    with postgres.empty_database() as url:
        schema.upgrade(url, revision)
        tables = _fill(url)

        store = PostgresStore(url)
        try:
            assert await store.read(lambda uow: uow.accounts.get(1).address) == ADA
        finally:
            store.close()
        with closing(connect(url)) as raw:
            assert schema.revision_of(raw) == migrating.HEAD
            for table in tables:
                rows = raw.execute(
                    f'SELECT count(*) FROM "{table}"'.encode()
                ).fetchone()
                assert rows == (1,), table


def _fill(url: str) -> list[str]:
    """Write a row into each table, whatever columns it has in this revision."""
    engine = sa.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(url)
    )
    found = sa.MetaData()
    with engine.begin() as connection:
        found.reflect(connection)
        tables = [t for t in found.sorted_tables if t.name != "alembic_version"]
        for table in tables:
            connection.execute(table.insert().values(row_of(table)))
    engine.dispose()
    return [table.name for table in tables]


@pytest.mark.parametrize("revision", ["9999", "0000"])
def test_a_store_of_another_release_is_refused(revision: str) -> None:
    with postgres.empty_database() as url:
        PostgresStore(url).close()
        with closing(connect(url)) as raw:
            raw.execute("UPDATE alembic_version SET version_num = %s", (revision,))

        with pytest.raises(Unavailable, match=f"schema {revision}"):
            PostgresStore(url)


def test_a_database_of_something_else_is_left_alone() -> None:
    with postgres.empty_database() as url:
        with closing(connect(url)) as raw:
            raw.execute("CREATE TABLE invoices (id integer)")

        with pytest.raises(Unavailable, match="not one of Postwarden"):
            PostgresStore(url)

        with closing(connect(url)) as raw:
            assert raw.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall() == [("invoices",)]


@pytest.mark.parametrize(
    "options",
    [
        "ENCODING 'SQL_ASCII' LOCALE 'C'",
        "ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'",
    ],
)
def test_a_database_that_orders_text_otherwise_is_refused(options: str) -> None:
    with (
        postgres.empty_database(options) as url,
        pytest.raises(Unavailable, match="LOCALE 'C' TEMPLATE template0"),
    ):
        PostgresStore(url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://nobody:s3cret@127.0.0.1:1/mail",
        "postgresql://u:s3cret@host.invalid/mail",
        "postgresql://u:s3cret@127.0.0.1:notaport/mail",
    ],
)
def test_no_way_in_is_said_without_the_password(url: str) -> None:
    with pytest.raises(Unavailable, match="cannot reach the store") as raised:
        PostgresStore(url)

    assert "s3cret" not in str(raised.value)
