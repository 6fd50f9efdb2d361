"""What an administrator may do, and what he may let others do.

Nobody gives more than he has himself: no role, no domain, no key. Nobody gets hold
of one who may do more. And the last who may do everything stays.
"""

from collections.abc import Collection

from postwarden.model.actors import Actor
from postwarden.model.administrators import Administrator, AdministratorState
from postwarden.model.errors import Forbidden, Invalid, NotFound, Refused
from postwarden.model.permissions import BUILTIN_ROLES, Permission, Role
from postwarden.services import access
from postwarden.services.ports import UnitOfWork

MAX_DOMAINS = 1000  # of one administrator: each is a condition in his queries
_BUILTIN = {role.name: role for role in BUILTIN_ROLES}
_GLOBAL = BUILTIN_ROLES[0].name
_CONFINED = "domain-admin"  # means nothing without domains
_SHOWN = 3


def role_named(uow: UnitOfWork, name: str) -> Role | None:
    """Return a role of the house or of this store, after one look-up for either."""
    made = uow.roles.find(name)
    return _BUILTIN.get(name, made)


def permissions_of(uow: UnitOfWork, owner: Administrator) -> frozenset[Permission]:
    """Return what an administrator may do."""
    role = role_named(uow, owner.role)
    return frozenset() if role is None else role.permissions


def grantable_role(uow: UnitOfWork, actor: Actor, name: str) -> Role:
    """Return a role that the actor may give; raises NotFound, Forbidden."""
    role = role_named(uow, name)
    if role is None:
        raise NotFound("role", name)
    check_grantable(actor, role.permissions)
    return role


def check_grantable(actor: Actor, permissions: Collection[Permission]) -> None:
    """Raise Forbidden when the actor does not have all of these himself."""
    missing = sorted(set(permissions) - actor.permissions)
    if missing:
        more = ", ..." if len(missing) > _SHOWN else ""
        raise Forbidden(
            f"{actor.name} has not all of these rights, and nobody gives or governs "
            f"what he has not: {', '.join(missing[:_SHOWN])}{more}"
        )


def grantable_domains(
    uow: UnitOfWork, actor: Actor, role: Role, domains: Collection[str] | None
) -> frozenset[str] | None:
    """Return domains that the actor may give with a role; None is every domain.

    Raises NotFound for a domain that is not there or not the actor's, Forbidden
    for every domain where he has not every one, Invalid.
    """
    if domains is None:
        access.everything(actor, "make an administrator of every domain")
        if role.name == _CONFINED:
            raise Invalid(f"a {_CONFINED} needs a domain", field="domain")
        return None
    if not domains:
        raise Invalid("no domain is named", field="domain")
    if len(set(domains)) > MAX_DOMAINS:
        raise Invalid(
            f"an administrator has {MAX_DOMAINS} domains at most; "
            "leave them out for every domain",
            field="domain",
        )
    return frozenset(access.managed_domain(uow, actor, each).name for each in domains)


def check_control(uow: UnitOfWork, actor: Actor, owner: Administrator) -> None:
    """Raise Forbidden when an administrator may do what the actor may not."""
    check_grantable(actor, permissions_of(uow, owner))


def keep_one(uow: UnitOfWork, actor: Actor, owner: Administrator) -> None:
    """Raise Refused when this is the last who may do everything.

    The operator may take him away: who owns the store's files can make another.
    """
    if actor.is_operator or not _is_global(owner):
        return
    if uow.administrators.count_everywhere(_GLOBAL) < 2:
        raise Refused(
            f"{owner.name} is the last {_GLOBAL} of every domain; make another first"
        )


def _is_global(owner: Administrator) -> bool:
    return (
        owner.role == _GLOBAL
        and owner.domains is None
        and owner.state is AdministratorState.ACTIVE
    )
