"""Mail files to import, and what a store shows of them."""

import os
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.support.command_line import CommandLine, Ran

ADA = "ada@example.org"
SEPARATOR = b"From ada@example.org Thu Aug 22 12:36:23 2002\n"


def mail(subject: str = "hello", *header: str, body: str = "body") -> bytes:
    """A mail as files have it, with LF."""
    lines = [f"Subject: {subject}", "From: bob@example.net", *header, "", body, ""]
    return "\n".join(lines).encode()


def stored(content: bytes) -> bytes:
    return content.replace(b"\n", b"\r\n")


def write(path: Path, content: bytes, time: datetime | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if time is not None:
        os.utime(path, (time.timestamp(), time.timestamp()))
    return path


def imported(cli: CommandLine, kind: str, path: Path, *words: str) -> Ran:
    """Import into ada's account, which is made if it is not there."""
    words = ("--account", ADA, "--create", "--json", *words)
    return cli("import", kind, str(path), *words)


def counts(ran: Ran) -> tuple[int, int, int]:
    """Return what was imported, there already, and bad."""
    result = ran.json
    return result["imported"], result["skipped_duplicates"], result["failed"]


def copies(cli: CommandLine) -> list[dict[str, Any]]:
    """Return all live copies as `find` prints them, by mailbox and UID."""
    rows = cli("find", "all", "--json").rows
    return sorted(rows, key=lambda row: (row["account"], row["mailbox"], row["uid"]))


def places(cli: CommandLine) -> list[tuple[str, str]]:
    """Return mailbox and subject of all live copies."""
    return [(row["mailbox"], row["subject"]) for row in copies(cli)]
