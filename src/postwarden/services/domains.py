"""Hosted domains and their other names: create, change, remove."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from postwarden.model.actors import Actor
from postwarden.model.addresses import Address, domain_name
from postwarden.model.directory import EntryKind
from postwarden.model.domains import (
    REMOVED_ACCOUNT_RETENTION,
    VAULT_RETENTION,
    DomainAlias,
    MailDomain,
)
from postwarden.model.errors import AlreadyExists, Invalid, NotFound, Refused
from postwarden.model.permissions import Permission
from postwarden.services import access, audit, vault
from postwarden.services.limits import check_quota, rights_to_quota
from postwarden.services.ports import UnitOfWork
from postwarden.services.quotas import levels
from postwarden.services.retention import check_retention

DELIMITERS = "+-_=#~."  # RFC 5233 leaves the choice to us; these need no quoting
EVERY_KIND = tuple(EntryKind)
CHANGING = (
    Permission.DOMAIN_CHANGE,
    Permission.CATCH_ALL_WRITE,
    Permission.ACCOUNT_QUOTA,
    Permission.VAULT_EXPIRE,
)
_NAMES = 1000  # other names that an overview has
_LOOKED_AT = 500  # domains at a time


def create(
    uow: UnitOfWork,
    actor: Actor,
    name: str,
    *,
    delimiter: str = "+",
    quota_octets: int = 0,
    quota_messages: int = 0,
    vault_retention: timedelta | None = None,
    removed_account_retention: timedelta | None = None,
) -> MailDomain:
    """Host a domain; the quotas are what new accounts get.

    Raises Invalid, AlreadyExists, or Forbidden for who manages single domains.
    """
    access.require(actor, Permission.DOMAIN_CREATE)
    access.everything(actor, "create domains")
    domain = MailDomain(
        name=_hostable(name),
        created_at=uow.now,
        delimiter=_delimiter(delimiter),
        default_quota_octets=check_quota(quota_octets),
        default_quota_messages=check_quota(quota_messages),
        vault_retention=check_retention(
            vault_retention, VAULT_RETENTION, field="vault_retention"
        ),
        removed_account_retention=check_retention(
            removed_account_retention,
            REMOVED_ACCOUNT_RETENTION,
            field="removed_account_retention",
        ),
    )
    uow.domains.add(domain)
    audit.record(uow, actor, "domain.create", _object(domain), after=facts(domain))
    return domain


def change(
    uow: UnitOfWork,
    actor: Actor,
    name: str,
    *,
    postmaster: Address | str | None = None,
    catch_all: Address | str | None = None,
    delimiter: str | None = None,
    quota_octets: int | None = None,
    quota_messages: int | None = None,
    vault_retention: timedelta | None = None,
    removed_account_retention: timedelta | None = None,
) -> MailDomain:
    """Change what is not None; an empty text takes postmaster or catch-all away.

    A task dates what is in the vault by a new retention. Raises NotFound, also for
    an address of ours that does not exist, and Invalid.
    """
    access.require_one(actor, *CHANGING)
    old = access.managed_domain(uow, actor, name)
    new = replace(
        old,
        postmaster=_taker(uow, actor, old.postmaster, postmaster),
        catch_all=_taker(uow, actor, old.catch_all, catch_all),
        delimiter=old.delimiter if delimiter is None else _delimiter(delimiter),
        default_quota_octets=check_quota(quota_octets, old.default_quota_octets),
        default_quota_messages=check_quota(quota_messages, old.default_quota_messages),
        vault_retention=check_retention(
            vault_retention, old.vault_retention, field="vault_retention"
        ),
        removed_account_retention=check_retention(
            removed_account_retention,
            old.removed_account_retention,
            field="removed_account_retention",
        ),
    )
    access.require(actor, *_rights_to(old, new))
    uow.domains.replace(new)
    if _retention(new) != _retention(old):
        vault.redate(uow, actor, new)
    before, after = audit.difference(facts(old), facts(new))
    audit.record(uow, actor, "domain.change", _object(new), before=before, after=after)
    return new


def _retention(domain: MailDomain) -> tuple[timedelta, timedelta]:
    return domain.vault_retention, domain.removed_account_retention


def _rights_to(old: MailDomain, new: MailDomain) -> Iterator[Permission]:
    """Yield what it takes to turn one into the other."""
    if (new.postmaster, new.delimiter) != (old.postmaster, old.delimiter):
        yield Permission.DOMAIN_CHANGE
    if new.catch_all != old.catch_all:
        yield Permission.CATCH_ALL_WRITE
    if _retention(new) != _retention(old):  # a shorter one destroys
        yield Permission.VAULT_EXPIRE
    yield from rights_to_quota(old.default_quota_octets, new.default_quota_octets)
    yield from rights_to_quota(old.default_quota_messages, new.default_quota_messages)


def remove(uow: UnitOfWork, actor: Actor, name: str) -> MailDomain:
    """Stop hosting a domain; raises Refused while it has addresses or names."""
    access.require(actor, Permission.DOMAIN_REMOVE)
    access.everything(actor, "remove domains")
    domain = access.managed_domain(uow, actor, name)
    if count := uow.directory.count(name, EVERY_KIND):
        raise Refused(f"domain {name} still has addresses ({count}); remove them first")
    if uow.domains.alias_page(of=name, limit=1):
        raise Refused(f"domain {name} still has other names; remove them first")
    uow.domains.remove(name)
    audit.record(
        uow,
        actor,
        "domain.remove",
        _object(domain),
        before={
            **facts(domain),
            "administrators": _dismissed(uow, name),
            "rewrites": uow.rewrites.remove_in(name),
        },
    )
    levels.forget(uow, domain=name)
    return domain


def _dismissed(uow: UnitOfWork, name: str) -> list[str]:
    """Take a domain from its administrators: it may come back as somebody else's."""
    administrators = uow.administrators.of_domain(name)
    for each in administrators:
        left = (each.domains or frozenset()) - {name}
        uow.administrators.replace(replace(each, domains=left))
    return [each.name for each in administrators]


