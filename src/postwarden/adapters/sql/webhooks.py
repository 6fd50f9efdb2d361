"""Webhooks and what they are to be told, in SQL."""

import json
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.statements import (
    Prepared,
    Row,
    Values,
    ids_json,
    insert,
    insert_returning_id,
    instant,
    instant_or_none,
    one_of,
    replacement,
    time_of,
    time_or_none,
)
from postwarden.model.errors import NotFound
from postwarden.model.webhooks import (
    Delivery,
    DeliveryState,
    Notice,
    NoticeName,
    Webhook,
    WebhookState,
)

_w = tables.webhooks.c
_n = tables.notices.c
_d = tables.deliveries.c
P = sa.bindparam

_ADD = Prepared(insert_returning_id(tables.webhooks))
_ALL = Prepared(sa.select(tables.webhooks).order_by(_w.id))
_GET = Prepared(sa.select(tables.webhooks).where(_w.id == P("webhook")))
_REPLACE = Prepared(replacement(tables.webhooks, id="webhook"))
_REMOVE = Prepared(sa.delete(tables.webhooks).where(_w.id == P("webhook")))


class SqlWebhooks:
    """See `services.ports.Webhooks`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, webhook: Webhook) -> Webhook:
        row = self._connection.one(_ADD, **_webhook_values(webhook))
        assert row is not None  # noqa: S101  RETURNING always answers
        return replace(webhook, id=row[0])

    def all(self) -> list[Webhook]:
        return [_webhook(row) for row in self._connection.rows(_ALL)]

    def get(self, webhook: int) -> Webhook:
        row = self._connection.one(_GET, webhook=webhook)
        if row is None:
            raise NotFound("webhook", str(webhook))
        return _webhook(row)

    def replace(self, webhook: Webhook) -> None:
        values = _webhook_values(webhook)
        if not self._connection.run(_REPLACE, webhook=webhook.id, **values):
            raise NotFound("webhook", str(webhook.id))

    def remove(self, webhook: int) -> None:
        self._connection.run(_REMOVE, webhook=webhook)


def _webhook_values(webhook: Webhook) -> Values:
    domains = webhook.domains
    return {
        "url": webhook.url,
        "events": json.dumps([name.value for name in webhook.events]),
        "domains": None if domains is None else json.dumps(domains),
        "state": webhook.state.value,
        "secret": webhook.secret,
        "created_at": instant(webhook.created_at),
        "created_by": webhook.created_by,
        "old_secret": webhook.old_secret,
        "old_until": instant_or_none(webhook.old_until),
        "failing_since": instant_or_none(webhook.failing_since),
        "retry_at": instant_or_none(webhook.retry_at),
    }


def _webhook(row: Row) -> Webhook:
    return Webhook(
        id=row[0],
        url=row[1],
        events=tuple(NoticeName(name) for name in json.loads(row[2])),
        domains=None if row[3] is None else tuple(json.loads(row[3])),
        state=WebhookState(row[4]),
        secret=row[5],
        created_at=time_of(row[6]),
        created_by=row[7],
        failing_since=time_or_none(row[8]),
        retry_at=time_or_none(row[9]),
        old_secret=row[10],
        old_until=time_or_none(row[11]),
    )


_IS_PENDING = _d.state == sa.literal_column("'pending'")  # for the partial index
_DELIVERY = sa.select(
    *tables.deliveries.columns, _n.key, _n.time, _n.name, _n.object, _n.domain, _n.body
).join(tables.notices, _n.id == _d.notice)
_ADD_NOTICE = Prepared(insert_returning_id(tables.notices))
_ADD_DELIVERY = Prepared(insert(tables.deliveries))
_PAGE = Prepared(
    _DELIVERY.where(
        _d.id < P("before"),
        one_of(_d.webhook, "webhooks"),
        sa.or_(P("states") == "[]", one_of(_d.state, "states")),
    )
    .order_by(_d.id.desc())
    .limit(P("count"))
)
_GET_DELIVERY = Prepared(_DELIVERY.where(_d.id == P("delivery")))
_DUE = Prepared(
    _DELIVERY.where(_IS_PENDING, _d.webhook == P("to_webhook"), _d.next_at <= P("now"))
    .order_by(_d.next_at, _d.id)
    .limit(1)
)
_NEXT_AT = Prepared(
    sa.select(sa.func.min(_d.next_at)).where(_IS_PENDING, _d.webhook == P("to_webhook"))
)
_WRITTEN = ("state", "attempts", "next_at", "last_attempt_at", "last_status")
_REPLACE_DELIVERY = Prepared(
    sa.update(tables.deliveries)
    .where(_d.id == P("delivery"))
    .values(
        {_d[name]: P(f"new_{name}") for name in (*_WRITTEN, "last_error", "ended_at")}
    )
)
_PURGE = Prepared(
    sa.delete(tables.deliveries).where(
        _d.id.in_(
            sa.select(_d.id)
            .where(
                sa.or_(
                    _d.ended_at < P("before"),
                    _d.webhook.not_in(sa.select(_w.id)),
                )
            )
            .limit(P("count"))
        )
    )
)
_PURGE_NOTICES = Prepared(
    sa.delete(tables.notices).where(
        _n.id.in_(
            sa.select(_n.id)
            .where(
                _n.time < P("before"),
                ~sa.exists(sa.select(_d.id).where(_d.notice == _n.id)),
            )
            .limit(P("count"))
        )
    )
)


class SqlOutbox:
    """See `services.ports.Outbox`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, notice: Notice, webhooks: Iterable[int]) -> None:
        row = self._connection.one(
            _ADD_NOTICE,
            key=notice.key,
            time=instant(notice.time),
            name=notice.name.value,
            object=notice.object,
            domain=notice.domain,
            body=notice.body,
        )
        assert row is not None  # noqa: S101  RETURNING always answers
        self._connection.run_many(
            _ADD_DELIVERY,
            (
                {
                    "webhook": webhook,
                    "notice": row[0],
                    "state": DeliveryState.PENDING.value,
                    "attempts": 0,
                    "next_at": instant(notice.time),
                    "last_attempt_at": None,
                    "last_status": None,
                    "last_error": None,
                    "ended_at": None,
                }
                for webhook in webhooks
            ),
        )

    def page(
        self,
        *,
        before: int,
        limit: int,
        webhooks: Collection[int],
        states: Collection[DeliveryState] = (),
    ) -> list[Delivery]:
        rows = self._connection.rows(
            _PAGE,
            before=before,
            count=limit,
            webhooks=ids_json(webhooks),
            states=json.dumps([state.value for state in states]),
        )
        return [_delivery(row) for row in rows]

    def get(self, delivery: int) -> Delivery:
        row = self._connection.one(_GET_DELIVERY, delivery=delivery)
        if row is None:
            raise NotFound("delivery", str(delivery))
        return _delivery(row)

    def due(self, webhook: int, now: datetime) -> Delivery | None:
        row = self._connection.one(_DUE, to_webhook=webhook, now=instant(now))
        return _delivery(row) if row else None

    def next_at(self, webhook: int) -> datetime | None:
        row = self._connection.one(_NEXT_AT, to_webhook=webhook)
        return time_or_none(row[0]) if row else None

    def replace(self, delivery: Delivery) -> None:
        self._connection.run(
            _REPLACE_DELIVERY,
            delivery=delivery.id,
            new_state=delivery.state.value,
            new_attempts=delivery.attempts,
            new_next_at=instant(delivery.next_at),
            new_last_attempt_at=instant_or_none(delivery.last_attempt_at),
            new_last_status=delivery.last_status,
            new_last_error=delivery.last_error,
            new_ended_at=instant_or_none(delivery.ended_at),
        )

    def purge(self, before: datetime, limit: int) -> int:
        removed = self._connection.run(_PURGE, before=instant(before), count=limit)
        self._connection.run(_PURGE_NOTICES, before=instant(before), count=limit)
        return removed


def _delivery(row: Row) -> Delivery:
    return Delivery(
        id=row[0],
        webhook=row[1],
        state=DeliveryState(row[3]),
        attempts=row[4],
        next_at=time_of(row[5]),
        last_attempt_at=time_or_none(row[6]),
        last_status=row[7],
        last_error=row[8],
        ended_at=time_or_none(row[9]),
        notice=Notice(
            key=row[10],
            time=time_of(row[11]),
            name=NoticeName(row[12]),
            object=row[13],
            domain=row[14],
            body=row[15],
        ),
    )
