"""A look at a store from the inside: what no repository asks while all is well.

Every statement is one snapshot, so a store that is in use can be looked at.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import apsw
import sqlalchemy as sa

from postwarden.adapters.group_commit import translated
from postwarden.adapters.sql import recounting, schema, tables
from postwarden.adapters.sql.audit import SqlAuditLog
from postwarden.adapters.sql.sqlite_connection import SqliteConnection
from postwarden.adapters.sql.statements import Prepared, Row, time_or_none
from postwarden.model.audit import AuditEntry
from postwarden.model.errors import Unavailable

_PROBLEMS = 10  # that a check of a file's pages names at most
_EXAMPLES = 4  # rows that a check names at most
_m, _a, _c = tables.mailboxes.c, tables.accounts.c, tables.copies.c
P = sa.bindparam

_IS_LIVE = _c.state == "live"


_SOME = Prepared(
    sa.select(tables.messages.c.sha256).where(
        tables.messages.c.id.in_(
            sa.select(tables.messages.c.id)
            .where(tables.messages.c.tombstone == 0)
            .order_by(sa.func.random())
            .limit(P("count"))
        )
    )
)
_NEWEST = Prepared(sa.select(sa.func.max(tables.ledger.c.time)))


def _without(child: sa.ColumnElement[int], parent: sa.ColumnElement[int]) -> Prepared:
    """Count the rows whose `child` names a row that is not there."""
    owner = parent.table
    there = sa.select(sa.literal(1)).select_from(owner).where(parent == child)
    return Prepared(
        sa.select(sa.func.count()).where(child.is_not(None), sa.not_(there.exists()))
    )


_DANGLING = {
    "copies without a message": _without(_c.message, tables.messages.c.id),
    "copies without an account": _without(_c.account_id, _a.id),
    "live copies without a mailbox": Prepared(
        sa.select(sa.func.count()).where(
            _IS_LIVE,
            sa.not_(
                sa.select(sa.literal(1))
                .select_from(tables.mailboxes)
                .where(_m.id == _c.mailbox_id)
                .exists()
            ),
        )
    ),
    "marks of holds without a copy": _without(tables.hold_marks.c.copy, _c.id),
    "copies that count their holds wrongly": Prepared(
        sa.select(sa.func.count()).where(
            _c.held
            != sa.select(sa.func.count())
            .select_from(tables.hold_marks)
            .where(tables.hold_marks.c.copy == _c.id)
            .scalar_subquery()
        )
    ),
    "mailboxes without an account": _without(_m.account_id, _a.id),
    "messages without a rendering": Prepared(
        sa.select(sa.func.count()).where(
            tables.messages.c.tombstone == 0,
            sa.not_(
                sa.select(sa.literal(1))
                .select_from(tables.renderings)
                .where(tables.renderings.c.message == tables.messages.c.id)
                .exists()
            ),
        )
    ),
    "addresses without their account": _without(tables.addresses.c.account_id, _a.id),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What the content database says of the messages' content.

    `large` are digests whose content is a file of its own.
    """

    messages: int
    missing: int
    examples: list[bytes]
    large: list[bytes]


def revision_of(rows: Path) -> str | None:
    """Return the schema revision of a store, None for an empty file.

    Raises Unavailable for a file that is no store of ours or cannot be read.
    """
    with explained():
        return schema.revision_of(rows)