def page(
    uow: UnitOfWork, actor: Actor, *, after: str = "", limit: int
) -> Sequence[MailDomain]:
    """Return domains in order of their names."""
    access.require(actor, Permission.DIRECTORY_READ)
    if actor.domains is None:
        return uow.domains.page(after=after, limit=limit)
    names = sorted(name for name in actor.domains if name > after)[:limit]
    return [domain for domain in map(uow.domains.find, names) if domain is not None]


def total(uow: UnitOfWork, actor: Actor) -> int:
    """Count the domains that `page` has."""
    access.require(actor, Permission.DIRECTORY_READ)
    if actor.domains is None:
        return uow.domains.count()
    return sum(uow.domains.find(name) is not None for name in actor.domains)


def get(uow: UnitOfWork, actor: Actor, name: str) -> MailDomain:
    """Return a domain; raises NotFound."""
    access.require(actor, Permission.DIRECTORY_READ)
    return access.managed_domain(uow, actor, name)


def catch_all_page(
    uow: UnitOfWork, actor: Actor, *, after: str = "", limit: int
) -> list[MailDomain]:
    """Return the domains that have a catch-all, in order of their names."""
    access.require(actor, Permission.DIRECTORY_READ)
    found: list[MailDomain] = []
    while len(found) < limit:
        domains = page(uow, actor, after=after, limit=_LOOKED_AT)
        found += [each for each in domains if each.catch_all is not None]
        if len(domains) < _LOOKED_AT:
            break
        after = domains[-1].name
    return found[:limit]


def overview(
    uow: UnitOfWork, actor: Actor, name: str
) -> tuple[MailDomain, dict[EntryKind, int], list[DomainAlias]]:
    """Return a domain, how many addresses it has, and its other names."""
    access.require(actor, Permission.DIRECTORY_READ)
    domain = get(uow, actor, name)
    return domain, counts(uow, domain), uow.domains.alias_page(of=name, limit=_NAMES)


def counts(uow: UnitOfWork, domain: MailDomain) -> dict[EntryKind, int]:
    """Return how many addresses of each kind a domain has."""
    return {kind: uow.directory.count(domain.name, [kind]) for kind in EntryKind}


def create_alias(uow: UnitOfWork, actor: Actor, name: str, *, of: str) -> DomainAlias:
    """Give a hosted domain another name; raises AlreadyExists, NotFound, Invalid."""
    access.require(actor, Permission.DOMAIN_ALIAS_WRITE)
    access.everything(actor, "create domain aliases")
    domain = access.managed_domain(uow, actor, of)
    alias = DomainAlias(name=_hostable(name), domain=domain.name, created_at=uow.now)
    uow.domains.add_alias(alias)
    audit.record(
        uow,
        actor,
        "domain-alias.create",
        f"domain-alias {alias.name}",
        after={"of": of},
    )
    return alias


