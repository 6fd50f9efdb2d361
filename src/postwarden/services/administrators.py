"""Administrators: create, change, remove."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from postwarden.model.actors import Actor
from postwarden.model.administrators import (
    Administrator,
    AdministratorState,
    administrator_name,
)
from postwarden.model.errors import Invalid
from postwarden.model.permissions import Permission
from postwarden.services import access, audit, privileges
from postwarden.services.ports import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAdministrator:
    """What an administrator is created from; `domains` of None are all."""

    name: str
    role: str
    domains: Collection[str] | None = None
    password_hash: str | None = None


def create(uow: UnitOfWork, actor: Actor, new: NewAdministrator) -> Administrator:
    """Create an administrator, who gets in with a key, a link or a password.

    Raises Invalid, AlreadyExists, NotFound for a role or domain, and Forbidden
    for more than the actor may do himself.
    """
    access.require(actor, Permission.ADMIN_WRITE)
    name = _own_name(actor, administrator_name(new.name))
    role = privileges.grantable_role(uow, actor, new.role)
    created = uow.administrators.add(
        Administrator(
            id=0,
            name=name,
            role=role.name,
            domains=privileges.grantable_domains(uow, actor, role, new.domains),
            state=AdministratorState.ACTIVE,
            created_at=uow.now,
            password_hash=new.password_hash,
        )
    )
    audit.record(
        uow,
        actor,
        "admin.create",
        _object(created),
        after=facts(created),
        domains=created.domains,
    )
    return created


def _own_name(actor: Actor, name: str) -> str:
    """Return a name that the actor may give; raises Invalid.

    Names are one space. If who manages some domains could try any name, he would
    learn which administrators others have.
    """
    if actor.domains is None or name.rpartition("@")[2] in actor.domains:
        return name
    raise Invalid(
        "who manages some domains names administrators by addresses in them",
        field="name",
    )


def change(
    uow: UnitOfWork,
    actor: Actor,
    name: str,
    *,
    role: str | None = None,
    domains: Collection[str] | None = None,
    everywhere: bool = False,
    password_hash: str | None = None,
    state: AdministratorState | None = None,
) -> Administrator:
    """Change what is not None; `everywhere` gives every domain.

    Another password ends the sessions there are. Raises what `create` raises, and
    Refused for the last who may do everything.
    """
    access.require(actor, Permission.ADMIN_WRITE)
    old = access.administrator(uow, actor, name)
    privileges.check_control(uow, actor, old)
    new = replace(
        old, password_hash=password_hash or old.password_hash, state=state or old.state
    )
    if role is not None or domains is not None or everywhere:
        given = privileges.grantable_role(uow, actor, role or old.role)
        kept = old.domains if domains is None else domains
        wanted = None if everywhere else kept
        new = replace(
            new,
            role=given.name,
            domains=privileges.grantable_domains(uow, actor, given, wanted),
        )
    if (new.role, new.domains, new.state) != (old.role, old.domains, old.state):
        privileges.keep_one(uow, actor, old)
    uow.administrators.replace(new)
    if password_hash is not None or new.state is not AdministratorState.ACTIVE:
        uow.sessions.remove_all(old.id)
        uow.links.remove_all(old.id)
    before, after = audit.difference(facts(old), facts(new))
    if password_hash is not None:
        after["password"] = "changed"  # noqa: S105  that it was, not what it is
    audit.record(
        uow,
        actor,
        "admin.change",
        _object(old),
        before=before,
        after=after,
        domains=_domains(old, new),
    )
    return new


def remove(uow: UnitOfWork, actor: Actor, name: str) -> Administrator:
    """Remove an administrator with all keys; raises NotFound, Refused."""
    access.require(actor, Permission.ADMIN_WRITE)
    old = access.administrator(uow, actor, name)
    privileges.check_control(uow, actor, old)
    privileges.keep_one(uow, actor, old)
    uow.keys.remove_all(old.id)
    uow.sessions.remove_all(old.id)
    uow.links.remove_all(old.id)
    uow.recovery_codes.replace_all(old.id, [])
    uow.passkeys.remove_all(old.id)
    uow.administrators.remove(old.id)
    audit.record(
        uow, actor, "admin.remove", _object(old), before=facts(old), domains=old.domains
    )
    return old


def get(uow: UnitOfWork, actor: Actor, name: str) -> Administrator:
    """Return an administrator; oneself without any right. Raises NotFound."""
    access.require_for(actor, name, Permission.ADMIN_READ)
    return access.administrator(uow, actor, name)


def page(
    uow: UnitOfWork, actor: Actor, *, after: str = "", limit: int
) -> Sequence[Administrator]:
    """Return the administrators that the actor may see, in order of names."""
    access.require(actor, Permission.ADMIN_READ)
    found: list[Administrator] = []
    while len(found) < limit:
        rows = uow.administrators.page(after=after, limit=limit)
        found += [each for each in rows if access.sees(actor, each)]
        if len(rows) < limit:
            break
        after = rows[-1].name
    return found[:limit]


def facts(administrator: Administrator) -> dict[str, object]:
    """Return what people see and the audit log keeps of an administrator."""
    domains = administrator.domains
    return {
        "admin": administrator.name,
        "role": administrator.role,
        "domains": None if domains is None else sorted(domains),
        "state": administrator.state.value,
    }


def _domains(old: Administrator, new: Administrator) -> frozenset[str] | None:
    """Return all that a change concerns: what he had, and what he has."""
    if old.domains is None or new.domains is None:
        return None
    return old.domains | new.domains


def _object(administrator: Administrator) -> str:
    return f"admin {administrator.name}"
