"""Messages in SQL: stored once, found by hash, Message-ID and fingerprint."""

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.portable import position
from postwarden.adapters.sql.statements import (
    Prepared,
    Row,
    ids_json,
    insert,
    insert_returning_id,
    instant_or_none,
    one_of,
    time_or_none,
)
from postwarden.model.errors import NotFound
from postwarden.model.messages import Message, NewMessage
from postwarden.services.ports import MessageDetails, References

_m = tables.messages.c
_r = tables.renderings.c
_x = tables.attached_messages.c
_f = tables.message_references.c
_c = tables.copies.c
_l = tables.ledger.c
_a = tables.accounts.c
_h = tables.header_addresses.c
_t = tables.attachments.c
P = sa.bindparam

_MESSAGE = sa.select(tables.messages)
_FIND = Prepared(
    _MESSAGE.where(_m.sha256 == P("sha256")).order_by(_m.tombstone).limit(1)
)
_MANY = Prepared(_MESSAGE.where(one_of(_m.id, "ids")))
_PAGE = Prepared(
    _MESSAGE.where(_m.id > P("after"), _m.tombstone == 0)
    .order_by(_m.id)
    .limit(P("count"))
)
_WITH_MESSAGE_ID = Prepared(
    _MESSAGE.where(_m.message_id == P("message_id")).order_by(_m.id).limit(P("count"))
)
_RENDERING = Prepared(sa.select(tables.renderings).where(_r.message == P("message")))
_RELATED = Prepared(
    sa.select(sa.func.count(sa.distinct(_f.message))).where(one_of(_f.reference, "ids"))
)
_CARRYING = {
    name: Prepared(
        _MESSAGE.where(_m.id.in_(sa.select(_x.message).where(_x[name] == P("value"))))
    )
    for name in ("sha256", "fingerprint", "content_fingerprint")
}
_HEADERS = Prepared(sa.select(_r.message, _r.header).where(one_of(_r.message, "ids")))
_ADDRESSES = Prepared(
    sa.select(_h.message, _h.field, _h.key)
    .where(one_of(_h.message, "ids"))
    .order_by(_h.field, _h.key)
)
_ATTACHMENTS = Prepared(
    sa.select(_t.message, _t.sha256)
    .where(one_of(_t.message, "ids"))
    .order_by(_t.message, _t.position)
)
_ADD = Prepared(insert_returning_id(tables.messages))


