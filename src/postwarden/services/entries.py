"""Directory entries: what every kind of address has in common."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.domains import MailDomain
from postwarden.model.errors import AlreadyExists, Invalid, LimitExceeded, Refused
from postwarden.model.permissions import Permission
from postwarden.services import access, audit
from postwarden.services.ports import UnitOfWork

MAX_TARGETS = 10_000  # of one entry: it is read and written whole
_WRITING = {
    EntryKind.ALIAS: Permission.ALIAS_WRITE,
    EntryKind.GROUP: Permission.GROUP_WRITE,
    EntryKind.LIST: Permission.LIST_WRITE,
}


def free_address(uow: UnitOfWork, actor: Actor, address: Address) -> MailDomain:
    """Return the domain in which `address` may be created.

    Raises NotFound for a domain that is absent or not the actor's, Invalid for
    another name of a domain, AlreadyExists.
    """
    alias = uow.domains.find_alias(address.domain)
    if alias is not None and actor.manages(alias.domain):
        real = Address(address.local_part, alias.domain)
        raise Invalid(
            f"{alias.name} is another name of {alias.domain}: create {real}, "
            "and its mail arrives under both",
            field="address",
        )
    domain = access.managed_domain(uow, actor, address.domain)
    taken = uow.directory.find(address)
    if taken is not None:
        raise AlreadyExists(taken.kind.value, str(taken.address))
    return domain


def create(
    uow: UnitOfWork,
    actor: Actor,
    kind: EntryKind,
    address: Address,
    targets: Iterable[Address],
) -> Entry:
    """Create an alias, group or list."""
    access.require(actor, _WRITING[kind])
    free_address(uow, actor, address)
    entry = uow.directory.add(
        Entry(
            address=address,
            kind=kind,
            created_at=uow.now,
            targets=_checked(address, kind, targets),
        )
    )
    audit.record(uow, actor, f"{kind}.create", _object(entry), after=facts(entry))
    return entry


def change(
    uow: UnitOfWork,
    actor: Actor,
    kind: EntryKind,
    address: Address,
    *,
    targets: Sequence[Address] | None = None,
    add: Sequence[Address] = (),
    remove: Sequence[Address] = (),
    enabled: bool | None = None,
) -> Entry:
    """Give other targets, some more, or some less; switch mail on or off.

    A target to remove that is not there is no error: the end is the same.
    """
    access.require(actor, _WRITING[kind])
    old = access.entry(uow, actor, address, kind)
    gone = {target.key for target in remove}
    wanted = [*(old.targets if targets is None else targets), *add]
    kept = [target for target in wanted if target.key not in gone]
    new = replace(
        old,
        targets=_checked(old.address, kind, kept),
        enabled=old.enabled if enabled is None else enabled,
    )
    uow.directory.replace(new)
    before, after = audit.difference(facts(old), facts(new))
    audit.record(uow, actor, f"{kind}.change", _object(new), before=before, after=after)
    return new


def rename(
    uow: UnitOfWork, actor: Actor, kind: EntryKind, address: Address, to: Address
) -> Entry:
    """Give an alias, group or list another address; what leads to it follows.

    Raises NotFound, AlreadyExists, Invalid, and Refused when it would lead to itself.
    """
    access.require(actor, _WRITING[kind])
    old = access.entry(uow, actor, address, kind)
    if to.key != old.address.key:  # else it is another spelling of the same
        free_address(uow, actor, to)
        if any(target.key == to.key for target in old.targets):
            raise Refused(f"{old.address} leads to {to}; change that first")
    new = replace(old, address=to)
    uow.directory.replace(new)
    repoint(uow, old.address, to)
    before, after = audit.difference(facts(old), facts(new))
    audit.record(
        uow,
        actor,
        f"{kind}.change",
        _object(old),
        before=before,
        after=after,
        domains={old.address.domain, to.domain},
    )
    return new


def repoint(uow: UnitOfWork, old: Address, new: Address) -> int:
    """Let what leads to an address lead to another; return how many did."""
    followed = uow.directory.repoint(old, new) + uow.rewrites.repoint(old, new)
    for domain in uow.domains.pointing_at(old):
        followed += 1
        uow.domains.replace(
            replace(
                domain,
                catch_all=new if domain.catch_all == old else domain.catch_all,
                postmaster=new if domain.postmaster == old else domain.postmaster,
            )
        )
    return followed


def remove(uow: UnitOfWork, actor: Actor, kind: EntryKind, address: Address) -> Entry:
    """Take an alias, group or list away.

    Raises Refused for the catch-all or postmaster of a domain.
    """
    access.require(actor, _WRITING[kind])
    entry = access.entry(uow, actor, address, kind)
    refuse_if_needed(uow, actor, entry.address)
    uow.directory.remove(entry.address)
    audit.record(uow, actor, f"{kind}.remove", _object(entry), before=facts(entry))
    return entry


def get(uow: UnitOfWork, actor: Actor, kind: EntryKind, address: Address) -> Entry:
    """Return an alias, group or list; raises NotFound."""
    access.require_one(actor, Permission.DIRECTORY_READ, _WRITING[kind])
    return access.entry(uow, actor, address, kind)


def with_id(uow: UnitOfWork, actor: Actor, kind: EntryKind, number: int) -> Entry:
    """Return an alias, group or list by its id; raises NotFound."""
    access.require_one(actor, Permission.DIRECTORY_READ, _WRITING[kind])
    return access.entry_by_id(uow, actor, number, kind)


def page(
    uow: UnitOfWork,
    actor: Actor,
    kind: EntryKind,
    *,
    domain: str | None = None,
    after: str = "",
    limit: int,
) -> list[Entry]:
    """Return aliases, groups or lists in order of keys; raises NotFound."""
    access.require(actor, Permission.DIRECTORY_READ)
    return access.entries(uow, actor, [kind], domain=domain, after=after, limit=limit)


def total(
    uow: UnitOfWork, actor: Actor, kind: EntryKind, *, domain: str | None = None
) -> int:
    """Count what `page` has."""
    access.require(actor, Permission.DIRECTORY_READ)
    return access.total(uow, actor, [kind], domain=domain)


def missing_targets(
    uow: UnitOfWork, actor: Actor, targets: Sequence[Address]
) -> list[Address]:
    """Return the targets in the actor's domains that nothing is at."""
    access.require_one(actor, Permission.DIRECTORY_READ, *_WRITING.values())
    names = {target.domain for target in targets}
    own = {n for n in names if uow.domains.find(n) is not None and actor.manages(n)}
    local = [target for target in targets if target.domain in own]
    found = uow.directory.find_many(local)
    return [target for target, entry in zip(local, found, strict=True) if entry is None]


