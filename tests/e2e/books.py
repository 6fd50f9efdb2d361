"""The store read from outside: its rows counted again, its content hashed again.

Nothing here uses code of the product: that is what makes it a check.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import apsw
import psycopg
import zstandard

from tests.e2e import places


@dataclass(frozen=True, slots=True, order=True)
class Filed:
    """A copy with all that undo has to bring back, and where it lies."""

    account: str
    mailbox: str
    sha256: str
    flags: int
    keywords: str
    internal_date: int
    size: int
    message_id: str


class Rows(Protocol):
    """What answers SQL with `?` where a value belongs."""

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Iterable[Any]: ...


@dataclass(frozen=True, slots=True)
class _Database:
    """Rows in PostgreSQL."""

    raw: psycopg.Connection[Any]

    def execute(self, sql: str, values: Sequence[Any] = (), /) -> Iterable[Any]:
        return self.raw.execute(sql.replace("?", "%s").encode(), values)


@dataclass(frozen=True, slots=True)
class Books:
    """Questions to a store; opened by `opened`."""

    rows: "Rows"
    content: apsw.Connection
    blobs: Path

    def all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return list(self.rows.execute(sql, values))

    def one(self, sql: str, *values: Any) -> Any:
        ((value,),) = self.rows.execute(sql, values)
        return value

    def filed(self, state: str = "live") -> Counter[Filed]:
        """Return the copies in a state; more than one may be alike."""
        return Counter(
            Filed(row[0], row[1], row[2].hex(), *row[3:])
            for row in self.rows.execute(
                "SELECT a.address, m.name, s.sha256, c.flags, c.keywords,"
                " c.internal_date, c.size, coalesce(s.message_id, '')"
                " FROM copies c JOIN accounts a ON a.id = c.account_id"
                " JOIN mailboxes m ON m.id = c.mailbox_id"
                " JOIN messages s ON s.id = c.message WHERE c.state = ?",
                (state,),
            )
        )

    def outcomes(self) -> Counter[str]:
        """Count what became of the items of the newest plan."""
        return Counter(
            dict(
                self.all(
                    "SELECT outcome, count(*) FROM plan_items"
                    " WHERE plan_id = (SELECT max(id) FROM plans) GROUP BY outcome"
                )
            )
        )

    def is_idle(self) -> bool:
        """Whether nothing is left to deliver and no task to end but periodic ones."""
        pending = self.one("SELECT count(*) FROM pending_deliveries")
        tasks = self.one(
            "SELECT count(*) FROM tasks WHERE state IN ('waiting', 'in-progress')"
            " AND subject != 'store'"
        )
        return not pending and not tasks

    def blob(self, sha256: bytes) -> bytes:
        """Return content as it lies on disk; raises when it is not what it was."""
        ((packed, size),) = self.content.execute(
            "SELECT content, size FROM blobs WHERE digest = ?", (sha256,)
        )
        if packed is None:
            (path,) = (self.blobs / "large").rglob(f"{sha256.hex()}.zst")
            packed = path.read_bytes()
        octets = zstandard.ZstdDecompressor().decompress(packed)
        assert hashlib.sha256(octets).digest() == sha256
        assert len(octets) == size
        return octets

    def faults(self) -> list[str]:
        """Say everything that a recount finds to be otherwise than the books say."""
        return [
            *self._mailbox_faults(),
            *self._account_faults(),
            *self._message_faults(),
            *self._ledger_faults(),
        ]

    def _mailbox_faults(self) -> Iterator[str]:
        for row in self.rows.execute(
            "SELECT m.id, m.name, m.messages, m.unseen, m.octets, m.uid_next,"
            " count(c.id), count(c.id) FILTER (WHERE c.flags & 1 = 0),"
            " coalesce(sum(c.size), 0), coalesce(max(c.uid), 0), count(DISTINCT c.uid),"
            " m.highest_modseq >= coalesce(max(c.modseq), 0)"
            " FROM mailboxes m LEFT JOIN copies c"
            " ON c.mailbox_id = m.id AND c.state = 'live' GROUP BY m.id"
        ):
            number, name, messages, unseen, octets, uid_next = row[:6]
            if (messages, unseen, octets) != row[6:9]:
                yield f"mailbox {number} {name}: {row}"
            if uid_next <= row[9] or row[10] != messages or not row[11]:
                yield f"mailbox {number} {name}: UIDs or MODSEQ: {row}"

    def _account_faults(self) -> Iterator[str]:
        for row in self.rows.execute(
            "SELECT a.address, a.used_messages, a.used_octets, a.vault_messages,"
            " a.vault_octets, count(c.id) FILTER (WHERE c.state = 'live'),"
            " coalesce(sum(c.size) FILTER (WHERE c.state = 'live'), 0),"
            " count(c.id) FILTER (WHERE c.state <> 'live'),"
            " coalesce(sum(c.size) FILTER (WHERE c.state <> 'live'), 0)"
            " FROM accounts a LEFT JOIN copies c ON c.account_id = a.id GROUP BY a.id"
        ):
            if row[1:5] != row[5:9]:
                yield f"account {row[0]}: {row[1:]}"

    def _message_faults(self) -> Iterator[str]:
        for sha256, size in self.all("SELECT sha256, size FROM messages"):
            try:
                content = self.blob(sha256)
            except (ValueError, AssertionError, OSError, zstandard.ZstdError) as error:
                yield f"content {sha256.hex()}: {error!r}"
            else:
                if len(content) != size:
                    yield f"content {sha256.hex()}: {len(content)} octets, not {size}"

    def _ledger_faults(self) -> Iterator[str]:
        """Every delivered copy has its DELIVER, and its reception a RECEIVE."""
        for (copy,) in self.rows.execute(
            "SELECT c.id FROM copies c WHERE c.reception IS NOT NULL AND 1 <>"
            " (SELECT count(*) FROM ledger l WHERE l.copy = c.id"
            "  AND l.event = 'DELIVER' AND l.account_id = c.account_id)"
        ):
            yield f"copy {copy}: not one DELIVER"
        for (reception,) in self.rows.execute(
            "SELECT r.id FROM receptions r WHERE"
            " (SELECT count(*) FROM reception_recipients p WHERE p.reception = r.id)"
            " <> (SELECT count(*) FROM ledger l WHERE l.trace_id = r.trace_id"
            "     AND l.event = 'RECEIVE')"
        ):
            yield f"reception {reception}: not one RECEIVE for each recipient"


@contextmanager
def opened(data: Path) -> Iterator[Books]:
    """Open a store to look at it, beside whoever works on it."""
    url = places.url_of(data)
    with ExitStack() as stack:
        rows: Rows = (
            stack.enter_context(closing(_open(data / "postwarden.db")))
            if url is None
            else _Database(stack.enter_context(psycopg.connect(url, autocommit=True)))
        )
        content = stack.enter_context(closing(_open(data / "blobs" / "content.db")))
        yield Books(rows, content, data / "blobs")


def _open(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.set_busy_timeout(20_000)
    connection.execute("PRAGMA query_only = ON")
    return connection


def tamper(path: Path, sql: str, *values: Any) -> int:
    """Change a database behind the product's back; return how many rows."""
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    try:
        connection.set_busy_timeout(20_000)
        connection.execute(sql, values)
        return connection.changes()
    finally:
        connection.close()


def indexed_up_to(path: Path) -> int:
    """Return up to which message the full text in a file is done."""
    connection = _open(path)
    try:
        ((done,),) = connection.execute("SELECT up_to FROM progress")
        return int(done)
    finally:
        connection.close()
