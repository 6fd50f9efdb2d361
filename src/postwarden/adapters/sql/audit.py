"""The audit log in SQL.

Ids are given here, one behind the newest, so that the primary key lets one entry
alone follow another, whatever the engine's own counters do.
"""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.portable import member_rows
from postwarden.adapters.sql.statements import (
    Prepared,
    Row,
    insert,
    instant,
    one_of,
    time_of,
)
from postwarden.model.audit import AuditEntry, AuditHead, chained
from postwarden.model.audit_heads import SignedHead

_u, _h = tables.audit.c, tables.audit_heads.c
P = sa.bindparam

_RECORD = Prepared(sa.insert(tables.audit).values({c: P(c.name) for c in _u}))
_HEAD = Prepared(sa.select(_u.id, _u.hash).order_by(_u.id.desc()).limit(1))
_NEWEST = Prepared(
    sa.select(tables.audit)
    .where(_u.object == P("object"))
    .order_by(_u.id.desc())
    .limit(P("count"))
)
_ADD_SIGNED = Prepared(
    insert(tables.audit_heads, ignore_repeats=True)  # two processes may sign at once
)
_SIGNED = sa.select(tables.audit_heads)
_NEWEST_SIGNED = Prepared(_SIGNED.order_by(_h.entry.desc(), _h.time.desc()).limit(1))
_SIGNED_OF = Prepared(
    _SIGNED.where(_h.entry > P("after"), _h.entry <= P("up_to")).order_by(
        _h.entry, _h.public_key
    )
)
_concerned, _its_domain = member_rows(_u.domains, sa.Text())
_FOREIGN = sa.exists(
    sa.select(sa.literal(1))
    .select_from(_concerned)
    .where(~one_of(_its_domain, "domains"))
)
_FILTERS = {
    "actor": _u.actor == P("actor"),
    "dialect": _u.dialect == P("dialect"),
    "object": _u.object == P("object"),
    "since": _u.time >= P("since"),
    "domains": one_of(_u.domain, "domains")
    & (_u.domains.is_(None) | ~_FOREIGN),  # the index is on the first domain
}


@cache
def _page(filters: frozenset[str]) -> Prepared:
    """Return the statement of one set of filters, so that each takes its index."""
    return Prepared(
        sa.select(tables.audit)
        .where(_u.id > P("after"), *(_FILTERS[name] for name in sorted(filters)))
        .order_by(_u.id)
        .limit(P("count"))
    )


class SqlAuditLog:
    """See `services.ports.AuditLog`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def record(self, entry: AuditEntry) -> None:
        new = chained(entry, self.head())
        self._connection.run(
            _RECORD,
            id=new.id,
            time=instant(new.time),
            actor=new.actor,
            on_behalf_of=new.on_behalf_of,
            dialect=new.dialect,
            client_ip=new.client_ip,
            request_id=new.request_id,
            action=new.action,
            object=new.object,
            domain=new.domain,
            before=_json(new.before),
            after=_json(new.after),
            reason=new.reason,
            previous_hash=new.previous_hash,
            hash=new.hash,
            domains=json.dumps(new.domains) if new.domains else None,
        )

    def head(self) -> AuditHead | None:
        row = self._connection.one(_HEAD)
        return AuditHead(entry=row[0], hash=row[1]) if row else None

    def page(
        self,
        *,
        after: int = 0,
        limit: int,
        actor: str | None = None,
        dialect: str | None = None,
        object: str | None = None,  # noqa: A002  the field's name in the contract
        since: datetime | None = None,
        domains: Collection[str] | None = None,
    ) -> list[AuditEntry]:
        values: dict[str, Any] = {
            "actor": actor,
            "dialect": dialect,
            "object": object,
            "since": None if since is None else instant(since),
            "domains": None if domains is None else json.dumps(sorted(domains)),
        }
        given = {name: value for name, value in values.items() if value is not None}
        statement = _page(frozenset(given))
        rows = self._connection.rows(statement, after=after, count=limit, **given)
        return [_entry(row) for row in rows]

    def newest(self, object: str, *, limit: int) -> list[AuditEntry]:  # noqa: A002
        rows = self._connection.rows(_NEWEST, object=object, count=limit)
        return [_entry(row) for row in rows]

    def add_signed(self, head: SignedHead) -> None:
        self._connection.run(
            _ADD_SIGNED,
            entry=head.entry,
            public_key=head.public_key,
            hash=head.hash,
            time=instant(head.time),
            signature=head.signature,
        )

    def newest_signed(self) -> SignedHead | None:
        row = self._connection.one(_NEWEST_SIGNED)
        return _signed_head(row) if row else None

    def signed(self, *, after: int, up_to: int) -> list[SignedHead]:
        rows = self._connection.rows(_SIGNED_OF, after=after, up_to=up_to)
        return [_signed_head(row) for row in rows]


def _signed_head(row: Row) -> SignedHead:
    return SignedHead(
        entry=row[0],
        public_key=row[1],
        hash=row[2],
        time=time_of(row[3]),
        signature=row[4],
    )


def _json(value: Mapping[str, object] | None) -> str | None:
    return None if value is None else json.dumps(value, sort_keys=True)


def _read(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _entry(row: Row) -> AuditEntry:
    return AuditEntry(
        id=row[0],
        time=time_of(row[1]),
        actor=row[2],
        on_behalf_of=row[3],
        dialect=row[4],
        client_ip=row[5],
        request_id=row[6],
        action=row[7],
        object=row[8],
        domain=row[9],
        before=_read(row[10]),
        after=_read(row[11]),
        reason=row[12],
        previous_hash=row[13],
        hash=row[14],
        domains=tuple(_read(row[15]) or ()),
    )
