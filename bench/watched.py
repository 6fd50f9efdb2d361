"""Run `postwarden` words as they are, and tell at the end what the process saw.

    python -m bench.watched FILE WORD ...

FILE gets JSON with what no command prints: the seconds of the longest transaction,
and the octets of memory at the peak.
"""

import json
import os
import sys
from pathlib import Path

from bench.processes import memory
from postwarden.adapters.sql.sqlite import SqliteStore
from postwarden.cli.main import main as postwarden


def watch(file: Path) -> None:
    """Let every store of this process write what it saw when it closes."""
    close = SqliteStore.close

    def told(self: SqliteStore) -> None:
        close(self)
        seen = {
            "longest_transaction": self.longest_transaction,
            "peak": memory(os.getpid(), "VmHWM"),
        }
        file.write_text(json.dumps(seen))

    SqliteStore.close = told  # type: ignore[method-assign]  # in this process only


if __name__ == "__main__":
    watch(Path(sys.argv[1]))
    sys.exit(postwarden(sys.argv[2:]))
