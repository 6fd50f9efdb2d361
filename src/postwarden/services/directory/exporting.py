"""The directory as rows of a file: all of it that an actor manages."""

from collections.abc import Iterable, Mapping

from postwarden.model.accounts import Account
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.domains import DomainAlias, MailDomain
from postwarden.model.permissions import Permission
from postwarden.services import access, accounts, audit, domains, entries, forwards
from postwarden.services.ports import UnitOfWork
from postwarden.wire.directory import Row, RowKind, Value

Keyed = tuple[str, Row]
"""A row, and the key behind which the next page begins."""


def begin(uow: UnitOfWork, actor: Actor, *, hashes: bool) -> None:
    """See that the actor may export; that hashes leave is written down first.

    Password hashes are for who may make backups, which have them too.
    """
    access.require(actor, Permission.DIRECTORY_READ)
    check(uow, actor, hashes=hashes)
    if hashes:
        what = {"password_hashes": True}
        audit.record(uow, actor, "directory.export", "directory", after=what)


def check(uow: UnitOfWork, actor: Actor, *, hashes: bool) -> None:
    """See that the actor may export; nothing is written. Raises Forbidden."""
    access.require(actor, Permission.DIRECTORY_READ)
    if hashes:
        access.require(actor, Permission.BACKUP)


def page(
    uow: UnitOfWork,
    actor: Actor,
    kind: RowKind,
    *,
    after: str = "",
    limit: int,
    hashes: bool = False,
) -> list[Keyed]:
    """Return the next rows of a kind; with `hashes` those of accounts have theirs."""
    access.require(actor, Permission.DIRECTORY_READ)
    if hashes:
        access.require(actor, Permission.BACKUP)
    match kind:
        case RowKind.DOMAIN:
            found = domains.page(uow, actor, after=after, limit=limit)
            return [(each.name, _row(kind, _domain(each))) for each in found]
        case RowKind.DOMAIN_ALIAS:
            names = domains.alias_page(uow, actor, after=after, limit=limit)
            return [(each.name, _row(kind, _domain_alias(each))) for each in names]
        case RowKind.ACCOUNT:
            people = accounts.page(uow, actor, after=after, limit=limit)
            return [
                (each.address.key, _row(kind, _account(each, hashes=hashes)))
                for each in people
            ]
        case RowKind.FORWARD:
            forwarding = forwards.page(uow, actor, after=after, limit=limit)
            return [
                (each.address.key, _row(kind, _forward(each))) for each in forwarding
            ]
    others = entries.page(uow, actor, EntryKind(kind.value), after=after, limit=limit)
    return [(each.address.key, _row(kind, _entry(each))) for each in others]


def _row(kind: RowKind, fields: Mapping[str, Value]) -> Row:
    return Row(0, kind, fields)


def _domain(domain: MailDomain) -> dict[str, Value]:
    return {
        "domain": domain.name,
        "delimiter": domain.delimiter,
        "default_quota_octets": str(domain.default_quota_octets),
        "default_quota_messages": str(domain.default_quota_messages),
        "postmaster": _text(domain.postmaster),
        "catch_all": _text(domain.catch_all),
    }


def _domain_alias(alias: DomainAlias) -> dict[str, Value]:
    return {"domain_alias": alias.name, "of": alias.domain}


def _account(account: Account, *, hashes: bool) -> dict[str, Value]:
    fields: dict[str, Value] = {
        "address": str(account.address),
        "name": account.name,
        "state": account.state.value,
        "quota_octets": str(account.quota_octets),
        "quota_messages": str(account.quota_messages),
    }
    if hashes:
        fields["password_hash"] = account.password_hash or ""
    return fields


def _entry(entry: Entry) -> dict[str, Value]:
    name = "to" if entry.kind is EntryKind.ALIAS else "members"
    return {
        "address": str(entry.address),
        name: _texts(entry.targets),
        "state": "active" if entry.enabled else "disabled",
    }


def _forward(entry: Entry) -> dict[str, Value]:
    return {
        "address": str(entry.address),
        "to": _texts(entry.targets),
        "keep_copy": "true" if entry.keep_copy else "false",
    }


def _text(address: Address | None) -> str:
    return "" if address is None else str(address)


def _texts(addresses: Iterable[Address]) -> tuple[str, ...]:
    return tuple(map(str, addresses))
