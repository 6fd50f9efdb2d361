"""Envelopes as accepted, pending deliveries, and the queue, in SQL."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.statements import (
    Prepared,
    Row,
    ids_json,
    insert,
    insert_returning_id,
    instant,
    one_of,
    time_of,
)
from postwarden.model.addresses import Address
from postwarden.model.envelopes import Envelope, EnvelopeRecipient
from postwarden.model.errors import NotFound
from postwarden.model.networks import ip_key
from postwarden.model.queue import QueueEntry, QueueState
from postwarden.services.ports.operations import PendingDelivery, Reception

_r = tables.receptions.c
_p = tables.reception_recipients.c
_d = tables.pending_deliveries.c
_q = tables.queue.c
P = sa.bindparam

_ADD = Prepared(insert_returning_id(tables.receptions))
_GET = Prepared(sa.select(tables.receptions).where(_r.id == P("reception")))
_TRACE_IDS = Prepared(sa.select(_r.id, _r.trace_id).where(one_of(_r.id, "ids")))
_ADD_RECIPIENT = Prepared(insert(tables.reception_recipients))
_RECIPIENTS = Prepared(
    sa.select(_p.address, _p.notify, _p.original)
    .where(_p.reception == P("reception"))
    .order_by(_p.position)
)
_ADD_PENDING = Prepared(insert(tables.pending_deliveries))
_PENDING = Prepared(
    sa.select(tables.pending_deliveries)
    .where(_d.reception == P("reception"))
    .order_by(_d.position)
    .limit(P("count"))
)
_REMOVE_PENDING = Prepared(
    sa.delete(tables.pending_deliveries).where(
        _d.reception == P("reception_id"), _d.position <= P("up_to")
    )
)
_ADD_QUEUED = Prepared(insert(tables.queue))
_QUEUE_PAGE = Prepared(
    sa.select(tables.queue).where(_q.id > P("after")).order_by(_q.id).limit(P("count"))
)


class SqlReceptions:
    """See `services.ports.Receptions`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        trace_id: str,
        message: int,
        time: datetime,
        envelope: Envelope,
        *,
        host: str | None = None,
    ) -> Reception:
        reverse = envelope.reverse_path
        row = self._connection.one(
            _ADD,
            trace_id=trace_id,
            message=message,
            received_at=instant(time),
            reverse_path="" if reverse is None else str(reverse),
            reverse_key="" if reverse is None else reverse.key,
            client_ip=envelope.peer.ip or None,
            client_key=ip_key(envelope.peer.ip),
            helo=envelope.helo,
            protocol=envelope.protocol,
            login=envelope.login,
            body=envelope.body,
            ret=envelope.ret,
            envid=envelope.envid,
            host=host,
            tls=envelope.peer.tls,
        )
        assert row is not None  # noqa: S101  RETURNING always answers
        self._connection.run_many(
            _ADD_RECIPIENT,
            (
                {
                    "reception": row[0],
                    "position": position,
                    "address": str(each.forward_path),
                    "key": each.forward_path.key,
                    "notify": ",".join(each.notify),
                    "original": each.original_recipient,
                }
                for position, each in enumerate(envelope.recipients)
            ),
        )
        return Reception(
            id=row[0],
            trace_id=trace_id,
            message=message,
            received_at=time,
            reverse_path=reverse,
            client_ip=envelope.peer.ip or None,
            helo=envelope.helo,
            protocol=envelope.protocol,
            login=envelope.login,
            host=host,
            tls=envelope.peer.tls,
        )

    def get(self, reception: int) -> Reception:
        row = self._connection.one(_GET, reception=reception)
        if row is None:
            raise NotFound("reception", str(reception))
        return Reception(
            id=row[0],
            trace_id=row[1],
            message=row[2],
            received_at=time_of(row[3]),
            reverse_path=_path(row[4]),
            client_ip=row[6],
            helo=row[8],
            protocol=row[9],
            login=row[10],
            host=row[14],
            tls=row[15],
        )

    def trace_ids(self, receptions: Iterable[int | None]) -> dict[int | None, str]:
        known = ids_json(each for each in receptions if each is not None)
        return dict(self._connection.rows(_TRACE_IDS, ids=known))

    def recipients(self, reception: int) -> list[EnvelopeRecipient]:
        return [
            EnvelopeRecipient(
                forward_path=Address.parse(row[0]),
                notify=tuple(row[1].split(",")) if row[1] else (),
                original_recipient=row[2],
            )
            for row in self._connection.rows(_RECIPIENTS, reception=reception)
        ]

    def add_pending(
        self, reception: int, deliveries: Sequence[PendingDelivery]
    ) -> None:
        self._connection.run_many(
            _ADD_PENDING,
            (
                {
                    "reception": reception,
                    "position": each.position,
                    "recipient": each.recipient,
                    "via": str(each.via),
                    "account_id": each.account,
                    "foreign_address": str(each.foreign) if each.foreign else None,
                }
                for each in deliveries
            ),
        )

    def pending(self, reception: int, limit: int) -> list[PendingDelivery]:
        return [
            PendingDelivery(
                position=row[1],
                recipient=row[2],
                via=Address.parse(row[3]),
                account=row[4],
                foreign=_path(row[5]),
            )
            for row in self._connection.rows(_PENDING, reception=reception, count=limit)
        ]

    def remove_pending(self, reception: int, up_to_position: int) -> None:
        self._connection.run(
            _REMOVE_PENDING, reception_id=reception, up_to=up_to_position
        )


class SqlQueue:
    """See `services.ports.Queue`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, entries: Iterable[QueueEntry]) -> None:
        self._connection.run_many(
            _ADD_QUEUED,
            (
                {
                    "trace_id": entry.trace_id,
                    "reception": entry.reception,
                    "recipient": entry.recipient,
                    "message": entry.message,
                    "reverse_path": str(entry.reverse_path or ""),
                    "forward_path": str(entry.forward_path),
                    "via": str(entry.via),
                    "state": entry.state.value,
                    "created_at": instant(entry.created_at),
                }
                for entry in entries
            ),
        )

    def page(self, *, after: int = 0, limit: int) -> list[QueueEntry]:
        rows = self._connection.rows(_QUEUE_PAGE, after=after, count=limit)
        return [_queue_entry(row) for row in rows]


def _queue_entry(row: Row) -> QueueEntry:
    return QueueEntry(
        id=row[0],
        trace_id=row[1],
        reception=row[2],
        recipient=row[3],
        message=row[4],
        reverse_path=_path(row[5]),
        forward_path=Address.parse(row[6]),
        via=Address.parse(row[7]),
        state=QueueState(row[8]),
        created_at=time_of(row[9]),
    )


def _path(text: str | None) -> Address | None:
    return Address.parse(text) if text else None