def refuse_if_needed(uow: UnitOfWork, actor: Actor, address: Address) -> None:
    """Raise Refused while a domain gives its catch-all or postmaster mail here."""
    for domain in uow.domains.pointing_at(address):
        role = "catch-all" if domain.catch_all == address else "postmaster"
        name = domain.name if actor.manages(domain.name) else "another domain"
        raise Refused(f"{address} is the {role} of {name}; change that first")


def facts(entry: Entry) -> dict[str, object]:
    """Return what people see and the audit log keeps of an entry."""
    name = "to" if entry.kind is EntryKind.ALIAS else "members"
    return {
        "address": str(entry.address),
        name: [str(target) for target in entry.targets],
        "state": "active" if entry.enabled else "disabled",
    }


def distinct(address: Address, targets: Iterable[Address]) -> tuple[Address, ...]:
    """Return each target once, in the order given.

    Raises Invalid for `address` among them, LimitExceeded for too many.
    """
    by_key: dict[str, Address] = {}
    for target in targets:
        by_key.setdefault(target.key, target)
    if address.key in by_key:
        raise Invalid(f"{address} cannot lead to itself", field="to")
    if len(by_key) > MAX_TARGETS:
        raise LimitExceeded("targets", MAX_TARGETS)
    return tuple(by_key.values())


def _checked(
    address: Address, kind: EntryKind, targets: Iterable[Address]
) -> tuple[Address, ...]:
    checked = distinct(address, targets)
    if not checked:
        word = "target" if kind is EntryKind.ALIAS else "member"
        raise Invalid(f"{kind} {address} needs a {word}", field="to")
    return checked


def _object(entry: Entry) -> str:
    return f"{entry.kind} {entry.address}"
