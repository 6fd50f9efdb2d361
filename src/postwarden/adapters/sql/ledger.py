"""The ledger in SQL."""

from array import array
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.portable import member_rows
from postwarden.adapters.sql.search import LedgerSearch
from postwarden.adapters.sql.statements import (
    Prepared,
    Row,
    Values,
    chunks,
    ids_json,
    insert,
    instant,
    one_of,
    time_of,
)
from postwarden.adapters.sql.tracking import forget_unused
from postwarden.model.cases import CaseState
from postwarden.model.ledger import Event, LedgerEvent, LedgerRow
from postwarden.model.networks import ip_key
from postwarden.model.queries import Query, mailbox_key
from postwarden.services.ports.mail import PastEvent, SimilarSets

_l = tables.ledger.c
_m = tables.messages.c
_r = tables.log_rows.c
_t = tables.log_texts.c

_RECORD = Prepared(insert(tables.ledger))
_ROWS = Prepared(
    sa.select(
        *(_l.id, _l.time, _l.event, _l.trace_id, _m.sha256),
        sa.func.coalesce(_m.message_id, _r.message_id),
        *(_l.reverse_path, _l.forward_path, tables.accounts.c.address, _l.mailbox),
        *(_l.uid, sa.func.coalesce(_m.size, _r.size)),
        sa.func.coalesce(_m.subject, _t.text),
        *(_l.client_ip, _l.source, _l.detail, _l.message),
    )
    .outerjoin_from(tables.ledger, tables.messages, _m.id == _l.message)
    .outerjoin(tables.log_rows, _r.id == -_l.message)
    .outerjoin(tables.log_texts, _t.id == _r.subject)
    .outerjoin(tables.accounts, tables.accounts.c.id == _l.account_id)
    .where(one_of(_l.id, "ids"))
)
_COUNTED = Prepared(
    sa.select(
        sa.case((_l.message < 0, _l.trace_id), else_=sa.cast(_l.message, sa.Text)),
        *(_l.copy, _l.account_id),
    ).where(one_of(_l.id, "ids"))
)
_TIMES = Prepared(sa.select(_l.time, _l.id).where(one_of(_l.id, "ids")))
_PAST = Prepared(
    sa.select(_l.id, _l.time, _l.event, _l.message)
    .where(_l.id > sa.bindparam("after"))
    .order_by(_l.id)
    .limit(sa.bindparam("count"))
)
_LOGGED = Prepared(
    sa.select(-_l.message).where(one_of(_l.id, "ids"), _l.message < 0).distinct()
)
_REMOVE = Prepared(sa.delete(tables.ledger).where(one_of(_l.id, "ids")))
_asked, _message = member_rows(sa.bindparam("messages", type_=sa.Text), _l.message.type)
_held = (
    sa.select(sa.literal(1))
    .select_from(tables.copies)
    .join(tables.hold_marks, tables.hold_marks.c.copy == tables.copies.c.id)
    .where(tables.copies.c.message == _message)
)
# By way of events: what a case has shredded has no copy any more.
_worked_on = (
    sa.select(sa.literal(1))
    .select_from(tables.ledger)
    .join(tables.plan_items, tables.plan_items.c.copy == _l.copy)
    .join(tables.plans, tables.plans.c.id == tables.plan_items.c.plan_id)
    .join(tables.cases, tables.cases.c.id == tables.plans.c.case_id)
    .where(_l.message == _message, tables.cases.c.state != CaseState.CLOSED.value)
)
# What lies on another system has no copy here: its mail is kept as evidence.
_evidence = (
    sa.select(sa.literal(1))
    .select_from(tables.messages)
    .join(tables.plan_items, tables.plan_items.c.sha256 == _m.sha256)
    .join(tables.plans, tables.plans.c.id == tables.plan_items.c.plan_id)
    .join(tables.cases, tables.cases.c.id == tables.plans.c.case_id)
    .where(
        _m.id == _message,
        tables.plan_items.c.reference.is_not(None),
        tables.cases.c.state != CaseState.CLOSED.value,
    )
)
_NEEDED = Prepared(
    sa.select(_message).where(
        sa.or_(_held.exists(), _worked_on.exists(), _evidence.exists())
    )
)


