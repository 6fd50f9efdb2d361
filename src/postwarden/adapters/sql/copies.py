"""Copies in SQL: the location index."""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from postwarden.adapters.sql import listing, tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.holds import SqlHolds
from postwarden.adapters.sql.search import CopySearch, MailboxSearch
from postwarden.adapters.sql.statements import (
    Prepared,
    Row,
    Values,
    chunks,
    ids_json,
    insert,
    instant,
    instant_or_none,
    one_of,
    time_of,
    time_or_none,
)
from postwarden.model.mailboxes import Copy, CopyState, DiscardKind, Flag, Order
from postwarden.model.queries import Query
from postwarden.services.ports import CopyFacts
from postwarden.services.ports.mail import Mark, Overdue, SimilarSets

_c = tables.copies.c
P = sa.bindparam

# A literal, not a parameter: only so does SQLite take the partial index.
LIVE = _c.state == sa.literal_column("'live'")

_COPY = sa.select(tables.copies)
_ADD = Prepared(insert(tables.copies))
_MANY = Prepared(_COPY.where(one_of(_c.id, "ids")))
_OF_ITEMS = Prepared(
    sa.union_all(
        sa.select(_c.id, _c.id).where(one_of(_c.id, "items"), _c.item.is_(None)),
        sa.select(_c.item, _c.id).where(
            # A literal, for the partial index.
            sa.text("copies.item IS NOT NULL"),
            one_of(_c.item, "items"),
        ),
    )
)
_UPDATE = Prepared(
    sa.update(tables.copies)
    .where(_c.id == P("copy"))
    .values(
        {
            _c[name]: P(f"new_{name}")
            for name in (
                *("mailbox_id", "uid", "flags", "keywords", "modseq"),
                *("save_date", "state", "account_id", "vaulted_at", "expires_at"),
                *("lay_in", "discarded", "item", "item_uid"),
            )
        }
    )
)
_IN_MAILBOX = Prepared(
    _COPY.where(_c.mailbox_id == P("mailbox"), LIVE, _c.uid > P("after"))
    .order_by(_c.uid)
    .limit(P("count"))
)
_HOLDING = Prepared(
    sa.select(_c.message).where(
        one_of(_c.message, "messages"), _c.mailbox_id == P("mailbox"), LIVE
    )
)
_FACTS = Prepared(
    sa.select(
        *(_c.id, _c.account_id, tables.accounts.c.address, tables.mailboxes.c.name),
        *(_c.mailbox_id, _c.uid, _c.flags, _c.keywords, _c.internal_date, _c.state),
        *(_c.message, tables.messages.c.size, tables.messages.c.sha256),
        *(tables.messages.c.message_id, tables.messages.c.fingerprint),
        *(tables.messages.c.content_fingerprint, tables.messages.c.subject),
        *(tables.messages.c.author, _c.reception, _c.recipient),
        *(tables.receptions.c.trace_id, _c.vaulted_at, _c.expires_at),
        *(_c.lay_in, _c.modseq, _c.discarded, _c.item, _c.item_uid, _c.held),
    )
    .join_from(tables.copies, tables.accounts, tables.accounts.c.id == _c.account_id)
    .join(tables.messages, tables.messages.c.id == _c.message)
    .outerjoin(tables.mailboxes, tables.mailboxes.c.id == _c.mailbox_id)
    .outerjoin(tables.receptions, tables.receptions.c.id == _c.reception)
    .where(one_of(_c.id, "ids"))
)
# Literals again, for the partial indexes.
_DUE = sa.and_(
    sa.text("copies.expires_at IS NOT NULL AND copies.held = 0"),
    _c.expires_at <= P("now"),
)
_EXPIRED = Prepared(_COPY.where(_DUE).order_by(_c.expires_at).limit(P("count")))
_EXPIRED_EXTENT = Prepared(
    sa.select(
        sa.func.count(),
        sa.func.coalesce(sa.func.sum(_c.size), 0),
        sa.func.count(sa.distinct(_c.message)),
        sa.func.count(sa.distinct(_c.account_id)),
    ).where(_DUE)
)
_OVERDUE = Prepared(
    sa.select(sa.func.count()).where(
        sa.text("copies.expires_at IS NOT NULL AND copies.held > 0"),
        _c.expires_at <= P("now"),
    )
)
_IN_VAULT = Prepared(
    _COPY.where(
        sa.text("copies.vaulted_at IS NOT NULL"),
        _c.account_id == P("account"),
        _c.vaulted_at >= P("since"),
        sa.or_(_c.vaulted_at > P("since"), _c.id > P("after")),
    )
    .order_by(_c.vaulted_at, _c.id)
    .limit(P("count"))
)
_OF_ACCOUNT = Prepared(sa.select(_c.id).where(_c.account_id == P("account")).limit(1))
_REMOVE = Prepared(sa.delete(tables.copies).where(_c.id == P("copy")))
_COUNTED = Prepared(sa.select(_c.message, _c.account_id).where(one_of(_c.id, "ids")))


