"""Rows of a directory file applied to the directory, by the services of each kind.

What a row says already is left alone, so a file may be imported again. A field that
a row does not have is left as it is, or gets its default in a new object.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from postwarden.model.accounts import AccountState
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address, domain_name
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.domains import MailDomain
from postwarden.model.errors import Invalid, MailError
from postwarden.model.permissions import Permission
from postwarden.services import access, accounts, domains, entries, forwards
from postwarden.services.ports import UnitOfWork
from postwarden.wire.directory import FIELDS, Row, RowKind

_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False, "": False}
_NUMBER_DIGITS = 19


class Outcome(Enum):
    """What became of a row."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    LATER = "later"  # its address is another kind of thing until that is removed


Result = Outcome | MailError


def key_of(row: Row) -> str:
    """Return what names a row's object among those of its kind; raises Invalid."""
    name = _text(row, FIELDS[row.kind][0])
    if not name:
        raise Invalid(f"{row.kind} needs a {FIELDS[row.kind][0]}")
    if row.kind in {RowKind.DOMAIN, RowKind.DOMAIN_ALIAS}:
        return domain_name(name)
    return Address.parse(name).key


def apply(
    uow: UnitOfWork, actor: Actor, rows: Sequence[Row], *, replacing: bool = False
) -> list[Result]:
    """Create or change what some hundred rows say; return what became of each.

    When `replacing`, a row whose address is something else yet comes LATER. Who
    gets the mail of a domain's postmaster and unknown addresses is said by
    `direct`, when the addresses are there.
    """
    access.require(actor, Permission.DIRECTORY_READ)
    return [_result(_APPLIED[row.kind], uow, actor, row, replacing) for row in rows]


def direct(uow: UnitOfWork, actor: Actor, rows: Sequence[Row]) -> list[Result]:
    """Set catch-all and postmaster of domains as their rows say."""
    access.require(actor, Permission.DIRECTORY_READ)
    return [_result(_direct, uow, actor, row, False) for row in rows]


_Apply = Callable[[UnitOfWork, Actor, Row, bool], Outcome]


def _result(
    apply_row: _Apply, uow: UnitOfWork, actor: Actor, row: Row, replacing: bool
) -> Result:
    try:
        # Each service checks everything before it writes anything.
        return apply_row(uow, actor, row, replacing)
    except MailError as error:
        return error


def _domain(uow: UnitOfWork, actor: Actor, row: Row, _: bool) -> Outcome:
    name = key_of(row)
    wanted = {
        "delimiter": row.fields.get("delimiter"),
        "quota_octets": _number(row, "default_quota_octets"),
        "quota_messages": _number(row, "default_quota_messages"),
    }
    given = {field: value for field, value in wanted.items() if value is not None}
    old = _known_domain(uow, actor, name)
    if old is None:
        domains.create(uow, actor, name, **_any(given))
        return Outcome.CREATED
    now = {
        "delimiter": old.delimiter,
        "quota_octets": old.default_quota_octets,
        "quota_messages": old.default_quota_messages,
    }
    return _changed(now, given, lambda: domains.change(uow, actor, name, **_any(given)))


def _direct(uow: UnitOfWork, actor: Actor, row: Row, _: bool) -> Outcome:
    domain = access.managed_domain(uow, actor, key_of(row))
    takers = {
        name: Address.parse(text) if (text := _text(row, name)) else None
        for name in ("postmaster", "catch_all")
        if name in row.fields
    }
    now = {"postmaster": domain.postmaster, "catch_all": domain.catch_all}
    given = {name: "" if taker is None else taker for name, taker in takers.items()}
    if all(_same(now[name], taker) for name, taker in takers.items()):
        return Outcome.UNCHANGED
    domains.change(uow, actor, domain.name, **_any(given))
    return Outcome.CHANGED


def _same(one: Address | None, other: Address | None) -> bool:
    return one == other or (
        one is not None and other is not None and one.key == other.key
    )


def _domain_alias(uow: UnitOfWork, actor: Actor, row: Row, _: bool) -> Outcome:
    name, of = key_of(row), domain_name(_text(row, "of"))
    old = uow.domains.find_alias(name)
    if old is None or not actor.manages(old.domain):
        domains.create_alias(uow, actor, name, of=of)
        return Outcome.CREATED
    return _changed(
        {"of": old.domain},
        {"of": of},
        lambda: domains.change_alias(uow, actor, name, of=of),
    )


