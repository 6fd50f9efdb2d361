"""What counting a store's mail anew says of its counters."""

from pathlib import Path

from postwarden.adapters.sql import recounting
from postwarden.adapters.sql.sqlite_connection import SqliteConnection


def recounted(path: Path) -> tuple[int, int]:
    """Return how many mailboxes and accounts a closed store counts wrongly."""
    connection = SqliteConnection(path, None)
    try:
        return recounting.wrong(connection)
    finally:
        connection.close()
