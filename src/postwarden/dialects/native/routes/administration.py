"""Administrators, their roles and their keys."""

from postwarden.dialects.native.answers import Listed, One, Written
from postwarden.dialects.native.calls import Call
from postwarden.dialects.native.operations import Example, Operations
from postwarden.dialects.native.references import aware as utc
from postwarden.dialects.native.references import (
    given,
    networks_of,
    number,
)
from postwarden.dialects.native.schemas.administration import (
    AdministratorChange,
    KeyOrder,
    KeyQuery,
    NewAdministrator,
    NewRole,
    RoleChange,
)
from postwarden.dialects.native.schemas.fields import Paging, Writing
from postwarden.dialects.native.shapes import administration as shapes
from postwarden.model.actors import Actor
from postwarden.model.addresses import domain_name
from postwarden.model.administrators import AdministratorState, administrator_name
from postwarden.model.permissions import Permission
from postwarden.services import administrators as service
from postwarden.services import keys as key_service
from postwarden.services import privileges
from postwarden.services import roles as role_service
from postwarden.services.ports import UnitOfWork

administrators = Operations("Administrators")
roles = Operations("Roles")
keys = Operations("Keys")

_CAROL = {"administrator": "carol"}
_HELPDESK = {"role": "helpdesk"}


@administrators.get("/administrators", Permission.ADMIN_READ)
async def list_administrators(
    call: Call, query: Paging
) -> Listed[shapes.AdministratorShape]:
    """List administrators in order of their names."""
    return await call.page(
        query,
        lambda uow, after, limit: service.page(
            uow, call.actor, after=after, limit=limit
        ),
        first="",
        key=lambda each: each.name,
        shape=shapes.administrator,
    )


@administrators.post(
    "/administrators",
    Permission.ADMIN_WRITE,
    example=Example(body={"name": "dan", "role": "auditor"}),
)
async def create_administrator(
    call: Call, query: Writing, body: NewAdministrator
) -> Written[shapes.AdministratorShape]:
    """Create an administrator; without domains he acts in every one."""
    new = service.NewAdministrator(
        name=administrator_name(body.name),
        role=body.role,
        domains=[domain_name(each) for each in body.domains] or None,
        password_hash=await call.hash(body.password),
    )
    return await call.write(
        lambda uow: shapes.administrator(service.create(uow, call.actor, new)),
        at=lambda shape: ("administrators", shape["admin"]),
    )


@administrators.get(
    "/administrators/{administrator}",
    Permission.ADMIN_READ,
    example=Example(variables=_CAROL),
)
async def show_administrator(
    call: Call, administrator: str
) -> One[shapes.WholeAdministratorShape]:
    """Show an administrator and what he may do."""
    return await call.one(_whole, call.actor, administrator)


def _whole(uow: UnitOfWork, actor: Actor, name: str) -> shapes.WholeAdministratorShape:
    found = service.get(uow, actor, administrator_name(name))
    return shapes.whole_administrator(found, privileges.permissions_of(uow, found))


@administrators.patch(
    "/administrators/{administrator}",
    Permission.ADMIN_WRITE,
    example=Example(variables=_CAROL, body={"state": "disabled"}),
)
async def change_administrator(
    call: Call, administrator: str, query: Writing, body: AdministratorChange
) -> Written[shapes.AdministratorShape]:
    """Change an administrator; it holds for his keys from then on."""
    name = administrator_name(administrator)
    password_hash = await call.hash(body.password)
    domains = given(body.domains)
    return await call.write(
        lambda uow: shapes.administrator(
            service.change(
                uow,
                call.actor,
                name,
                role=given(body.role),
                domains=None if domains is None else list(map(domain_name, domains)),
                everywhere=body.everywhere,
                password_hash=password_hash,
                state=_state(given(body.state)),
            )
        ),
        current=lambda uow: _whole(uow, call.actor, name),
    )


def _state(word: str | None) -> AdministratorState | None:
    return None if word is None else AdministratorState(word)


@administrators.delete(
    "/administrators/{administrator}",
    Permission.ADMIN_WRITE,
    example=Example(variables=_CAROL),
)
async def remove_administrator(
    call: Call, administrator: str, query: Writing
) -> Written[shapes.AdministratorShape]:
    """Remove an administrator: his keys and logins end at once."""
    name = administrator_name(administrator)
    return await call.write(
        lambda uow: shapes.administrator(service.remove(uow, call.actor, name)),
        current=lambda uow: _whole(uow, call.actor, name),
    )


