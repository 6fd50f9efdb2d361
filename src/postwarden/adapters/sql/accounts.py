"""Accounts in SQL."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.addresses import stored_address
from postwarden.adapters.sql.connection import Connection
from postwarden.adapters.sql.statements import (
    Prepared,
    Row,
    ids_json,
    insert_returning_id,
    instant,
    instant_or_none,
    one_of,
    time_of,
    time_or_none,
)
from postwarden.model.accounts import Account, AccountState, Usage
from postwarden.model.addresses import domain_range
from postwarden.model.errors import NotFound

_a = tables.accounts.c
P = sa.bindparam
_COUNTERS = ("used_octets", "used_messages", "vault_octets", "vault_messages")

_ACCOUNT = sa.select(tables.accounts)
_GET = Prepared(_ACCOUNT.where(_a.id == P("account")))
_MANY = Prepared(_ACCOUNT.where(one_of(_a.id, "ids")))
_KNOWN_AS = Prepared(
    sa.select(_a.key, _a.id).where(one_of(_a.key, "keys")).order_by(_a.id)
)
_ADD = Prepared(insert_returning_id(tables.accounts))
_REPLACE = Prepared(
    sa.update(tables.accounts)
    .where(_a.id == P("account"))
    .values(
        {c: P(c.name) for c in _a if c.name not in {"id", "last_login_at", *_COUNTERS}}
    )
)
_ENDING = Prepared(
    _ACCOUNT.where(sa.text("accounts.ends_at IS NOT NULL"), _a.ends_at <= P("now"))
    .order_by(_a.ends_at)
    .limit(P("count"))
)
_IN_DOMAIN = Prepared(
    sa.select(_a.id)
    .where(_a.key >= P("first"), _a.key < P("last"), _a.id > P("after"))
    .order_by(_a.id)
    .limit(P("count"))
)
_USE = Prepared(
    sa.update(tables.accounts)
    .where(_a.id == P("account"))
    .values({_a[name]: _a[name] + P(f"more_{name}") for name in _COUNTERS})
)
_LOGIN = Prepared(
    sa.update(tables.accounts)
    .where(_a.id == P("account"))
    .values(last_login_at=P("time"))
)
_is_live = tables.copies.c.state == "live"


def _sum(live: object, other: object) -> sa.ColumnElement[int]:
    added = sa.func.sum(sa.case((_is_live, live), else_=other))
    return sa.cast(sa.func.coalesce(added, 0), sa.BigInteger)  # or it is a decimal


_size = tables.copies.c.size
_COUNTED = Prepared(
    sa.select(_sum(_size, 0), _sum(1, 0), _sum(0, _size), _sum(0, 1)).where(
        tables.copies.c.account_id == P("account")
    )
)


class SqlAccounts:
    """See `services.ports.Accounts`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, account: int) -> Account:
        row = self._connection.one(_GET, account=account)
        if row is None:
            raise NotFound("account", str(account))
        return _account(row)

    def many(self, accounts: Iterable[int]) -> dict[int, Account]:
        wanted = list(accounts)
        if len(wanted) == 1:  # most often; by key it takes half the time
            row = self._connection.one(_GET, account=wanted[0])
            return {row[0]: _account(row)} if row else {}
        rows = self._connection.rows(_MANY, ids=ids_json(wanted))
        return {row[0]: _account(row) for row in rows}

    def known_as(self, keys: Iterable[str]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for key, number in self._connection.rows(_KNOWN_AS, keys=json.dumps([*keys])):
            found.setdefault(key, []).append(number)
        return found

    def add(self, account: Account) -> Account:
        row = self._connection.one(
            _ADD,
            **_values(account),
            **{name: getattr(account, name) for name in _COUNTERS},
            last_login_at=instant_or_none(account.last_login_at),
        )
        assert row is not None  # noqa: S101  RETURNING always answers
        return replace(account, id=row[0])

    def replace(self, account: Account) -> None:
        values = _values(account)
        if not self._connection.run(_REPLACE, account=account.id, **values):
            raise NotFound("account", str(account.id))

    def ending(self, now: datetime, limit: int) -> list[Account]:
        rows = self._connection.rows(_ENDING, now=instant(now), count=limit)
        return [_account(row) for row in rows]

    def in_domain(self, domain: str, *, after: int = 0, limit: int) -> list[int]:
        first, last = domain_range(domain)
        rows = self._connection.rows(
            _IN_DOMAIN, first=first, last=last, after=after, count=limit
        )
        return [row[0] for row in rows]

    def counted(self, account: int) -> Usage:
        row = self._connection.one(_COUNTED, account=account)
        assert row is not None  # noqa: S101  a sum without rows is a row
        return Usage(
            octets=row[0], messages=row[1], vault_octets=row[2], vault_messages=row[3]
        )

    def use(self, changes: Iterable[tuple[int, Usage]]) -> None:
        self._connection.run_many(
            _USE,
            (
                {
                    "account": account,
                    "more_used_octets": usage.octets,
                    "more_used_messages": usage.messages,
                    "more_vault_octets": usage.vault_octets,
                    "more_vault_messages": usage.vault_messages,
                }
                for account, usage in changes
            ),
        )

    def remember_login(self, account: int, time: datetime) -> None:
        self._connection.run(_LOGIN, account=account, time=instant(time))


def _account(row: Row) -> Account:
    return Account(
        id=row[0],
        address=stored_address(row[2]),
        name=row[3],
        state=AccountState(row[4]),
        created_at=time_of(row[5]),
        password_hash=row[6],
        quota_octets=row[7],
        quota_messages=row[8],
        used_octets=row[9],
        used_messages=row[10],
        vault_octets=row[11],
        vault_messages=row[12],
        last_login_at=time_or_none(row[13]),
        scram=row[14],
        removed_at=time_or_none(row[15]),
        ends_at=time_or_none(row[16]),
    )


def _values(account: Account) -> dict[str, object]:
    return {
        "key": account.address.key,
        "address": str(account.address),
        "name": account.name,
        "state": account.state.value,
        "created_at": instant(account.created_at),
        "password_hash": account.password_hash,
        "scram": account.scram,
        "removed_at": instant_or_none(account.removed_at),
        "ends_at": instant_or_none(account.ends_at),
        "quota_octets": account.quota_octets,
        "quota_messages": account.quota_messages,
    }
