"""Messages that no copy has any more, in SQL."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.messages import message_of
from postwarden.adapters.sql.statements import (
    Prepared,
    ids_json,
    insert,
    instant,
    one_of,
)
from postwarden.model.messages import Message

_d = tables.disposals.c
_m = tables.messages.c
_c = tables.copies.c
_q = tables.queue.c
_p = tables.pending_deliveries.c
_r = tables.receptions.c
_i = tables.plan_items.c
_plan = tables.plans.c
_case = tables.cases.c
P = sa.bindparam

_WITHOUT_COPIES = Prepared(
    sa.select(_m.id).where(
        one_of(_m.id, "ids"), sa.not_(sa.exists().where(_c.message == _m.id))
    )
)
_OFFER = Prepared(insert(tables.disposals, ignore_repeats=True))
_MESSAGE = sa.select(tables.messages).join(tables.disposals, _d.message == _m.id)
# Literals, not parameters: only so does SQLite take the partial index.
_DUE = Prepared(
    _MESSAGE.where(sa.text("disposals.emptied = 0"), _d.look_at <= P("now"))
    .order_by(_d.look_at)
    .limit(P("count"))
)
_EMPTIED = Prepared(
    _MESSAGE.where(sa.text("disposals.emptied = 1"), _d.message > P("after"))
    .order_by(_d.message)
    .limit(P("count"))
)
_WITH_COPIES = Prepared(
    sa.select(_c.message).distinct().where(one_of(_c.message, "ids"))
)
_QUEUED = Prepared(sa.select(_q.message).distinct().where(one_of(_q.message, "ids")))


def _receptions_pending() -> sa.CTE:
    """The receptions with pending deliveries, one step of the index for each."""
    first = sa.select(sa.func.min(_p.reception).label("reception"))
    seen = first.cte("seen", recursive=True)
    following = (
        sa.select(sa.func.min(_p.reception))
        .where(_p.reception > seen.c.reception)
        .scalar_subquery()
    )
    return seen.union_all(sa.select(following).where(seen.c.reception.is_not(None)))


_seen = _receptions_pending()
_PENDING = Prepared(
    sa.select(_r.message)
    .distinct()
    .join_from(_seen, tables.receptions, _r.id == _seen.c.reception)
    .where(one_of(_r.message, "ids"))
)
_other_item = tables.plan_items.alias()
_other_plan = tables.plans.alias()
_SHREDDED = (
    sa.select(sa.literal(1))
    .select_from(
        _other_item.join(_other_plan, _other_plan.c.id == _other_item.c.plan_id)
    )
    .where(
        _other_item.c.sha256 == _i.sha256,
        _other_plan.c.case_id == _plan.case_id,
        _other_plan.c.action == sa.literal_column("'shred'"),
        _other_item.c.outcome != sa.literal_column("'pending'"),
    )
    .exists()
)
_EVIDENCE = Prepared(
    sa.select(_m.id)
    .distinct()
    .join_from(tables.messages, tables.plan_items, _i.sha256 == _m.sha256)
    .join(tables.plans, _plan.id == _i.plan_id)
    .join(tables.cases, _case.id == _plan.case_id)
    .where(
        one_of(_m.id, "ids"),
        _case.state != sa.literal_column("'closed'"),
        sa.not_(_SHREDDED),
    )
)
_NEEDED = (_QUEUED, _PENDING, _EVIDENCE)
_POSTPONE = Prepared(
    sa.update(tables.disposals)
    .where(_d.message == P("number"))
    .values(look_at=P("time"))
)
_TOMBSTONE = Prepared(
    sa.update(tables.messages).where(_m.id == P("number")).values(tombstone=_m.id)
)
_MARK_EMPTIED = Prepared(
    sa.update(tables.disposals).where(_d.message == P("number")).values(emptied=1)
)
_DETAILS = tuple(
    Prepared(sa.delete(table).where(table.c.message == P("number")))
    for table in (
        tables.renderings,
        tables.header_addresses,
        tables.message_references,
        tables.attachments,
        tables.attached_messages,
    )
)
_SETTLE = Prepared(sa.delete(tables.disposals).where(_d.message == P("number")))


class SqlDisposal:
    """See `services.ports.Disposal`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def offer(self, messages: Iterable[int], time: datetime) -> None:
        rows = list(self._connection.rows(_WITHOUT_COPIES, ids=ids_json(messages)))
        self._connection.run_many(
            _OFFER,
            (
                {"message": number, "look_at": instant(time), "emptied": 0}
                for (number,) in rows
            ),
        )

    def due(self, now: datetime, limit: int) -> list[Message]:
        rows = self._connection.rows(_DUE, now=instant(now), count=limit)
        return [message_of(row) for row in rows]

    def with_copies(self, messages: Sequence[int]) -> set[int]:
        rows = self._connection.rows(_WITH_COPIES, ids=ids_json(messages))
        return {row[0] for row in rows}

    def needed(self, messages: Sequence[int]) -> set[int]:
        ids = ids_json(messages)
        return {
            row[0]
            for statement in _NEEDED
            for row in self._connection.rows(statement, ids=ids)
        }

    def postpone(self, messages: Sequence[int], time: datetime) -> None:
        self._connection.run_many(
            _POSTPONE, ({"number": n, "time": instant(time)} for n in messages)
        )

    def empty(self, messages: Sequence[int]) -> None:
        for statement in (*_DETAILS, _TOMBSTONE, _MARK_EMPTIED):
            self._connection.run_many(statement, ({"number": n} for n in messages))

    def emptied(self, *, after: int = 0, limit: int) -> list[Message]:
        rows = self._connection.rows(_EMPTIED, after=after, count=limit)
        return [message_of(row) for row in rows]

    def settle(self, messages: Sequence[int]) -> None:
        self._connection.run_many(_SETTLE, ({"number": n} for n in messages))