@roles.get("/roles", Permission.ADMIN_READ)
async def list_roles(call: Call, query: Paging) -> Listed[shapes.RoleShape]:
    """List the roles that every store has, and those made here."""
    return await call.page(
        query,
        lambda uow, after, limit: role_service.page(
            uow, call.actor, after=after, limit=limit
        ),
        first="",
        key=lambda each: each.name,
        shape=shapes.role,
    )


@roles.post(
    "/roles",
    Permission.ADMIN_WRITE,
    example=Example(body={"role": "porter", "permissions": ["directory.read"]}),
)
async def create_role(
    call: Call, query: Writing, body: NewRole
) -> Written[shapes.RoleShape]:
    """Make a role: a name for some permissions."""
    return await call.write(
        lambda uow: shapes.role(
            role_service.create(
                uow,
                call.actor,
                body.role,
                permissions=body.permissions,
                description=body.description,
            )
        ),
        at=lambda shape: ("roles", shape["role"]),
    )


@roles.get("/roles/{role}", Permission.ADMIN_READ, example=Example(variables=_HELPDESK))
async def show_role(call: Call, role: str) -> One[shapes.RoleShape]:
    """Show what a role allows."""
    return await call.one(_role, call.actor, role)


def _role(uow: UnitOfWork, actor: Actor, role: str) -> shapes.RoleShape:
    return shapes.role(role_service.get(uow, actor, role))


@roles.patch(
    "/roles/{role}",
    Permission.ADMIN_WRITE,
    example=Example(variables=_HELPDESK, body={"description": "The desk upstairs."}),
)
async def change_role(
    call: Call, role: str, query: Writing, body: RoleChange
) -> Written[shapes.RoleShape]:
    """Give a role other permissions, or another description."""
    return await call.write(
        lambda uow: shapes.role(
            role_service.change(
                uow,
                call.actor,
                role,
                permissions=given(body.permissions),
                description=given(body.description),
            )
        ),
        current=lambda uow: _role(uow, call.actor, role),
    )


@roles.delete(
    "/roles/{role}", Permission.ADMIN_WRITE, example=Example(variables=_HELPDESK)
)
async def remove_role(
    call: Call, role: str, query: Writing
) -> Written[shapes.RoleShape]:
    """Take a role away that nobody has."""
    return await call.write(
        lambda uow: shapes.role(role_service.remove(uow, call.actor, role)),
        current=lambda uow: _role(uow, call.actor, role),
    )


@keys.get("/keys")
async def list_keys(call: Call, query: KeyQuery) -> Listed[shapes.KeyShape]:
    """List keys: one's own, and those of administrators that one may see."""
    now, owner = call.house.clock(), given(query.actor)
    return await call.page(
        query,
        lambda uow, after, limit: key_service.page(
            uow,
            call.actor,
            owner=None if owner is None else administrator_name(owner),
            after=after,
            limit=limit,
        ),
        first=0,
        key=lambda each: each.key.id,
        shape=lambda each: shapes.key(each, now),
    )


@keys.post("/keys", example=Example(body={"actor": "carol"}))
async def create_key(
    call: Call, query: Writing, body: KeyOrder
) -> Written[shapes.NewKeyShape]:
    """Make a key for an administrator; the secret is shown this once."""
    name, expires_at = administrator_name(body.actor), utc(given(body.expires))
    networks = networks_of(body.networks)
    return await call.write(
        lambda uow: shapes.new_key(
            key_service.create(
                uow,
                call.actor,
                name,
                expires_at=expires_at,
                permissions=given(body.permissions),
                networks=networks,
            )
        )
    )


@keys.delete("/keys/{key}", example=Example(variables={"key": "1"}))
async def revoke_key(call: Call, key: str, query: Writing) -> Written[shapes.KeyShape]:
    """End a key at once."""
    revoked, now = number(key, "key"), call.house.clock()
    return await call.write(
        lambda uow: shapes.key(key_service.revoke(uow, call.actor, revoked), now)
    )
