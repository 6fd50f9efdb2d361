"""Domains and addresses in SQL."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.addresses import stored_address
from postwarden.adapters.sql.connection import Connection, ConstraintViolation
from postwarden.adapters.sql.statements import (
    Prepared,
    Row,
    Values,
    insert,
    insert_returning_id,
    instant,
    one_of,
    replacement,
    time_of,
)
from postwarden.model.addresses import Address, domain_range
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.domains import DomainAlias, MailDomain
from postwarden.model.errors import AlreadyExists, NotFound, Refused

_d = tables.domains.c
_x = tables.domain_aliases.c
_a = tables.addresses.c
_t = tables.targets.c
P = sa.bindparam

_DOMAIN = sa.select(tables.domains)
_FIND_DOMAIN = Prepared(_DOMAIN.where(_d.name == P("name")))
_DOMAIN_PAGE = Prepared(
    _DOMAIN.where(_d.name > P("after")).order_by(_d.name).limit(P("count"))
)
_COUNT_DOMAINS = Prepared(sa.select(sa.func.count()).select_from(tables.domains))
_ADD_DOMAIN = Prepared(insert(tables.domains))
_REPLACE_DOMAIN = Prepared(replacement(tables.domains, name="key"))
_REMOVE_DOMAIN = Prepared(sa.delete(tables.domains).where(_d.name == P("name")))
_FIND_ALIAS = Prepared(sa.select(tables.domain_aliases).where(_x.name == P("name")))
_ADD_ALIAS = Prepared(insert(tables.domain_aliases))
_REMOVE_ALIAS = Prepared(sa.delete(tables.domain_aliases).where(_x.name == P("name")))
_ALIAS_PAGE = Prepared(
    sa.select(tables.domain_aliases)
    .where(_x.name > P("after"), sa.or_(P("of") == "", _x.domain == P("of")))
    .order_by(_x.name)
    .limit(P("count"))
)
_POINTING_DOMAINS = Prepared(
    _DOMAIN.where(
        sa.or_(_d.catch_all == P("target"), _d.postmaster == P("target"))
    ).order_by(_d.name)
)


class SqlDomains:
    """See `services.ports.Domains`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, name: str) -> MailDomain | None:
        row = self._connection.one(_FIND_DOMAIN, name=name)
        return _domain(row) if row else None

    def add(self, domain: MailDomain) -> None:
        if self.find_alias(domain.name):
            raise AlreadyExists("domain", domain.name)
        try:
            with self._connection.constrained():
                self._connection.run(_ADD_DOMAIN, **_domain_values(domain))
        except ConstraintViolation as error:
            raise AlreadyExists("domain", domain.name) from error

    def replace(self, domain: MailDomain) -> None:
        values = _domain_values(domain)
        values["key"] = values.pop("name")
        if not self._connection.run(_REPLACE_DOMAIN, **values):
            raise NotFound("domain", domain.name)

    def remove(self, name: str) -> None:
        try:
            with self._connection.constrained():
                self._connection.run(_REMOVE_DOMAIN, name=name)
        except ConstraintViolation as error:
            raise Refused(f"domain {name} has other names") from error

    def page(self, *, after: str = "", limit: int) -> list[MailDomain]:
        rows = self._connection.rows(_DOMAIN_PAGE, after=after, count=limit)
        return [_domain(row) for row in rows]

    def count(self) -> int:
        row = self._connection.one(_COUNT_DOMAINS)
        return int(row[0]) if row else 0

    def pointing_at(self, address: Address) -> list[MailDomain]:
        rows = self._connection.rows(_POINTING_DOMAINS, target=str(address))
        return [_domain(row) for row in rows]

    def find_alias(self, name: str) -> DomainAlias | None:
        row = self._connection.one(_FIND_ALIAS, name=name)
        return _domain_alias(row) if row else None

    def add_alias(self, alias: DomainAlias) -> None:
        if self.find(alias.name):
            raise AlreadyExists("domain", alias.name)
        try:
            with self._connection.constrained():
                self._connection.run(
                    _ADD_ALIAS,
                    name=alias.name,
                    domain=alias.domain,
                    created_at=instant(alias.created_at),
                )
        except ConstraintViolation as error:
            if self.find_alias(alias.name) is None:
                raise NotFound("domain", alias.domain) from error
            raise AlreadyExists("domain", alias.name) from error

    def remove_alias(self, name: str) -> None:
        self._connection.run(_REMOVE_ALIAS, name=name)

    def alias_page(
        self, *, of: str | None = None, after: str = "", limit: int
    ) -> list[DomainAlias]:
        rows = self._connection.rows(_ALIAS_PAGE, after=after, of=of or "", count=limit)
        return [_domain_alias(row) for row in rows]