class SqlLedger:
    """See `services.ports.Ledger`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, events: Iterable[LedgerEvent]) -> None:
        self._connection.run_many(_RECORD, map(_values, events))

    def search(self, query: Query, *, similar: SimilarSets) -> Sequence[int]:
        search = LedgerSearch(similar)
        beside = search.events_beside(query)
        few = beside is not None and self._has_few(beside, search.FEW)
        statement = search.statement(query, from_events=few)
        return array("q", sorted(row[0] for row in self._connection.rows(statement)))

    def _has_few(self, statement: Prepared, few: int) -> bool:
        return sum(1 for _ in self._connection.rows(statement)) < few

    def by_time(self, events: Sequence[int]) -> Sequence[int]:
        found: list[Row] = []
        for chunk in chunks(events):
            found += self._connection.rows(_TIMES, ids=ids_json(chunk))
        return array("q", [number for _, number in sorted(found)])

    def rows(self, events: Sequence[int]) -> list[LedgerRow]:
        found: dict[int, LedgerRow] = {}
        for chunk in chunks(events):
            for row in self._connection.rows(_ROWS, ids=ids_json(chunk)):
                found[row[0]] = _row(row)
        return [found[event] for event in events if event in found]

    def count(self, events: Sequence[int]) -> tuple[int, int, int]:
        seen: tuple[set[int], ...] = (set(), set(), set())
        for chunk in chunks(events):
            for row in self._connection.rows(_COUNTED, ids=ids_json(chunk)):
                for values, value in zip(seen, row, strict=True):
                    if value is not None:
                        values.add(value)
        return len(seen[0]), len(seen[1]), len(seen[2])

    def page(self, *, after: int = 0, limit: int) -> list[PastEvent]:
        rows = self._connection.rows(_PAST, after=after, count=limit)
        return [
            PastEvent(
                id=row[0],
                time=time_of(row[1]),
                event=Event(row[2]),
                message=None if _is_logged(row[3]) else row[3],
            )
            for row in rows
        ]

    def needed(self, messages: Sequence[int]) -> set[int]:
        rows = self._connection.rows(_NEEDED, messages=ids_json(messages))
        return {row[0] for row in rows}

    def remove(self, events: Sequence[int]) -> None:
        ids = ids_json(events)
        logged = [row[0] for row in self._connection.rows(_LOGGED, ids=ids)]
        self._connection.run(_REMOVE, ids=ids)
        if logged:
            forget_unused(self._connection, logged)


def _values(event: LedgerEvent) -> Values:
    reverse, forward = event.reverse_path, event.forward_path
    return {
        "time": instant(event.time),
        "event": event.event.value,
        "trace_id": event.trace_id,
        "message": event.message if event.log_row is None else -event.log_row,
        "reverse_path": _reverse_path(event),
        "reverse_key": None if reverse is None else reverse.key,
        "forward_path": None if forward is None else str(forward),
        "forward_key": None if forward is None else forward.key,
        "account_id": event.account,
        "mailbox": event.mailbox,
        "mailbox_key": None if event.mailbox is None else mailbox_key(event.mailbox),
        "uid": event.uid,
        "copy": event.copy,
        "client_ip": event.client_ip,
        "client_key": ip_key(event.client_ip),
        "source": event.source,
        "detail": event.detail,
    }


def _is_logged(message: int | None) -> bool:
    """Whether a row of another system's log stands where a message would."""
    return message is not None and message < 0


def _reverse_path(event: LedgerEvent) -> str | None:
    if event.reverse_path is not None:
        return str(event.reverse_path)
    return "" if event.has_envelope else None


def _row(row: Row) -> LedgerRow:
    return LedgerRow(
        id=row[0],
        time=time_of(row[1]),
        event=Event(row[2]),
        trace_id=row[3],
        sha256=row[4],
        message_id=row[5],
        reverse_path=row[6],
        forward_path=row[7],
        account=row[8],
        mailbox=row[9],
        uid=row[10],
        size=row[11],
        subject=row[12],
        client_ip=row[13],
        source=row[14],
        detail=row[15],
        log_row=-row[16] if _is_logged(row[16]) else None,
    )
