"""Sessions and login links in SQL."""

from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.statements import (
    Prepared,
    Row,
    insert,
    insert_returning_id,
    instant,
    time_of,
)
from postwarden.model.logins import Factor, LoginLink, LoginSession

_s = tables.sessions.c
_l = tables.login_links.c
P = sa.bindparam
_MICROSECOND = timedelta(microseconds=1)

_SESSION = sa.select(tables.sessions)
_WITH_DIGEST = Prepared(_SESSION.where(_s.digest == P("digest")))
_WITH_ID = Prepared(_SESSION.where(_s.id == P("session")))
_ADD = Prepared(insert_returning_id(tables.sessions))
_USED = Prepared(
    sa.update(tables.sessions)
    .where(_s.id == P("session"))
    .values(last_seen_at=P("time"), idle_until=P("time") + _s.idle)
)
_REMOVE = Prepared(sa.delete(tables.sessions).where(_s.id == P("session")))
_REMOVE_ALL = Prepared(
    sa.delete(tables.sessions).where(_s.administrator_id == P("administrator"))
)
_REMOVE_ENDED = Prepared(
    sa.delete(tables.sessions).where(
        _s.id.in_(
            sa.select(_s.id)
            .where(sa.or_(_s.idle_until <= P("now"), _s.expires_at <= P("now")))
            .limit(P("count"))
        )
    )
)
_OF = Prepared(
    _SESSION.where(_s.administrator_id == P("administrator"), _s.id > P("after"))
    .order_by(_s.id)
    .limit(P("count"))
)
_PAGE = Prepared(_SESSION.where(_s.id > P("after")).order_by(_s.id).limit(P("count")))

_ADD_LINK = Prepared(insert(tables.login_links))
_TAKE_LINK = Prepared(
    sa.delete(tables.login_links)
    .where(_l.digest == P("digest"))
    .returning(tables.login_links)
)
_REMOVE_LINKS = Prepared(
    sa.delete(tables.login_links).where(_l.administrator_id == P("administrator"))
)
_REMOVE_ENDED_LINKS = Prepared(
    sa.delete(tables.login_links).where(
        _l.digest.in_(
            sa.select(_l.digest).where(_l.expires_at <= P("now")).limit(P("count"))
        )
    )
)


class SqlLoginSessions:
    """See `services.ports.LoginSessions`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def with_digest(self, digest: bytes) -> LoginSession | None:
        row = self._connection.one(_WITH_DIGEST, digest=digest)
        return _session(row) if row else None

    def with_id(self, session: int) -> LoginSession | None:
        row = self._connection.one(_WITH_ID, session=session)
        return _session(row) if row else None

    def add(self, session: LoginSession) -> LoginSession:
        row = self._connection.one(
            _ADD,
            administrator_id=session.administrator,
            digest=session.digest,
            factor=session.factor.value,
            created_at=instant(session.created_at),
            last_seen_at=instant(session.last_seen_at),
            expires_at=instant(session.expires_at),
            idle=session.idle // _MICROSECOND,
            idle_until=instant(session.last_seen_at + session.idle),
            client_ip=session.client_ip,
            agent=session.agent,
        )
        assert row is not None  # noqa: S101  RETURNING always answers
        return replace(session, id=row[0])

    def remember_use(self, session: int, time: datetime) -> None:
        self._connection.run(_USED, session=session, time=instant(time))

    def remove(self, session: int) -> None:
        self._connection.run(_REMOVE, session=session)

    def remove_all(self, administrator: int) -> None:
        self._connection.run(_REMOVE_ALL, administrator=administrator)

    def remove_ended(self, now: datetime, *, limit: int) -> int:
        return self._connection.run(_REMOVE_ENDED, now=instant(now), count=limit)

    def of(
        self, administrator: int, *, after: int = 0, limit: int
    ) -> list[LoginSession]:
        rows = self._connection.rows(
            _OF, administrator=administrator, after=after, count=limit
        )
        return [_session(row) for row in rows]

    def page(self, *, after: int = 0, limit: int) -> list[LoginSession]:
        rows = self._connection.rows(_PAGE, after=after, count=limit)
        return [_session(row) for row in rows]


class SqlLoginLinks:
    """See `services.ports.LoginLinks`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, link: LoginLink) -> None:
        self._connection.run(
            _ADD_LINK,
            digest=link.digest,
            administrator_id=link.administrator,
            created_at=instant(link.created_at),
            created_by=link.created_by,
            expires_at=instant(link.expires_at),
        )

    def take(self, digest: bytes) -> LoginLink | None:
        row = self._connection.one(_TAKE_LINK, digest=digest)
        if row is None:
            return None
        return LoginLink(
            digest=row[0],
            administrator=row[1],
            created_at=time_of(row[2]),
            created_by=row[3],
            expires_at=time_of(row[4]),
        )

    def remove_all(self, administrator: int) -> None:
        self._connection.run(_REMOVE_LINKS, administrator=administrator)

    def remove_ended(self, now: datetime, *, limit: int) -> int:
        return self._connection.run(_REMOVE_ENDED_LINKS, now=instant(now), count=limit)


def _session(row: Row) -> LoginSession:
    return LoginSession(
        id=row[0],
        administrator=row[1],
        digest=row[2],
        factor=Factor(row[3]),
        created_at=time_of(row[4]),
        last_seen_at=time_of(row[5]),
        expires_at=time_of(row[6]),
        idle=row[7] * _MICROSECOND,
        client_ip=row[9],
        agent=row[10],
    )