class SqlCopies:
    """See `services.ports.Copies`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, copies: Sequence[Copy]) -> list[Copy]:
        ids = self._connection.add_many(_ADD, [_values(copy) for copy in copies])
        return [replace(c, id=i, held=0) for c, i in zip(copies, ids, strict=True)]

    def many(self, copies: Sequence[int]) -> dict[int, Copy]:
        rows = self._connection.rows(_MANY, ids=ids_json(copies))
        return {row[0]: _copy(row) for row in rows}

    def of_items(self, items: Sequence[int]) -> dict[int, int]:
        found: dict[int, int] = {}
        for chunk in chunks(items):
            rows = self._connection.rows(_OF_ITEMS, items=ids_json(chunk))
            found.update((row[0], row[1]) for row in rows)
        return found

    def update(self, copies: Iterable[Copy]) -> None:
        self._connection.run_many(
            _UPDATE,
            (
                {
                    "copy": copy.id,
                    "new_mailbox_id": copy.mailbox,
                    "new_uid": copy.uid,
                    "new_flags": int(copy.flags),
                    "new_keywords": " ".join(copy.keywords),
                    "new_modseq": copy.modseq,
                    "new_save_date": instant(copy.save_date),
                    "new_state": copy.state.value,
                    "new_account_id": copy.account,
                    "new_vaulted_at": instant_or_none(copy.vaulted_at),
                    "new_expires_at": instant_or_none(copy.expires_at),
                    "new_lay_in": copy.lay_in,
                    "new_discarded": copy.discarded,
                    "new_item": copy.item,
                    "new_item_uid": copy.item_uid,
                }
                for copy in copies
            ),
        )

    def in_mailbox(self, mailbox: int, *, after_uid: int = 0, limit: int) -> list[Copy]:
        rows = self._connection.rows(
            _IN_MAILBOX, mailbox=mailbox, after=after_uid, count=limit
        )
        return [_copy(row) for row in rows]

    def listed(
        self, mailbox: int, order: Order, *, offset: int, limit: int
    ) -> Sequence[int]:
        statement = listing.in_mailbox(order)
        page = {"mailbox": mailbox, "offset": offset, "count": limit}
        return [row[0] for row in self._connection.rows(statement, **page)]

    def arranged(
        self, copies: Sequence[int], order: Order, *, offset: int, limit: int
    ) -> Sequence[int]:
        statement = listing.among(order)
        page = {"ids": ids_json(copies), "offset": offset, "count": limit}
        return [row[0] for row in self._connection.rows(statement, **page)]

    def holding(self, mailbox: int, messages: Sequence[int]) -> set[int]:
        rows = self._connection.rows(
            _HOLDING, mailbox=mailbox, messages=ids_json(messages)
        )
        return {row[0] for row in rows}

    def search(
        self, query: Query, *, states: Sequence[CopyState], similar: SimilarSets
    ) -> Sequence[int]:
        statement = CopySearch(similar).statement(query, states)
        return array("q", sorted(row[0] for row in self._connection.rows(statement)))

    def matching(
        self, mailboxes: Sequence[int], query: Query, *, similar: SimilarSets
    ) -> Sequence[int]:
        statement = MailboxSearch(similar).statement_in(query, mailboxes)
        return array("q", sorted(row[0] for row in self._connection.rows(statement)))

    def changed(self, mailbox: int, mark: Mark, limit: int) -> Sequence[int]:
        rows = self._connection.rows(
            listing.CHANGED,
            mailbox=mailbox,
            modseq=mark.modseq,
            uid=mark.uid,
            count=limit,
        )
        return [row[0] for row in rows]

    def discarded(
        self,
        account: int,
        kind: DiscardKind,
        *,
        mailbox: int | None = None,
        offset: int,
        limit: int,
    ) -> Sequence[int]:
        values = {"account": account, "kind": kind, "mailbox": mailbox}
        rows = self._connection.rows(
            listing.DISCARDED, **values, offset=offset, count=limit
        )
        return [row[0] for row in rows]

    def count_discarded(
        self, account: int, kind: DiscardKind, *, mailbox: int | None = None
    ) -> int:
        row = self._connection.one(
            listing.COUNT_DISCARDED, account=account, kind=kind, mailbox=mailbox
        )
        return int(row[0]) if row else 0

    def facts(self, copies: Sequence[int]) -> list[CopyFacts]:
        found: dict[int, CopyFacts] = {}
        held: list[int] = []
        for chunk in chunks(copies):
            for row in self._connection.rows(_FACTS, ids=ids_json(chunk)):
                found[row[0]] = _facts(row)
                if row[-1]:
                    held.append(row[0])
        for copy, hold in SqlHolds(self._connection).of(held).items():
            found[copy] = replace(found[copy], hold=hold)
        return [found[copy] for copy in copies if copy in found]

    def expired(self, now: datetime, limit: int) -> list[Copy]:
        rows = self._connection.rows(_EXPIRED, now=instant(now), count=limit)
        return [_copy(row) for row in rows]

    def expired_extent(self, now: datetime) -> Overdue:
        row = self._connection.one(_EXPIRED_EXTENT, now=instant(now))
        held = self._connection.one(_OVERDUE, now=instant(now))
        assert row is not None  # noqa: S101  an aggregate always answers
        assert held is not None  # noqa: S101  likewise
        return Overdue(
            copies=row[0],
            octets=row[1],
            messages=row[2],
            accounts=row[3],
            held=held[0],
        )

    def in_vault(
        self, account: int, *, after: Copy | None = None, limit: int
    ) -> list[Copy]:
        since = after.vaulted_at if after else None
        rows = self._connection.rows(
            _IN_VAULT,
            account=account,
            since=instant(since) if since else 0,
            after=after.id if after else 0,
            count=limit,
        )
        return [_copy(row) for row in rows]

    def has_any(self, account: int) -> bool:
        return self._connection.one(_OF_ACCOUNT, account=account) is not None

    def remove(self, copies: Iterable[int]) -> None:
        self._connection.run_many(_REMOVE, ({"copy": copy} for copy in copies))

    def count(self, copies: Sequence[int]) -> tuple[int, int, int]:
        messages, accounts, known = set[int](), set[int](), 0
        for chunk in chunks(copies):
            for message, account in self._connection.rows(
                _COUNTED, ids=ids_json(chunk)
            ):
                messages.add(message)
                accounts.add(account)
                known += 1
        return len(messages), known, len(accounts)


def _values(copy: Copy) -> Values:
    return {
        "account_id": copy.account,
        "mailbox_id": copy.mailbox,
        "uid": copy.uid,
        "message": copy.message,
        "flags": int(copy.flags),
        "keywords": " ".join(copy.keywords),
        "internal_date": instant(copy.internal_date),
        "save_date": instant(copy.save_date),
        "modseq": copy.modseq,
        "size": copy.size,
        "state": copy.state.value,
        "reception": copy.reception,
        "recipient": copy.recipient,
        "held": 0,
        "vaulted_at": instant_or_none(copy.vaulted_at),
        "expires_at": instant_or_none(copy.expires_at),
        "lay_in": copy.lay_in,
        "discarded": copy.discarded,
        "item": copy.item,
        "item_uid": copy.item_uid,
    }


def _copy(row: Row) -> Copy:
    return Copy(
        id=row[0],
        account=row[1],
        mailbox=row[2],
        uid=row[3],
        message=row[4],
        flags=Flag(row[5]),
        keywords=tuple(row[6].split()),
        internal_date=time_of(row[7]),
        save_date=time_of(row[8]),
        modseq=row[9],
        size=row[10],
        state=CopyState(row[11]),
        reception=row[12],
        recipient=row[13],
        held=row[14],
        vaulted_at=time_or_none(row[15]),
        expires_at=time_or_none(row[16]),
        lay_in=row[17],
        discarded=DiscardKind(row[18]) if row[18] else None,
        item=row[19],
        item_uid=row[20],
    )


def _facts(row: Row) -> CopyFacts:
    return CopyFacts(
        id=row[0],
        account=row[1],
        address=row[2],
        mailbox=row[3] or row[23] or "",
        mailbox_id=row[4],
        uid=row[5],
        flags=Flag(row[6]),
        keywords=tuple(row[7].split()),
        internal_date=time_of(row[8]),
        state=CopyState(row[9]),
        message=row[10],
        size=row[11],
        sha256=row[12],
        message_id=row[13],
        fingerprint=row[14],
        content_fingerprint=row[15],
        subject=row[16],
        author=row[17],
        reception=row[18],
        recipient=row[19],
        trace_id=row[20],
        vaulted_at=time_or_none(row[21]),
        expires_at=time_or_none(row[22]),
        modseq=row[24],
        discarded=DiscardKind(row[25]) if row[25] else None,
        item=row[26],
        item_uid=row[27],
    )