class StoreInspection:
    """One store's files, read only; `recount` alone writes."""

    def __init__(self, rows: Path, content: Path | None) -> None:
        """Open the rows, and the content database if there is one.

        Raises Unavailable.
        """
        with explained():
            self._connection = SqliteConnection(rows, None)
            self._path = rows
            self._has_content = content is not None
            if content is not None:
                attach = "ATTACH DATABASE :path AS content"
                self._connection.execute(attach, {"path": str(content)})
            self._connection.execute("PRAGMA query_only = ON")

    def damaged_pages(self) -> list[str]:
        """Return what is wrong with the files' pages and indexes."""
        found: list[str] = []
        for name in ("main", *(["content"] if self._has_content else [])):
            check = f"PRAGMA {name}.quick_check({_PROBLEMS})"
            with explained():
                rows = list(self._connection.execute(check))
            found += [f"{name}: {row[0]}" for row in rows if row[0] != "ok"]
        return found

    def missing_columns(self) -> list[str]:
        """Return the tables and columns of ours that the store lacks."""
        missing: list[str] = []
        for table in tables.metadata.sorted_tables:
            with explained():
                info = self._connection.execute(f"PRAGMA table_info({table.name})")
                there = {row[1] for row in info}
            missing += [
                f"{table.name}.{column.name}" if there else table.name
                for column in table.columns
                if column.name not in there
            ]
        return list(dict.fromkeys(missing))

    def dangling(self) -> list[str]:
        """Return which rows name others that are not there, and how many."""
        return [
            f"{count} {what}"
            for what, statement in _DANGLING.items()
            if (count := self._number(statement))
        ]

    def wrong_counters(self) -> tuple[int, int]:
        """Return how many mailboxes and accounts count other than their copies."""
        with explained():
            return recounting.wrong(self._connection)

    def recount(self, entry: AuditEntry) -> None:
        """Count anew what counts wrongly, in one transaction with its audit entry."""
        with explained():
            connection = SqliteConnection(self._path, None)
            try:
                connection.execute("BEGIN IMMEDIATE")
                recounting.recount(connection)
                SqlAuditLog(connection).record(entry)
                connection.execute("COMMIT")
            finally:
                connection.close()

    def newest_event(self) -> datetime | None:
        with explained():
            row = self._connection.one(_NEWEST)
        return time_or_none(row[0]) if row else None

    def content(self) -> Content:
        """Return whether all content is there; without its database none is."""
        lacking = "FROM main.messages AS m WHERE m.tombstone = 0"
        if self._has_content:
            lacking = (
                "FROM main.messages AS m"
                " LEFT JOIN content.blobs AS b ON b.digest = m.sha256"
                " WHERE b.id IS NULL AND m.tombstone = 0"
            )
        with explained():
            return Content(
                messages=self._counted("FROM main.messages WHERE tombstone = 0"),
                missing=self._counted(lacking),
                examples=self._digests(f"m.sha256 {lacking} LIMIT {_EXAMPLES}"),
                large=self._digests("digest FROM content.blobs WHERE content IS NULL")
                if self._has_content
                else [],
            )

    def _counted(self, rows: str) -> int:
        ((count,),) = self._connection.execute(f"SELECT count(*) {rows}")
        return int(count)

    def _digests(self, rows: str) -> list[bytes]:
        return [row[0] for row in self._connection.execute(f"SELECT {rows}")]

    def digests(self) -> Iterator[bytes]:
        """Yield the SHA-256 of every message."""
        last = 0
        while rows := self._page_of_digests(last):
            yield from (sha256 for _, sha256 in rows)
            last = rows[-1][0]

    def _page_of_digests(self, after: int) -> list[Row]:
        sql = (
            "SELECT id, sha256 FROM messages WHERE id > :after AND tombstone = 0"
            " ORDER BY id LIMIT 500"
        )
        with explained():
            return list(self._connection.execute(sql, {"after": after}))

    def some_digests(self, count: int) -> list[bytes]:
        """Return the SHA-256 of so many messages, picked at random."""
        with explained():
            return [row[0] for row in self._connection.rows(_SOME, count=count)]

    def _number(self, statement: Prepared) -> int:
        with explained():
            row = self._connection.one(statement)
        return int(row[0]) if row else 0

    def close(self) -> None:
        self._connection.close()


@contextmanager
def explained() -> Iterator[None]:
    """Turn whatever the engine says of a damaged file into Unavailable."""
    try:
        with translated():
            yield
    except apsw.Error as error:
        raise Unavailable(f"the store cannot be read: {error}") from error