def _account(uow: UnitOfWork, actor: Actor, row: Row, replacing: bool) -> Outcome:
    address = Address.parse(_text(row, "address"))
    state = AccountState(_state(row)) if _state(row) else None
    given: dict[str, Any] = {
        "name": _text(row, "name").strip() if "name" in row.fields else None,
        "password_hash": _text(row, "password_hash") or None,
        "quota_octets": _number(row, "quota_octets"),
        "quota_messages": _number(row, "quota_messages"),
    }
    given = {field: value for field, value in given.items() if value is not None}
    entry = _known(uow, actor, address)
    if entry is not None and entry.account is not None:
        old = uow.accounts.get(entry.account)
        if state is not None:
            given["state"] = state
        now = {field: getattr(old, field) for field in given}
        return _changed(
            now, given, lambda: accounts.change(uow, actor, address, **given)
        )
    if entry is not None and replacing:
        return Outcome.LATER
    new = accounts.NewAccount(address=address, **given)
    accounts.create(uow, actor, new)
    if state is not None and state is not AccountState.ACTIVE:
        accounts.change(uow, actor, address, state=state)
    return Outcome.CREATED


def _entry(uow: UnitOfWork, actor: Actor, row: Row, replacing: bool) -> Outcome:
    kind = EntryKind(row.kind.value)
    address = Address.parse(_text(row, "address"))
    targets = _addresses(row, "to" if kind is EntryKind.ALIAS else "members")
    state = _state(row)
    entry = _known(uow, actor, address)
    if entry is None or entry.kind is not kind:
        if entry is not None and replacing:
            return Outcome.LATER
        entries.create(uow, actor, kind, address, targets or ())
        if state == AccountState.DISABLED:
            entries.change(uow, actor, kind, address, enabled=False)
        return Outcome.CREATED
    given: dict[str, Any] = {}
    if targets is not None:
        given["targets"] = entries.distinct(entry.address, targets)
    if state:
        given["enabled"] = state == AccountState.ACTIVE
    now = {field: getattr(entry, field) for field in given}
    return _changed(
        now, given, lambda: entries.change(uow, actor, kind, address, **given)
    )


def _forward(uow: UnitOfWork, actor: Actor, row: Row, _: bool) -> Outcome:
    entry = access.entry(
        uow, actor, Address.parse(_text(row, "address")), EntryKind.ACCOUNT
    )
    targets = _addresses(row, "to")
    given: dict[str, Any] = {}
    if targets is not None:
        given["targets"] = entries.distinct(entry.address, targets)
    if "keep_copy" in row.fields:
        given["keep_copy"] = _boolean(row, "keep_copy")
    if not entry.targets:
        keep_copy = given.get("keep_copy", False)
        forwards.create(
            uow, actor, entry.address, given.get("targets", ()), keep_copy=keep_copy
        )
        return Outcome.CREATED
    now = {field: getattr(entry, field) for field in given}
    return _changed(
        now, given, lambda: forwards.change(uow, actor, entry.address, **given)
    )


_APPLIED: Mapping[RowKind, _Apply] = {
    RowKind.DOMAIN: _domain,
    RowKind.DOMAIN_ALIAS: _domain_alias,
    RowKind.ACCOUNT: _account,
    RowKind.ALIAS: _entry,
    RowKind.GROUP: _entry,
    RowKind.LIST: _entry,
    RowKind.FORWARD: _forward,
}


def _changed(
    now: Mapping[str, object],
    wanted: Mapping[str, object],
    change: Callable[[], object],
) -> Outcome:
    if now == wanted or all(now[name] == value for name, value in wanted.items()):
        return Outcome.UNCHANGED
    change()
    return Outcome.CHANGED


def _any(fields: Mapping[str, object]) -> dict[str, Any]:
    """Return fields as keyword arguments; their service checks them."""
    return dict(fields)


def _known_domain(uow: UnitOfWork, actor: Actor, name: str) -> MailDomain | None:
    found = uow.domains.find(name)
    return found if found is not None and actor.manages(name) else None


def _known(uow: UnitOfWork, actor: Actor, address: Address) -> Entry | None:
    """Return what an address of the actor's is; what is not theirs is nothing."""
    is_own = actor.manages(address.domain)
    return uow.directory.find(address if is_own else Address("", address.domain))


def _text(row: Row, field: str) -> str:
    value = row.fields.get(field, "")
    if not isinstance(value, str):
        raise Invalid(f"{field} is one text", field=field)
    return value


def _addresses(row: Row, field: str) -> list[Address] | None:
    if field not in row.fields:
        return None
    value = row.fields[field]
    return [
        Address.parse(each) for each in ((value,) if isinstance(value, str) else value)
    ]


def _number(row: Row, field: str) -> int | None:
    """Return a quota; None when it is not said."""
    text = _text(row, field).strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _NUMBER_DIGITS):
        raise Invalid(f"{field} is a number; not {text[:40]!r}", field=field)
    return int(text)


def _boolean(row: Row, field: str) -> bool:
    text = _text(row, field).strip().lower()
    if text not in _BOOLEANS:
        raise Invalid(f"{field} is true or false; not {text[:40]!r}", field=field)
    return _BOOLEANS[text]


def _state(row: Row) -> str:
    text = _text(row, "state").strip().lower()
    if text not in {"", AccountState.ACTIVE, AccountState.DISABLED}:
        raise Invalid(
            f"a state is active or disabled; not {text[:40]!r}", field="state"
        )
    return text