def change_alias(uow: UnitOfWork, actor: Actor, name: str, *, of: str) -> DomainAlias:
    """Make another name lead to another domain."""
    access.require(actor, Permission.DOMAIN_ALIAS_WRITE)
    access.everything(actor, "change domain aliases")
    old = access.domain_alias(uow, actor, name)
    new = replace(old, domain=access.managed_domain(uow, actor, of).name)
    uow.domains.remove_alias(name)
    uow.domains.add_alias(new)
    audit.record(
        uow,
        actor,
        "domain-alias.change",
        f"domain-alias {name}",
        before={"of": old.domain},
        after={"of": new.domain},
    )
    return new


def remove_alias(uow: UnitOfWork, actor: Actor, name: str) -> DomainAlias:
    """Take another name away; raises NotFound."""
    access.require(actor, Permission.DOMAIN_ALIAS_WRITE)
    access.everything(actor, "remove domain aliases")
    alias = access.domain_alias(uow, actor, name)
    uow.domains.remove_alias(name)
    audit.record(
        uow,
        actor,
        "domain-alias.remove",
        f"domain-alias {name}",
        before={"of": alias.domain},
    )
    return alias


def get_alias(uow: UnitOfWork, actor: Actor, name: str) -> DomainAlias:
    """Return another name of a domain; raises NotFound."""
    access.require(actor, Permission.DIRECTORY_READ)
    return access.domain_alias(uow, actor, name)


def alias_page(
    uow: UnitOfWork,
    actor: Actor,
    *,
    of: str | None = None,
    after: str = "",
    limit: int,
) -> Sequence[DomainAlias]:
    """Return other names in order; raises NotFound for a foreign or absent `of`."""
    access.require(actor, Permission.DIRECTORY_READ)
    if of is not None:
        access.managed_domain(uow, actor, of)
    found: list[DomainAlias] = []
    for domain in access.scope(uow, actor, of):
        found += uow.domains.alias_page(of=domain, after=after, limit=limit)
    return sorted(found, key=lambda alias: alias.name)[:limit]


def set_catch_all(
    uow: UnitOfWork, actor: Actor, name: str, to: Address | None, *, new: bool = False
) -> MailDomain:
    """Set, change or (with None) take away who gets mail for unknown addresses.

    Raises AlreadyExists when `new` and there is one, NotFound when not `new` and
    there is none.
    """
    access.require(actor, Permission.CATCH_ALL_WRITE)
    domain = access.managed_domain(uow, actor, name)
    if new and domain.catch_all is not None:
        raise AlreadyExists("catch-all of", name)
    if not new and domain.catch_all is None:
        raise NotFound("catch-all of", name)
    return change(uow, actor, name, catch_all="" if to is None else to)


def facts(domain: MailDomain) -> dict[str, object]:
    """Return what people see and the audit log keeps of a domain."""
    return {
        "domain": domain.name,
        "postmaster": domain.postmaster and str(domain.postmaster),
        "catch_all": domain.catch_all and str(domain.catch_all),
        "delimiter": domain.delimiter,
        "default_quota_octets": domain.default_quota_octets,
        "default_quota_messages": domain.default_quota_messages,
        "vault_retention_seconds": round(domain.vault_retention.total_seconds()),
        "removed_account_retention_seconds": round(
            domain.removed_account_retention.total_seconds()
        ),
    }


def _object(domain: MailDomain) -> str:
    return f"domain {domain.name}"


def _hostable(name: str) -> str:
    canonical = domain_name(name)
    if canonical.startswith("["):
        raise Invalid("an address literal cannot be hosted", field="domain")
    return canonical


def _delimiter(text: str) -> str:
    if len(text) > 1 or text not in DELIMITERS:
        raise Invalid(
            f"a delimiter is one of {' '.join(DELIMITERS)}, or nothing",
            field="delimiter",
        )
    return text


def _taker(
    uow: UnitOfWork, actor: Actor, old: Address | None, new: Address | str | None
) -> Address | None:
    """Return who is to take mail; of the actor's addresses only one that exists."""
    if new is None:
        return old
    if isinstance(new, str):
        if not new:
            return None
        new = Address.parse(new)
    alias = uow.domains.find_alias(new.domain)
    home = new if alias is None else Address(new.local_part, alias.domain)
    if uow.domains.find(home.domain) is None or not actor.manages(home.domain):
        return new  # what others have is as far away as the rest of the world
    entry = uow.directory.find(home)
    if entry is None:
        raise NotFound("address", str(new))
    return entry.address  # in its own spelling, by which `pointing_at` finds it
