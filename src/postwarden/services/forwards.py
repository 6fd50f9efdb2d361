"""Forwards: an account's mail goes elsewhere, with or without a copy kept."""

from collections.abc import Sequence
from dataclasses import replace

from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.errors import AlreadyExists, Invalid, NotFound
from postwarden.model.permissions import Permission
from postwarden.services import access, audit
from postwarden.services.entries import distinct
from postwarden.services.ports import UnitOfWork


def create(
    uow: UnitOfWork,
    actor: Actor,
    address: Address,
    targets: Sequence[Address],
    *,
    keep_copy: bool = False,
) -> Entry:
    """Forward an account's mail; raises AlreadyExists when it is forwarded."""
    access.require(actor, Permission.FORWARD_WRITE)
    old = access.entry(uow, actor, address, EntryKind.ACCOUNT)
    if old.targets:
        raise AlreadyExists("forward of", str(old.address))
    return _write(uow, actor, "create", old, targets, keep_copy=keep_copy)


def change(
    uow: UnitOfWork,
    actor: Actor,
    address: Address,
    *,
    targets: Sequence[Address] | None = None,
    keep_copy: bool | None = None,
) -> Entry:
    """Forward elsewhere, or keep a copy or none."""
    access.require(actor, Permission.FORWARD_WRITE)
    old = of_account(uow, actor, address)
    return _write(
        uow,
        actor,
        "change",
        old,
        old.targets if targets is None else targets,
        keep_copy=old.keep_copy if keep_copy is None else keep_copy,
    )


def remove(uow: UnitOfWork, actor: Actor, address: Address) -> Entry:
    """Deliver an account's mail to itself again."""
    access.require(actor, Permission.FORWARD_WRITE)
    old = of_account(uow, actor, address)
    uow.directory.replace(replace(old, targets=(), keep_copy=False))
    audit.record(uow, actor, "forward.remove", _object(old), before=facts(old))
    return old


def of_account(uow: UnitOfWork, actor: Actor, address: Address) -> Entry:
    """Return the entry of an account that forwards; raises NotFound."""
    access.require_one(actor, Permission.DIRECTORY_READ, Permission.FORWARD_WRITE)
    entry = access.entry(uow, actor, address, EntryKind.ACCOUNT)
    if not entry.targets:
        raise NotFound("forward of", str(entry.address))
    return entry


def page(
    uow: UnitOfWork,
    actor: Actor,
    *,
    domain: str | None = None,
    after: str = "",
    limit: int,
) -> list[Entry]:
    """Return the accounts that forward, in order of keys."""
    access.require(actor, Permission.DIRECTORY_READ)
    found: list[Entry] = []
    for name in access.scope(uow, actor, domain):
        found += uow.directory.forwarding(
            domain=name, after=after, limit=limit - len(found)
        )
        if len(found) >= limit:
            break
    return found


def facts(entry: Entry) -> dict[str, object]:
    """Return what people see and the audit log keeps of a forward."""
    return {
        "address": str(entry.address),
        "to": [str(target) for target in entry.targets],
        "keep_copy": entry.keep_copy,
    }


def _write(
    uow: UnitOfWork,
    actor: Actor,
    verb: str,
    old: Entry,
    targets: Sequence[Address],
    *,
    keep_copy: bool,
) -> Entry:
    checked = distinct(old.address, targets)
    if not checked:
        raise Invalid("a forward needs an address to forward to", field="to")
    new = replace(old, targets=checked, keep_copy=keep_copy)
    uow.directory.replace(new)
    audit.record(
        uow,
        actor,
        f"forward.{verb}",
        _object(old),
        before=facts(old) if old.targets else None,
        after=facts(new),
    )
    return new


def _object(entry: Entry) -> str:
    return f"forward {entry.address}"
