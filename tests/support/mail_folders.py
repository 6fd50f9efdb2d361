"""What becomes of mail files, worked out once more and without our own code."""

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.support.command_line import CommandLine, Ran

ACCOUNT = "ada@example.org"
FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
Filed = Counter[tuple[str, str]]  # mailbox and SHA-256


@dataclass(frozen=True, slots=True)
class Expected:
    """What an import of a folder has to do."""

    filed: Filed
    refused: frozenset[str]
    octets: int


def expected_content(octets: bytes) -> bytes | None:
    """Return what has to be stored of a file; None if it is no mail."""
    first, _, rest = octets.partition(b"\n")
    if first.startswith(b"From "):
        octets = rest
    lines = octets.split(b"\n")
    header = []
    for line in lines:
        if line in {b"", b"\r"}:
            break
        header.append(line)
    if not any(FIELD.match(line) for line in header):
        return None
    return octets if b"\r" in octets else octets.replace(b"\n", b"\r\n")


def expect(folder: Path) -> Expected:
    filed, refused, size = Filed(), set(), 0
    for path in folder.rglob("*"):
        if not path.is_file() or path.name.startswith("."):
            continue
        content = expected_content(path.read_bytes())
        if content is None:
            refused.add(str(path))
            continue
        parts = list(path.relative_to(folder).parts[:-1]) or ["INBOX"]
        if parts[0].upper() == "INBOX":
            parts[0] = "INBOX"
        filed["/".join(parts), hashlib.sha256(content).hexdigest()] += 1
        size += len(content)
    return Expected(filed, frozenset(refused), size)


def import_all(cli: CommandLine, kind: str, path: Path, account: str = ACCOUNT) -> Ran:
    words = ("--account", account, "--create", "--duplicates", "--json")
    return cli("import", kind, str(path), *words)


def refused_by(ran: Ran) -> frozenset[str]:
    """Return the paths that a run has told of, each with a reason."""
    told = [json.loads(line) for line in ran.err.splitlines()]
    assert all(line["error"]["message"] for line in told)
    paths = frozenset(line["path"] for line in told)
    assert len(paths) == len(told)
    return paths


def filed(cli: CommandLine, account: str = ACCOUNT) -> Filed:
    rows = cli("find", f"account:{account}", "--json").rows
    return Filed((row["mailbox"], row["sha256"]) for row in rows)


def exported(folder: Path) -> Filed:
    """Return what lies in an export of files, by its bytes and not by its index."""
    return Filed(
        (
            "/".join(path.relative_to(folder).parts[:-1]),
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in folder.rglob("*.eml")
    )
