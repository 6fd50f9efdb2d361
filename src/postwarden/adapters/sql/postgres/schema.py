"""The schema of a store in PostgreSQL: made and migrated by Alembic."""

from contextlib import closing

import psycopg

from postwarden.adapters.sql import migrating
from postwarden.adapters.sql.postgres.connection import connect
from postwarden.adapters.sql.statements import Row
from postwarden.model.errors import Unavailable

OLDEST = 14  # the engine's version there must be at least

_MIGRATING = 0x506F737477617265  # the lock of whoever migrates this database
# Keys are compared and listed by their octets, as on SQLite; asked by example, since
# a locale may come from three providers, and a catalogue tells of each elsewhere.
_ORDER = "SELECT 'B' < 'a' AND 'a b' < 'aa' AND 'z' < U&'\\00E9'"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"


def prepare(raw: "psycopg.Connection[Row]", url: str) -> None:
    """Bring the store to the newest schema; make it in an empty database.

    Raises Unavailable for a database that is not ours or of a newer release, and
    for an engine or an encoding that does not serve.
    """
    major = raw.info.server_version // 10_000
    if major < OLDEST:
        raise Unavailable(
            f"the store needs PostgreSQL {OLDEST} or newer; this server has {major}"
        )
    name = raw.info.dbname
    encoding = raw.info.parameter_status("server_encoding")
    if encoding != "UTF8" or raw.execute(_ORDER).fetchone() != (True,):
        raise Unavailable(
            f"the database {name} has another encoding or locale than the store needs: "
            "make it with ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0"
        )
    if not migrating.is_current(revision_of(raw), f"the database {name}"):
        upgrade(url)


def is_made(url: str) -> bool:
    """Whether a database holds a store; raises Unavailable for no way in."""
    with closing(connect(url)) as raw:
        return revision_of(raw) is not None


def revision_of(raw: "psycopg.Connection[Row]") -> str | None:
    """Return the schema revision of a store, None for an empty database.

    Raises Unavailable for a database with tables that are not ours.
    """
    tables = {name for (name,) in raw.execute(_TABLES)}
    if not tables:
        return None
    if "alembic_version" not in tables:
        raise Unavailable(f"{raw.info.dbname} is a database, but not one of Postwarden")
    row = raw.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def upgrade(url: str, revision: str = "head") -> None:
    """Run the migrations up to `revision`, all in one transaction.

    Who comes while another process migrates, waits and finds nothing to do.
    """
    migrating.run(
        "postgresql+psycopg",
        lambda: connect(url),
        begin=["BEGIN", f"SELECT pg_advisory_xact_lock({_MIGRATING})"],
        revision=revision,
        store="the database",
    )
