"""Migrations of a store's schema, whatever its engine: run by Alembic."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from postwarden.model.errors import Unavailable

HEAD = "0032"  # the newest revision; a test compares it with the migrations
MIGRATIONS = Path(__file__).parent / "migrations"


def is_current(revision: str | None, store: str) -> bool:
    """Whether a store's revision is the newest.

    Raises Unavailable for one that is not ours; `store` names the store in it.
    """
    if revision == HEAD:
        return True
    known = {file.name[:4] for file in (MIGRATIONS / "versions").glob("[0-9]*.py")}
    if revision is not None and revision not in known:
        raise Unavailable(
            f"{store} has schema {revision}, which this release does not know: "
            "use the release that wrote it, or a newer one"
        )
    return False


def run(
    dialect: str,
    connect: Callable[[], Any],
    *,
    begin: Sequence[str],
    revision: str,
    store: str,
) -> None:
    """Run the migrations up to `revision`, all in one transaction.

    `dialect` is SQLAlchemy's name of the driver whose connections `connect` opens;
    `begin` has the statements that begin a transaction beside which no other migrates.
    Raises Unavailable when the store cannot be written.
    """
    import sqlalchemy as sa  # noqa: PLC0415  only a store that is not at HEAD pays
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    engine = sa.create_engine(f"{dialect}://", creator=connect)
    try:
        with engine.connect() as connection:
            for statement in begin:
                connection.exec_driver_sql(statement)
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
            connection.exec_driver_sql("COMMIT")
    except DBAPIError as error:
        raise Unavailable(f"cannot migrate {store}: {error.orig}") from error
    finally:
        engine.dispose()
