"""Roles: the ones every store has, and those that administrators make."""

import re
from collections.abc import Collection, Sequence

from postwarden.model.actors import Actor
from postwarden.model.errors import AlreadyExists, Invalid, NotFound, Refused
from postwarden.model.permissions import BUILTIN_ROLES, Permission, Role
from postwarden.services import access, audit, privileges
from postwarden.services.ports import UnitOfWork

MAX_DESCRIPTION = 500  # characters
_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}\Z", re.ASCII)


def create(
    uow: UnitOfWork,
    actor: Actor,
    name: str,
    *,
    permissions: Collection[Permission],
    description: str = "",
) -> Role:
    """Make a role of rights that the actor has; raises AlreadyExists, Invalid."""
    access.require(actor, Permission.ADMIN_WRITE)
    access.everything(actor, "make roles")
    if privileges.role_named(uow, name) is not None:
        raise AlreadyExists("role", name)
    role = _checked(actor, name, permissions, description)
    uow.roles.add(role)
    audit.record(uow, actor, "role.create", f"role {name}", after=facts(role))
    return role


def change(
    uow: UnitOfWork,
    actor: Actor,
    name: str,
    *,
    permissions: Collection[Permission] | None = None,
    description: str | None = None,
) -> Role:
    """Change what is not None, for everybody who has the role.

    Raises Refused for a role that every store has, NotFound, Forbidden, Invalid.
    """
    access.require(actor, Permission.ADMIN_WRITE)
    access.everything(actor, "change roles")
    old = _own(uow, actor, name)
    new = _checked(
        actor,
        name,
        old.permissions if permissions is None else permissions,
        old.description if description is None else description,
    )
    uow.roles.replace(new)
    before, after = audit.difference(facts(old), facts(new))
    audit.record(uow, actor, "role.change", f"role {name}", before=before, after=after)
    return new


def remove(uow: UnitOfWork, actor: Actor, name: str) -> Role:
    """Take a role away; raises Refused while an administrator has it."""
    access.require(actor, Permission.ADMIN_WRITE)
    access.everything(actor, "remove roles")
    role = _own(uow, actor, name)
    holders = uow.administrators.with_role(name, limit=3)
    if holders:
        names = ", ".join(each.name for each in holders)
        raise Refused(f"role {name} is in use by {names}; give them another first")
    uow.roles.remove(name)
    audit.record(uow, actor, "role.remove", f"role {name}", before=facts(role))
    return role


def get(uow: UnitOfWork, actor: Actor, name: str) -> Role:
    """Return a role; raises NotFound."""
    access.require(actor, Permission.ADMIN_READ)
    role = privileges.role_named(uow, name)
    if role is None:
        raise NotFound("role", name)
    return role


def page(
    uow: UnitOfWork, actor: Actor, *, after: str = "", limit: int
) -> Sequence[Role]:
    """Return roles in order of names, those that every store has among them."""
    access.require(actor, Permission.ADMIN_READ)
    builtin = [role for role in BUILTIN_ROLES if role.name > after]
    found = [*builtin, *uow.roles.page(after=after, limit=limit)]
    return sorted(found, key=lambda role: role.name)[:limit]


def facts(role: Role) -> dict[str, object]:
    """Return what people see and the audit log keeps of a role."""
    return {
        "role": role.name,
        "description": role.description,
        "permissions": sorted(role.permissions),
        "builtin": role.builtin,
    }


def _own(uow: UnitOfWork, actor: Actor, name: str) -> Role:
    role = privileges.role_named(uow, name)
    if role is None:
        raise NotFound("role", name)
    if role.builtin:
        raise Refused(f"role {name} is one that every store has; make one of your own")
    privileges.check_grantable(actor, role.permissions)
    return role


def _checked(
    actor: Actor, name: str, permissions: Collection[Permission], description: str
) -> Role:
    if not _NAME.match(name):
        raise Invalid(
            "a role's name is of small letters, digits and -, 64 at most", field="role"
        )
    if not permissions:
        raise Invalid("a role needs a permission", field="allow")
    text = description.strip()
    if len(text) > MAX_DESCRIPTION or not text.isprintable():
        raise Invalid(
            f"a description has {MAX_DESCRIPTION} printable characters at most",
            field="description",
        )
    privileges.check_grantable(actor, permissions)
    return Role(name=name, description=text, permissions=frozenset(permissions))
