"""Where mail goes instead, in SQL."""

import json
from collections.abc import Collection, Sequence
from dataclasses import replace

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.addresses import stored_address
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.statements import Prepared, Row, insert, one_of
from postwarden.model.addresses import Address, domain_range
from postwarden.model.rewrites import TO_ADDRESS, Rewrite, RewriteKind, Source

_r = tables.rewrites.c
P = sa.bindparam

_ALL = sa.select(tables.rewrites)
_ADD = Prepared(insert(tables.rewrites, ignore_repeats=True))
_REMOVE = Prepared(
    sa.delete(tables.rewrites).where(
        _r.source_key == P("source"),
        _r.kind == P("wanted"),
        _r.target_key == P("key"),
        # Addresses are equal by their keys, however they are spelt.
        sa.or_(_r.target == P("text"), P("is_address") == 1),
    )
)
_FIND = Prepared(
    sa.select(_r.id).where(
        _r.source_key == P("source"), _r.kind == P("wanted"), _r.target_key == P("key")
    )
)
_OF = Prepared(_ALL.where(one_of(_r.source_key, "keys")).order_by(_r.id))
_PAGE = Prepared(
    _ALL.where(
        _r.id > P("after"),
        _r.source_key >= P("first"),
        _r.source_key < P("last"),
        one_of(_r.kind, "kinds"),
    )
    .order_by(_r.id)
    .limit(P("count"))
)
_LEADING_TO = Prepared(
    _ALL.where(
        # A literal: only so does SQLite take the partial index.
        sa.literal_column("target_key <> ''"),
        _r.target_key == P("key"),
        one_of(_r.kind, "kinds"),
    )
    .order_by(_r.id)
    .limit(P("count"))
)
_REMOVE_IN = Prepared(
    sa.delete(tables.rewrites).where(
        _r.source_key >= P("first"), _r.source_key < P("last")
    )
)
_AFTER_ALL = "\U0010ffff"
_EVERY = 2**31  # rows: whatever there is


class SqlRewrites:
    """See `services.ports.Rewrites`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, rewrite: Rewrite) -> bool:
        if isinstance(rewrite.target, Address) and self._connection.one(
            _FIND,
            source=rewrite.source.key,
            wanted=rewrite.kind.value,
            key=rewrite.target_key,
        ):
            return False
        return bool(
            self._connection.run(
                _ADD,
                source_key=rewrite.source.key,
                local_part=rewrite.source.local_part,
                domain=rewrite.source.domain,
                kind=rewrite.kind.value,
                target=str(rewrite.target),
                target_key=rewrite.target_key,
            )
        )

    def remove(self, rewrite: Rewrite) -> bool:
        return bool(
            self._connection.run(
                _REMOVE,
                source=rewrite.source.key,
                wanted=rewrite.kind.value,
                key=rewrite.target_key,
                text=str(rewrite.target),
                is_address=int(isinstance(rewrite.target, Address)),
            )
        )

    def of(self, keys: Sequence[str]) -> list[Rewrite]:
        rows = self._connection.rows(_OF, keys=json.dumps(list(keys)))
        return [_rewrite(row) for row in rows]

    def page(
        self,
        *,
        domain: str | None = None,
        kinds: Collection[RewriteKind] = (),
        after: int = 0,
        limit: int,
    ) -> list[Rewrite]:
        first, last = domain_range(domain) if domain else ("", _AFTER_ALL)
        rows = self._connection.rows(
            _PAGE,
            after=after,
            first=first,
            last=last,
            kinds=_kinds(kinds or RewriteKind),
            count=limit,
        )
        return [_rewrite(row) for row in rows]

    def leading_to(
        self, key: str, kinds: Collection[RewriteKind], limit: int
    ) -> list[Rewrite]:
        rows = self._connection.rows(
            _LEADING_TO, key=key, kinds=_kinds(kinds), count=limit
        )
        return [_rewrite(row) for row in rows]

    def repoint(self, old: Address, new: Address) -> int:
        found = self.leading_to(old.key, TO_ADDRESS, _EVERY)
        for each in found:
            self.remove(each)
            self.add(replace(each, target=new))
        return len(found)

    def remove_in(self, domain: str) -> int:
        first, last = domain_range(domain)
        return self._connection.run(_REMOVE_IN, first=first, last=last)


def _kinds(kinds: Collection[RewriteKind] | type[RewriteKind]) -> str:
    return json.dumps([kind.value for kind in kinds])


def _rewrite(row: Row) -> Rewrite:
    kind = RewriteKind(row[4])
    return Rewrite(
        id=row[0],
        source=Source(row[2], row[3]),
        kind=kind,
        target=stored_address(row[5]) if kind in TO_ADDRESS else row[5],
    )