def _lies_in_domains(key: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    domain = sa.func.substr(key, 1, position(key, "/") - 1, type_=sa.Text)
    return one_of(domain, "domains")


_KNOWN_IN = Prepared(
    sa.select(_m.id).where(
        one_of(_m.id, "ids"),
        sa.or_(
            sa.exists().where(
                _c.message == _m.id, _a.id == _c.account_id, _lies_in_domains(_a.key)
            ),
            sa.exists().where(_l.message == _m.id, _lies_in_domains(_l.forward_key)),
            sa.exists().where(
                _l.message == _m.id, _a.id == _l.account_id, _lies_in_domains(_a.key)
            ),
        ),
    )
)
_ADD_RENDERING = Prepared(insert(tables.renderings))
_ADD_ADDRESS = Prepared(insert(tables.header_addresses, ignore_repeats=True))
_ADD_REFERENCE = Prepared(insert(tables.message_references, ignore_repeats=True))
_ADD_ATTACHMENT = Prepared(insert(tables.attachments))
_ADD_ATTACHED = Prepared(insert(tables.attached_messages))


class SqlMessages:
    """See `services.ports.Messages`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, sha256: bytes) -> Message | None:
        row = self._connection.one(_FIND, sha256=sha256)
        return message_of(row) if row else None

    def add(self, message: NewMessage) -> Message:
        known = self.find(message.sha256)
        if known is not None and not known.is_emptied:
            return known
        connection = self._connection
        row = connection.one(
            _ADD,
            sha256=message.sha256,
            size=message.size,
            message_id=message.message_id,
            subject=message.subject,
            author=message.author,
            date=instant_or_none(message.date),
            fingerprint=message.fingerprint,
            content_fingerprint=message.content_fingerprint,
            attachments=len(message.attachments),
            tombstone=0,
        )
        assert row is not None  # noqa: S101  RETURNING always answers
        self._add_details(row[0], message)
        return Message(
            id=row[0],
            sha256=message.sha256,
            size=message.size,
            message_id=message.message_id,
            subject=message.subject,
            author=message.author,
            date=message.date,
            fingerprint=message.fingerprint,
            content_fingerprint=message.content_fingerprint,
        )

    def _add_details(self, number: int, message: NewMessage) -> None:
        connection = self._connection
        connection.run(
            _ADD_RENDERING,
            message=number,
            envelope=message.envelope,
            bodystructure=message.bodystructure,
            header=message.header,
        )
        connection.run_many(
            _ADD_ADDRESS,
            (
                {"key": key, "field": field, "message": number}
                for field, key in message.header_addresses
            ),
        )
        connection.run_many(
            _ADD_REFERENCE,
            ({"reference": r, "message": number} for r in message.references),
        )
        connection.run_many(
            _ADD_ATTACHMENT,
            (
                {
                    "message": number,
                    "position": position,
                    "filename": each.filename,
                    "content_type": each.content_type,
                    "size": each.size,
                    "sha256": each.sha256,
                }
                for position, each in enumerate(message.attachments)
            ),
        )
        connection.run_many(
            _ADD_ATTACHED,
            (
                {
                    "message": number,
                    "position": position,
                    "sha256": each.sha256,
                    "message_id": each.message_id,
                    "fingerprint": each.fingerprint,
                    "content_fingerprint": each.content_fingerprint,
                }
                for position, each in enumerate(message.attached_messages)
            ),
        )

    def many(self, messages: Iterable[int]) -> dict[int, Message]:
        rows = self._connection.rows(_MANY, ids=ids_json(messages))
        return {row[0]: message_of(row) for row in rows}

    def with_message_id(self, message_id: str, *, limit: int = 1000) -> list[Message]:
        rows = self._connection.rows(
            _WITH_MESSAGE_ID, message_id=message_id, count=limit
        )
        return [message_of(row) for row in rows]

    def known_in(self, messages: Sequence[int], domains: Collection[str]) -> set[int]:
        rows = self._connection.rows(
            _KNOWN_IN, ids=ids_json(messages), domains=json.dumps(sorted(domains))
        )
        return {row[0] for row in rows}

    def rendering(self, message: int) -> tuple[bytes, bytes, bytes]:
        row = self._connection.one(_RENDERING, message=message)
        if row is None:
            raise NotFound("message", str(message))
        return row[1], row[2], row[3]

    def details(self, messages: Iterable[int]) -> dict[int, MessageDetails]:
        ids = ids_json(messages)
        headers: dict[int, bytes] = dict(self._connection.rows(_HEADERS, ids=ids))
        addresses: dict[int, list[tuple[str, str]]] = {}
        for message, field, key in self._connection.rows(_ADDRESSES, ids=ids):
            addresses.setdefault(message, []).append((field, key))
        attachments: dict[int, list[bytes]] = {}
        for message, sha256 in self._connection.rows(_ATTACHMENTS, ids=ids):
            attachments.setdefault(message, []).append(sha256)
        return {
            message: MessageDetails(
                header_addresses=tuple(addresses.get(message, ())),
                attachments=tuple(attachments.get(message, ())),
                header=header,
            )
            for message, header in headers.items()
        }

    def carrying(self, references: References) -> dict[int, Message]:
        wanted = {
            "sha256": references.sha256s,
            "fingerprint": references.fingerprints,
            "content_fingerprint": references.content_fingerprints,
        }
        return {
            row[0]: message_of(row)
            for name, values in wanted.items()
            for value in values
            for row in self._connection.rows(_CARRYING[name], value=value)
        }

    def related(self, message_ids: Sequence[str]) -> int:
        row = self._connection.one(_RELATED, ids=json.dumps(list(message_ids)))
        return int(row[0]) if row else 0

    def page(self, *, after: int, limit: int) -> list[Message]:
        rows = self._connection.rows(_PAGE, after=after, count=limit)
        return [message_of(row) for row in rows]


def message_of(row: Row) -> Message:
    """Return the message that a row of `messages` is."""
    return Message(
        id=row[0],
        sha256=row[1],
        size=row[2],
        message_id=row[3],
        subject=row[4],
        author=row[5],
        date=time_or_none(row[6]),
        fingerprint=row[7],
        content_fingerprint=row[8],
        is_emptied=row[10] != 0,
    )
