"""Run `postwarden` words as they are, and tell at the end what its store saw.

    python -m bench.watched FILE WORD ...

FILE gets the seconds of the longest transaction, which no command prints.
"""

import sys
from pathlib import Path

from postwarden.adapters.sql.sqlite import SqliteStore
from postwarden.cli.main import main as postwarden


def watch(file: Path) -> None:
    """Let every store of this process write its longest transaction when it closes."""
    close = SqliteStore.close

    def told(self: SqliteStore) -> None:
        close(self)
        file.write_text(f"{self.longest_transaction:.6f}")

    SqliteStore.close = told  # type: ignore[method-assign]  # in this process only


if __name__ == "__main__":
    watch(Path(sys.argv[1]))
    sys.exit(postwarden(sys.argv[2:]))
