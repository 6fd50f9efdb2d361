"""Administrators, roles and API keys in SQL."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_network

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.connection import Connection, ConstraintViolation
from postwarden.adapters.sql.portable import members
from postwarden.adapters.sql.statements import (
    Prepared,
    Row,
    Values,
    insert,
    insert_returning_id,
    instant,
    instant_or_none,
    time_of,
    time_or_none,
)
from postwarden.model.administrators import (
    Administrator,
    AdministratorState,
    ApiKey,
)
from postwarden.model.errors import AlreadyExists, NotFound
from postwarden.model.permissions import Permission, Role

_a = tables.administrators.c
_r = tables.roles.c
_k = tables.api_keys.c
P = sa.bindparam

_ADMINISTRATOR = sa.select(tables.administrators)
_FIND = Prepared(_ADMINISTRATOR.where(_a.name == P("name")))
_WITH_ID = Prepared(_ADMINISTRATOR.where(_a.id == P("administrator")))
_ADD = Prepared(insert_returning_id(tables.administrators))
_REPLACE = Prepared(
    sa.update(tables.administrators)
    .where(_a.id == P("administrator"))
    .values({c: P(c.name) for c in _a if c.name not in {"id", "name", "last_login_at"}})
)
_LOGIN = Prepared(
    sa.update(tables.administrators)
    .where(_a.id == P("administrator"))
    .values(last_login_at=P("time"))
)
_REMOVE = Prepared(sa.delete(tables.administrators).where(_a.id == P("administrator")))
_PAGE = Prepared(
    _ADMINISTRATOR.where(_a.name > P("after")).order_by(_a.name).limit(P("count"))
)
_OF_DOMAIN = Prepared(
    _ADMINISTRATOR.where(
        _a.domains.is_not(None), P("domain").in_(members(_a.domains, sa.Text()))
    ).order_by(_a.id)
)
_WITH_ROLE = Prepared(
    _ADMINISTRATOR.where(_a.role == P("role")).order_by(_a.id).limit(P("count"))
)
_COUNT_EVERYWHERE = Prepared(
    sa.select(sa.func.count())
    .select_from(tables.administrators)
    .where(
        _a.role == P("role"),
        _a.domains.is_(None),
        _a.state == AdministratorState.ACTIVE.value,
    )
)

_FIND_ROLE = Prepared(sa.select(tables.roles).where(_r.name == P("name")))
_ADD_ROLE = Prepared(insert(tables.roles))
_REPLACE_ROLE = Prepared(
    sa.update(tables.roles)
    .where(_r.name == P("role"))
    .values(description=P("description"), permissions=P("permissions"))
)
_REMOVE_ROLE = Prepared(sa.delete(tables.roles).where(_r.name == P("name")))
_ROLES = Prepared(
    sa.select(tables.roles)
    .where(_r.name > P("after"))
    .order_by(_r.name)
    .limit(P("count"))
)

_KEY = sa.select(tables.api_keys)
_WITH_DIGEST = Prepared(_KEY.where(_k.digest == P("digest")))
_KEY_WITH_ID = Prepared(_KEY.where(_k.id == P("key")))
_ADD_KEY = Prepared(insert_returning_id(tables.api_keys))
_REVOKE = Prepared(
    sa.update(tables.api_keys).where(_k.id == P("key")).values(revoked_at=P("time"))
)
_USED = Prepared(
    sa.update(tables.api_keys).where(_k.id == P("key")).values(last_used_at=P("time"))
)
_KEYS_OF = Prepared(
    _KEY.where(_k.administrator_id == P("administrator"), _k.id > P("after"))
    .order_by(_k.id)
    .limit(P("count"))
)
_KEYS = Prepared(_KEY.where(_k.id > P("after")).order_by(_k.id).limit(P("count")))
_REMOVE_KEYS = Prepared(
    sa.delete(tables.api_keys).where(_k.administrator_id == P("administrator"))
)


class SqlAdministrators:
    """See `services.ports.Administrators`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, name: str) -> Administrator | None:
        row = self._connection.one(_FIND, name=name)
        return _administrator(row) if row else None

    def with_id(self, administrator: int) -> Administrator | None:
        row = self._connection.one(_WITH_ID, administrator=administrator)
        return _administrator(row) if row else None

    def add(self, administrator: Administrator) -> Administrator:
        try:
            with self._connection.constrained():
                row = self._connection.one(
                    _ADD,
                    **_values(administrator),
                    name=administrator.name,
                    last_login_at=instant_or_none(administrator.last_login_at),
                )
        except ConstraintViolation as error:
            raise AlreadyExists("admin", administrator.name) from error
        assert row is not None  # noqa: S101  RETURNING always answers
        return replace(administrator, id=row[0])

    def replace(self, administrator: Administrator) -> None:
        known = self._connection.run(
            _REPLACE, administrator=administrator.id, **_values(administrator)
        )
        if not known:
            raise NotFound("admin", administrator.name)

    def remember_login(self, administrator: int, time: datetime) -> None:
        self._connection.run(_LOGIN, administrator=administrator, time=instant(time))

    def remove(self, administrator: int) -> None:
        self._connection.run(_REMOVE, administrator=administrator)

    def page(self, *, after: str = "", limit: int) -> list[Administrator]:
        rows = self._connection.rows(_PAGE, after=after, count=limit)
        return [_administrator(row) for row in rows]

    def of_domain(self, domain: str) -> list[Administrator]:
        rows = self._connection.rows(_OF_DOMAIN, domain=domain)
        return [_administrator(row) for row in rows]

    def with_role(self, role: str, *, limit: int) -> list[Administrator]:
        rows = self._connection.rows(_WITH_ROLE, role=role, count=limit)
        return [_administrator(row) for row in rows]

    def count_everywhere(self, role: str) -> int:
        row = self._connection.one(_COUNT_EVERYWHERE, role=role)
        return int(row[0]) if row else 0