def _domain(row: Row) -> MailDomain:
    return MailDomain(
        name=row[0],
        created_at=time_of(row[1]),
        catch_all=_address_or_none(row[2]),
        postmaster=_address_or_none(row[3]),
        delimiter=row[4],
        default_quota_octets=row[5],
        default_quota_messages=row[6],
        vault_retention=timedelta(seconds=row[7]),
        removed_account_retention=timedelta(seconds=row[8]),
    )


def _domain_values(domain: MailDomain) -> dict[str, object]:
    return {
        "name": domain.name,
        "created_at": instant(domain.created_at),
        "catch_all": str(domain.catch_all) if domain.catch_all else None,
        "postmaster": str(domain.postmaster) if domain.postmaster else None,
        "delimiter": domain.delimiter,
        "default_quota_octets": domain.default_quota_octets,
        "default_quota_messages": domain.default_quota_messages,
        "vault_retention": round(domain.vault_retention.total_seconds()),
        "removed_account_retention": round(
            domain.removed_account_retention.total_seconds()
        ),
    }


def _domain_alias(row: Row) -> DomainAlias:
    return DomainAlias(name=row[0], domain=row[1], created_at=time_of(row[2]))


def _address_or_none(text: str | None) -> Address | None:
    return Address.parse(text) if text else None


_ENTRY = sa.select(tables.addresses)
_FIND = Prepared(_ENTRY.where(_a.key == P("key")))
_ADDRESS_OF = Prepared(sa.select(_a.address).where(_a.id == P("entry")))
_ADD = Prepared(insert_returning_id(tables.addresses))
_REPLACE = Prepared(replacement(tables.addresses, id="entry"))
_REMOVE = Prepared(sa.delete(tables.addresses).where(_a.id == P("entry")))
_ADD_TARGET = Prepared(insert(tables.targets))
_REMOVE_TARGETS = Prepared(sa.delete(tables.targets).where(_t.address_id == P("entry")))
_TARGETS = Prepared(
    sa.select(_t.address_id, _t.address)
    .where(one_of(_t.address_id, "ids"))
    .order_by(_t.address_id, _t.position)
)
# One kind at a time: only so is the index in the order that is wanted.
_PAGE = Prepared(
    _ENTRY.where(_a.kind == P("kind"), _a.key > P("after"), _a.key < P("last"))
    .order_by(_a.key)
    .limit(P("count"))
)
_COUNT = Prepared(
    sa.select(sa.func.count()).where(
        one_of(_a.kind, "kinds"), _a.key >= P("first"), _a.key < P("last")
    )
)
# Each part is in the order of its index, so that they are merged and not sorted.
_KEY_AT = Prepared(
    sa.union_all(
        *(
            sa.select(_a.key).where(
                _a.kind == P(f"kind_{number}"),
                _a.key >= P("first"),
                _a.key < P("last"),
            )
            for number in range(len(EntryKind))
        )
    )
    .order_by("key")
    .limit(1)
    .offset(P("position"))
)
# A literal, not parameters: only so does SQLite take the partial index.
_FORWARDING = Prepared(
    _ENTRY.where(
        sa.literal_column("kind = 'account' AND target_count > 0"),
        _a.key > P("after"),
        _a.key < P("last"),
    )
    .order_by(_a.key)
    .limit(P("count"))
)
_POINTING_AT = Prepared(
    _ENTRY.where(
        _a.id.in_(sa.select(_t.address_id).where(_t.key == P("target"))),
        _a.key > P("after"),
    )
    .order_by(_a.key)
    .limit(P("count"))
)
_REPOINT = Prepared(
    sa.update(tables.targets)
    .where(_t.key == P("old_key"))
    .values(key=P("new_key"), address=P("new_address"))
)
_AFTER_ALL = "\U0010ffff"


