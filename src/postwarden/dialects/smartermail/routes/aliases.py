"""Aliases of a domain, among them groups."""

from postwarden.dialects.smartermail import mapping
from postwarden.dialects.smartermail.contexts import Call
from postwarden.dialects.smartermail.envelope import Fault, Said
from postwarden.dialects.smartermail.listing import every
from postwarden.dialects.smartermail.operations import Operations, Reach
from postwarden.dialects.smartermail.schemas.users import (
    Alias,
    AliasBody,
    Aliases,
    GivenAlias,
)
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.errors import AlreadyExists
from postwarden.model.permissions import Permission
from postwarden.services import access, entries
from postwarden.services.ports import UnitOfWork

aliases = Operations()

_KINDS = (EntryKind.ALIAS, EntryKind.GROUP)


@aliases.get("/settings/domain/aliases", Reach.DOMAIN)
async def list_aliases(call: Call) -> Aliases:
    """List the aliases of a domain."""
    return await _found(call, "")


@aliases.get("/settings/domain/aliases/{text}", Reach.DOMAIN)
async def search_aliases(call: Call, text: str) -> Aliases:
    """List the aliases of a domain with a text in their names."""
    return await _found(call, text)


async def _found(call: Call, text: str) -> Aliases:
    wanted = text.casefold()
    rows = [
        mapping.alias_data(holding.entry)
        async for page in every(call, _KINDS)
        for holding in page
        if wanted in holding.entry.address.local_part.casefold()
    ]
    return Aliases(aliases=rows, total_count=len(rows))


@aliases.get("/settings/domain/alias/{name}", Reach.DOMAIN)
async def show_alias(call: Call, name: str) -> Alias:
    """Show an alias."""
    entry = await call.read(_entry, call.address(name, "alias"))
    return Alias(alias=mapping.alias_data(entry))


def _entry(uow: UnitOfWork, actor: Actor, address: Address) -> Entry:
    access.require_one(
        actor,
        *(Permission.DIRECTORY_READ, Permission.ALIAS_WRITE, Permission.GROUP_WRITE),
    )
    return access.entry(uow, actor, address, *_KINDS)


@aliases.post("/settings/domain/alias-put", Reach.DOMAIN)
async def put_alias(call: Call, body: AliasBody) -> Said:
    """Create an alias."""
    _check(body.alias)
    address = call.address(body.alias.name, "alias")
    targets = mapping.targets_of(body.alias, call.domain)

    def create(uow: UnitOfWork, actor: Actor) -> None:
        entries.create(uow, actor, EntryKind.ALIAS, address, targets)
        if not body.alias.is_enabled:
            entries.change(uow, actor, EntryKind.ALIAS, address, enabled=False)

    try:
        await call.write(create)
    except AlreadyExists as error:
        raise Fault(409, "ALIAS_ADD_ERROR_NAME_IN_USE", str(error)) from error
    return Said()


@aliases.post("/settings/domain/alias", Reach.DOMAIN)
async def change_alias(call: Call, body: AliasBody) -> Said:
    """Give an alias other targets or another name, or switch it on or off."""
    _check(body.alias)
    address = call.address(body.old_name or body.alias.name, "alias")
    wanted = call.address(body.alias.name, "alias") if body.alias.name else address
    targets = mapping.targets_of(body.alias, call.domain)

    def change(uow: UnitOfWork, actor: Actor) -> None:
        kind = _entry(uow, actor, address).kind
        on = body.alias.is_enabled
        entries.change(uow, actor, kind, address, targets=targets, enabled=on)
        if str(wanted) != str(address):
            entries.rename(uow, actor, kind, address, wanted)

    try:
        await call.write(change)
    except AlreadyExists as error:
        raise Fault(409, "ALIAS_ADD_ERROR_NAME_IN_USE", str(error)) from error
    return Said()


@aliases.post("/settings/domain/alias-delete/{name}", Reach.DOMAIN)
async def delete_alias(call: Call, name: str) -> Said:
    """Remove an alias."""

    def remove(uow: UnitOfWork, actor: Actor, address: Address) -> None:
        entries.remove(uow, actor, _entry(uow, actor, address).kind, address)

    await call.write(remove, call.address(name, "alias"))
    return Said()


def _check(alias: GivenAlias) -> None:
    """Refuse what would not be kept: mail would go where it should not."""
    if alias.internal_only or alias.include_all_domain_users:
        raise Fault(400, "NOT_OFFERED", "an alias takes mail from everywhere, by name")
