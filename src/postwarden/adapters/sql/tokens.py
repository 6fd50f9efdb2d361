"""Tokens of programs in SQL."""

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.statements import (
    Prepared,
    Row,
    Values,
    insert_returning_id,
    instant,
    time_of,
)
from postwarden.model.tokens import TokenGrant

_g = tables.token_grants.c
P = sa.bindparam

_GRANT = sa.select(
    *(_g.id, _g.administrator_id, _g.account_id, _g.client, _g.access, _g.refresh),
    *(_g.proof, _g.created_at, _g.access_until, _g.until, _g.domain, _g.spent),
)
_WITH_ACCESS = Prepared(_GRANT.where(_g.access == P("digest")))
_WITH_REFRESH = Prepared(_GRANT.where(_g.refresh == P("digest")))
_WITH_SPENT = Prepared(
    _GRANT.where(sa.text("spent IS NOT NULL"), _g.spent == P("digest"))
)
_REMOVE_SLOT = Prepared(
    sa.delete(tables.token_grants).where(
        _g.holder == P("holder"), _g.client == P("client")
    )
)
_ADD = Prepared(insert_returning_id(tables.token_grants))
_RENEW = Prepared(
    sa.update(tables.token_grants)
    .where(_g.id == P("grant"))
    .values(
        access=P("new_access"),
        refresh=P("new_refresh"),
        spent=P("new_spent"),
        access_until=P("new_access_until"),
        until=P("new_until"),
    )
)
_REMOVE = Prepared(sa.delete(tables.token_grants).where(_g.id == P("grant")))
_OF = Prepared(_GRANT.where(_g.holder == P("holder")).order_by(_g.id).limit(P("count")))
_REMOVE_ENDED = Prepared(
    sa.delete(tables.token_grants).where(
        _g.id.in_(sa.select(_g.id).where(_g.until <= P("now")).limit(P("count")))
    )
)


class SqlTokenGrants:
    """See `services.ports.tokens.TokenGrants`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def with_access(self, digest: bytes) -> TokenGrant | None:
        row = self._connection.one(_WITH_ACCESS, digest=digest)
        return _grant(row) if row else None

    def with_refresh(self, digest: bytes) -> TokenGrant | None:
        row = self._connection.one(_WITH_REFRESH, digest=digest)
        row = row or self._connection.one(_WITH_SPENT, digest=digest)
        return _grant(row) if row else None

    def put(self, grant: TokenGrant) -> TokenGrant:
        self._connection.run(_REMOVE_SLOT, holder=grant.holder, client=grant.client)
        row = self._connection.one(_ADD, **_values(grant))
        assert row is not None  # noqa: S101  RETURNING always answers
        return replace(grant, id=row[0])

    def replace(self, grant: TokenGrant) -> None:
        self._connection.run(
            _RENEW,
            grant=grant.id,
            new_access=grant.access,
            new_refresh=grant.refresh,
            new_spent=grant.spent,
            new_access_until=instant(grant.access_until),
            new_until=instant(grant.until),
        )

    def remove(self, grant: int) -> None:
        self._connection.run(_REMOVE, grant=grant)

    def of(self, holder: str, *, limit: int) -> list[TokenGrant]:
        rows = self._connection.rows(_OF, holder=holder, count=limit)
        return [_grant(row) for row in rows]

    def remove_ended(self, now: datetime, *, limit: int) -> int:
        return self._connection.run(_REMOVE_ENDED, now=instant(now), count=limit)


def _grant(row: Row) -> TokenGrant:
    return TokenGrant(
        id=row[0],
        administrator=row[1],
        account=row[2],
        client=row[3],
        access=row[4],
        refresh=row[5],
        proof=row[6],
        created_at=time_of(row[7]),
        access_until=time_of(row[8]),
        until=time_of(row[9]),
        domain=row[10],
        spent=row[11],
    )


def _values(grant: TokenGrant) -> Values:
    return {
        "holder": grant.holder,
        "client": grant.client,
        "administrator_id": grant.administrator,
        "account_id": grant.account,
        "domain": grant.domain,
        "access": grant.access,
        "refresh": grant.refresh,
        "spent": grant.spent,
        "proof": grant.proof,
        "created_at": instant(grant.created_at),
        "access_until": instant(grant.access_until),
        "until": instant(grant.until),
    }
