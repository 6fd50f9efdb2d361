"""Passkeys and challenges in SQL."""

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection, ConstraintViolation
from postwarden.adapters.sql.statements import (
    Prepared,
    Row,
    insert,
    insert_returning_id,
    instant,
    instant_or_none,
    time_of,
    time_or_none,
)
from postwarden.model.errors import AlreadyExists
from postwarden.model.logins import Ceremony, Challenge, Passkey

_p = tables.passkeys.c
_c = tables.challenges.c
P = sa.bindparam

_PASSKEY = sa.select(tables.passkeys)
_WITH_CREDENTIAL = Prepared(_PASSKEY.where(_p.credential == P("credential")))
_WITH_ID = Prepared(_PASSKEY.where(_p.id == P("passkey")))
_ADD = Prepared(insert_returning_id(tables.passkeys))
_USED = Prepared(
    sa.update(tables.passkeys)
    .where(_p.id == P("passkey"))
    .values(sign_count=P("uses"), last_used_at=P("time"))
)
_OF = Prepared(
    _PASSKEY.where(_p.administrator_id == P("administrator")).order_by(_p.id)
)
_REMOVE = Prepared(sa.delete(tables.passkeys).where(_p.id == P("passkey")))
_REMOVE_ALL = Prepared(
    sa.delete(tables.passkeys).where(_p.administrator_id == P("administrator"))
)

_ADD_CHALLENGE = Prepared(insert(tables.challenges))
_TAKE = Prepared(
    sa.delete(tables.challenges)
    .where(_c.digest == P("digest"))
    .returning(tables.challenges)
)
_COUNT = Prepared(sa.select(sa.func.count()).select_from(tables.challenges))
_REMOVE_ENDED = Prepared(
    sa.delete(tables.challenges).where(
        _c.digest.in_(
            sa.select(_c.digest).where(_c.expires_at <= P("now")).limit(P("count"))
        )
    )
)


class SqlPasskeys:
    """See `services.ports.passkeys.Passkeys`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def with_credential(self, credential: bytes) -> Passkey | None:
        row = self._connection.one(_WITH_CREDENTIAL, credential=credential)
        return _passkey(row) if row else None

    def with_id(self, passkey: int) -> Passkey | None:
        row = self._connection.one(_WITH_ID, passkey=passkey)
        return _passkey(row) if row else None

    def add(self, passkey: Passkey) -> Passkey:
        try:
            with self._connection.constrained():
                row = self._connection.one(
                    _ADD,
                    administrator_id=passkey.administrator,
                    credential=passkey.credential,
                    public_key=passkey.public_key,
                    sign_count=passkey.sign_count,
                    name=passkey.name,
                    created_at=instant(passkey.created_at),
                    last_used_at=instant_or_none(passkey.last_used_at),
                )
        except ConstraintViolation as error:
            raise AlreadyExists("passkey", passkey.name) from error
        assert row is not None  # noqa: S101  RETURNING always answers
        return replace(passkey, id=row[0])

    def remember_use(self, passkey: int, sign_count: int, time: datetime) -> None:
        self._connection.run(
            _USED, passkey=passkey, uses=sign_count, time=instant(time)
        )

    def of(self, administrator: int) -> list[Passkey]:
        rows = self._connection.rows(_OF, administrator=administrator)
        return [_passkey(row) for row in rows]

    def remove(self, passkey: int) -> None:
        self._connection.run(_REMOVE, passkey=passkey)

    def remove_all(self, administrator: int) -> None:
        self._connection.run(_REMOVE_ALL, administrator=administrator)


class SqlChallenges:
    """See `services.ports.passkeys.Challenges`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, challenge: Challenge) -> None:
        self._connection.run(
            _ADD_CHALLENGE,
            digest=challenge.digest,
            challenge=challenge.challenge,
            ceremony=challenge.ceremony.value,
            administrator_id=challenge.administrator,
            expires_at=instant(challenge.expires_at),
        )

    def take(self, digest: bytes) -> Challenge | None:
        row = self._connection.one(_TAKE, digest=digest)
        if row is None:
            return None
        return Challenge(
            digest=row[0],
            challenge=row[1],
            ceremony=Ceremony(row[2]),
            administrator=row[3],
            expires_at=time_of(row[4]),
        )

    def count(self) -> int:
        row = self._connection.one(_COUNT)
        return int(row[0]) if row else 0

    def remove_ended(self, now: datetime, *, limit: int) -> int:
        return self._connection.run(_REMOVE_ENDED, now=instant(now), count=limit)


def _passkey(row: Row) -> Passkey:
    return Passkey(
        id=row[0],
        administrator=row[1],
        credential=row[2],
        public_key=row[3],
        sign_count=row[4],
        name=row[5],
        created_at=time_of(row[6]),
        last_used_at=time_or_none(row[7]),
    )