class SqlDirectory:
    """See `services.ports.Directory`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, address: Address) -> Entry | None:
        row = self._connection.one(_FIND, key=address.key)
        return self._entries([row])[0] if row else None

    def address_of(self, entry: int) -> Address | None:
        row = self._connection.one(_ADDRESS_OF, entry=entry)
        return None if row is None else Address.parse(row[0])

    def find_many(self, addresses: Sequence[Address]) -> list[Entry | None]:
        return [self.find(address) for address in addresses]

    def add(self, entry: Entry) -> Entry:
        try:
            with self._connection.constrained():
                row = self._connection.one(_ADD, **_entry_values(entry))
        except ConstraintViolation as error:
            raise AlreadyExists("address", str(entry.address)) from error
        assert row is not None  # noqa: S101  RETURNING always answers
        self._add_targets(row[0], entry.targets)
        return replace(entry, id=row[0])

    def replace(self, entry: Entry) -> None:
        values = _entry_values(entry)
        try:
            with self._connection.constrained():
                known = self._connection.run(_REPLACE, entry=entry.id, **values)
        except ConstraintViolation as error:
            raise AlreadyExists("address", str(entry.address)) from error
        if not known:
            raise NotFound("address", str(entry.address))
        self._connection.run(_REMOVE_TARGETS, entry=entry.id)
        self._add_targets(entry.id, entry.targets)

    def _add_targets(self, entry: int, targets: Sequence[Address]) -> None:
        self._connection.run_many(
            _ADD_TARGET,
            (
                {
                    "address_id": entry,
                    "position": position,
                    "address": str(target),
                    "key": target.key,
                }
                for position, target in enumerate(targets)
            ),
        )

    def remove(self, address: Address) -> None:
        entry = self.find(address)
        if entry is not None:
            self._connection.run(_REMOVE_TARGETS, entry=entry.id)
            self._connection.run(_REMOVE, entry=entry.id)

    def page(
        self,
        kinds: Sequence[EntryKind],
        *,
        domain: str | None = None,
        after: str = "",
        limit: int,
    ) -> list[Entry]:
        first, last = domain_range(domain) if domain else ("", _AFTER_ALL)
        bounds = {"after": max(after, first), "last": last, "count": limit}
        rows = [
            row
            for kind in dict.fromkeys(kinds)
            for row in self._connection.rows(_PAGE, kind=kind.value, **bounds)
        ]
        rows.sort(key=lambda row: row[1])
        return self._entries(rows[:limit])

    def key_at(
        self, kinds: Sequence[EntryKind], *, domain: str, position: int
    ) -> str | None:
        first, last = domain_range(domain)
        asked = {kind.value for kind in kinds}
        row = self._connection.one(
            _KEY_AT,
            first=first,
            last=last,
            position=position,
            **{
                f"kind_{number}": kind.value if kind.value in asked else ""
                for number, kind in enumerate(EntryKind)
            },
        )
        return str(row[0]) if row else None

    def count(self, domain: str | None, kinds: Sequence[EntryKind]) -> int:
        first, last = domain_range(domain) if domain else ("", _AFTER_ALL)
        row = self._connection.one(
            _COUNT, kinds=_kinds_json(kinds), first=first, last=last
        )
        return int(row[0]) if row else 0

    def forwarding(
        self, *, domain: str | None = None, after: str = "", limit: int
    ) -> list[Entry]:
        first, last = domain_range(domain) if domain else ("", _AFTER_ALL)
        rows = self._connection.rows(
            _FORWARDING, after=max(after, first), last=last, count=limit
        )
        return self._entries(list(rows))

    def pointing_at(
        self, address: Address, *, after: str = "", limit: int
    ) -> list[Entry]:
        rows = self._connection.rows(
            _POINTING_AT, target=address.key, after=after, count=limit
        )
        return self._entries(list(rows))

    def repoint(self, old: Address, new: Address) -> int:
        return self._connection.run(
            _REPOINT, old_key=old.key, new_key=new.key, new_address=str(new)
        )

    def _entries(self, rows: Sequence[Row]) -> list[Entry]:
        with_targets = [row[0] for row in rows if row[8]]
        targets: dict[int, list[Address]] = {}
        if with_targets:
            ids = f"[{','.join(map(str, with_targets))}]"
            for entry, address in self._connection.rows(_TARGETS, ids=ids):
                targets.setdefault(entry, []).append(stored_address(address))
        return [_entry(row, tuple(targets.get(row[0], ()))) for row in rows]


def _kinds_json(kinds: Sequence[EntryKind]) -> str:
    return "[" + ",".join(f'"{kind}"' for kind in kinds) + "]"


def _entry(row: Row, targets: tuple[Address, ...]) -> Entry:
    return Entry(
        id=row[0],
        address=stored_address(row[2]),
        kind=EntryKind(row[3]),
        account=row[4],
        keep_copy=bool(row[5]),
        enabled=bool(row[6]),
        created_at=time_of(row[7]),
        targets=targets,
    )


def _entry_values(entry: Entry) -> Values:
    return {
        "key": entry.address.key,
        "address": str(entry.address),
        "kind": entry.kind.value,
        "account_id": entry.account,
        "keep_copy": int(entry.keep_copy),
        "enabled": int(entry.enabled),
        "created_at": instant(entry.created_at),
        "target_count": len(entry.targets),
    }