class SqlRoles:
    """See `services.ports.Roles`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, name: str) -> Role | None:
        row = self._connection.one(_FIND_ROLE, name=name)
        return _role(row) if row else None

    def add(self, role: Role) -> None:
        try:
            with self._connection.constrained():
                self._connection.run(
                    _ADD_ROLE,
                    name=role.name,
                    description=role.description,
                    permissions=_json(role.permissions),
                )
        except ConstraintViolation as error:
            raise AlreadyExists("role", role.name) from error

    def replace(self, role: Role) -> None:
        known = self._connection.run(
            _REPLACE_ROLE,
            role=role.name,
            description=role.description,
            permissions=_json(role.permissions),
        )
        if not known:
            raise NotFound("role", role.name)

    def remove(self, name: str) -> None:
        self._connection.run(_REMOVE_ROLE, name=name)

    def page(self, *, after: str = "", limit: int) -> list[Role]:
        rows = self._connection.rows(_ROLES, after=after, count=limit)
        return [_role(row) for row in rows]


class SqlApiKeys:
    """See `services.ports.ApiKeys`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def with_digest(self, digest: bytes) -> ApiKey | None:
        row = self._connection.one(_WITH_DIGEST, digest=digest)
        return _key(row) if row else None

    def with_id(self, key: int) -> ApiKey | None:
        row = self._connection.one(_KEY_WITH_ID, key=key)
        return _key(row) if row else None

    def add(self, key: ApiKey) -> ApiKey:
        row = self._connection.one(
            _ADD_KEY,
            administrator_id=key.administrator,
            prefix=key.prefix,
            digest=key.digest,
            created_at=instant(key.created_at),
            created_by=key.created_by,
            expires_at=instant_or_none(key.expires_at),
            permissions=None if key.permissions is None else _json(key.permissions),
            networks=json.dumps([str(each) for each in key.networks]),
            revoked_at=instant_or_none(key.revoked_at),
            last_used_at=instant_or_none(key.last_used_at),
        )
        assert row is not None  # noqa: S101  RETURNING always answers
        return replace(key, id=row[0])

    def revoke(self, key: int, time: datetime) -> None:
        self._connection.run(_REVOKE, key=key, time=instant(time))

    def remember_use(self, key: int, time: datetime) -> None:
        self._connection.run(_USED, key=key, time=instant(time))

    def of(self, administrator: int, *, after: int = 0, limit: int) -> list[ApiKey]:
        rows = self._connection.rows(
            _KEYS_OF, administrator=administrator, after=after, count=limit
        )
        return [_key(row) for row in rows]

    def page(self, *, after: int = 0, limit: int) -> list[ApiKey]:
        rows = self._connection.rows(_KEYS, after=after, count=limit)
        return [_key(row) for row in rows]

    def remove_all(self, administrator: int) -> None:
        self._connection.run(_REMOVE_KEYS, administrator=administrator)


def _administrator(row: Row) -> Administrator:
    return Administrator(
        id=row[0],
        name=row[1],
        role=row[2],
        domains=None if row[3] is None else frozenset(json.loads(row[3])),
        state=AdministratorState(row[4]),
        created_at=time_of(row[5]),
        password_hash=row[6],
        totp=row[7],
        last_login_at=time_or_none(row[8]),
        totp_step=row[9],
    )


def _values(administrator: Administrator) -> Values:
    domains = administrator.domains
    return {
        "role": administrator.role,
        "domains": None if domains is None else json.dumps(sorted(domains)),
        "state": administrator.state.value,
        "created_at": instant(administrator.created_at),
        "password_hash": administrator.password_hash,
        "totp": administrator.totp,
        "totp_step": administrator.totp_step,
    }


def _role(row: Row) -> Role:
    return Role(name=row[0], description=row[1], permissions=_permissions(row[2]))


def _key(row: Row) -> ApiKey:
    return ApiKey(
        id=row[0],
        administrator=row[1],
        prefix=row[2],
        digest=row[3],
        created_at=time_of(row[4]),
        created_by=row[5],
        expires_at=time_or_none(row[6]),
        permissions=None if row[7] is None else _permissions(row[7]),
        networks=tuple(map(ip_network, json.loads(row[8]))),
        revoked_at=time_or_none(row[9]),
        last_used_at=time_or_none(row[10]),
    )


def _json(permissions: Iterable[Permission]) -> str:
    return json.dumps(sorted(permissions))


def _permissions(text: str) -> frozenset[Permission]:
    """Return those we know: one that a later release wrote grants nothing here."""
    names = set(json.loads(text))
    return frozenset(each for each in Permission if each in names)
