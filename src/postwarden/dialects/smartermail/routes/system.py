"""Domains, for administrators of all of them, and a domain for its own."""

from postwarden.dialects.smartermail import mapping
from postwarden.dialects.smartermail.contexts import Call
from postwarden.dialects.smartermail.envelope import Fault, Said
from postwarden.dialects.smartermail.listing import search_domains
from postwarden.dialects.smartermail.operations import Operations, Reach
from postwarden.dialects.smartermail.schemas.accounts import DomainResults, Search
from postwarden.dialects.smartermail.schemas.domains import (
    Domain,
    DomainAliasData,
    DomainAliases,
    DomainData,
    DomainNames,
    DomainSettings,
    NewDomain,
    NewDomainAlias,
)
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address, ascii_domain, domain_name
from postwarden.model.errors import AlreadyExists, Invalid, NotFound
from postwarden.services import accounts, administrators, domains
from postwarden.services.accounts import NewAccount
from postwarden.services.administrators import NewAdministrator
from postwarden.services.ports import UnitOfWork

system = Operations()

_ALL = Search(take=10_000)
_OWNERS = "domain-admin"
_NAMES = 1000


@system.post("/settings/sysadmin/domain-list-search", Reach.SYSTEM)
async def domain_list_search(call: Call, body: Search) -> DomainResults:
    """List domains in order of their names."""
    return await search_domains(call, body)


@system.get("/settings/sysadmin/domains", Reach.SYSTEM)
async def list_domains(call: Call) -> DomainResults:
    """List domains, up to ten thousand of them."""
    return await search_domains(call, _ALL)


@system.get("/settings/sysadmin/domain-names", Reach.SYSTEM)
async def list_names(call: Call) -> DomainNames:
    """List the names of domains, up to ten thousand of them."""
    found = await search_domains(call, _ALL)
    return DomainNames(domain_names=[row.name for row in found.results])


@system.get("/settings/sysadmin/domain/{domain}", Reach.SYSTEM)
async def show_domain(call: Call, domain: str) -> Domain:
    """Show a domain with its counts."""
    return Domain(domain_data=await _data(await call.of(domain)))


@system.get("/settings/sysadmin/domain-settings/{domain}", Reach.SYSTEM)
async def show_settings(call: Call, domain: str) -> DomainSettings:
    """Show a domain with its counts."""
    return DomainSettings(domain_settings=await _data(await call.of(domain)))


@system.get("/settings/domain/data", Reach.DOMAIN)
async def show_own_domain(call: Call) -> Domain:
    """Show the domain that the call is about."""
    return Domain(domain_data=await _data(call))


@system.get("/settings/domain/domain", Reach.DOMAIN)
async def show_own_settings(call: Call) -> DomainSettings:
    """Show the domain that the call is about."""
    return DomainSettings(domain_settings=await _data(call))


async def _data(call: Call) -> DomainData:
    domain, counts, _ = await call.read(domains.overview, call.domain)
    return mapping.domain_data(domain, counts)


@system.post("/settings/sysadmin/domain-put", Reach.SYSTEM)
async def put_domain(call: Call, body: NewDomain) -> Said:
    """Create a domain, and with a name and a password an administrator of it."""
    hashed = None
    if body.admin_password:
        hashed = await call.house.passwords.hash(body.admin_password)

    def create(uow: UnitOfWork, actor: Actor) -> None:
        name = domains.create(uow, actor, body.domain_data.name).name
        if not body.admin_username:
            return
        local_part = body.admin_username.partition("@")[0]
        address = Address.parse(f"{local_part}@{name}")
        accounts.create(uow, actor, NewAccount(address=address, password_hash=hashed))
        owner = NewAdministrator(
            name=f"{local_part}@{ascii_domain(name)}",
            role=_OWNERS,
            domains=[name],
            password_hash=hashed,
        )
        administrators.create(uow, actor, owner)

    try:
        await call.write(create)
    except AlreadyExists as error:
        raise Fault(409, "DOMAIN_ADD_ERROR_NAME_IN_USE", str(error)) from error
    except Invalid as error:
        raise Fault(400, "DOMAIN_ADD_ERROR_INVALID_NAME", str(error)) from error
    return Said()


@system.post("/settings/sysadmin/domain-delete/{domain}/{data}", Reach.SYSTEM)
async def delete_domain(call: Call, domain: str, data: str) -> Said:
    """Stop hosting a domain that has no addresses any more."""
    mapping.switch_of(data)
    await call.write(domains.remove, (await call.of(domain)).domain)
    return Said()


@system.get("/settings/domain/domain-aliases", Reach.DOMAIN)
async def list_domain_aliases(call: Call) -> DomainAliases:
    """List the other names of a domain."""
    found = await call.read(domains.alias_page, of=call.domain, limit=_NAMES)
    rows = [DomainAliasData(name=ascii_domain(alias.name)) for alias in found]
    return DomainAliases(domain_alias_data=rows)


@system.post("/settings/domain/domain-alias-put", Reach.DOMAIN)
async def put_domain_alias(call: Call, body: NewDomainAlias) -> Said:
    """Give a domain another name."""
    name = body.domain_alias_data.name
    await call.write(domains.create_alias, name, of=call.domain)
    return Said()


@system.post("/settings/domain/domain-alias-delete/{name}", Reach.DOMAIN)
async def delete_domain_alias(call: Call, name: str) -> Said:
    """Take another name from a domain."""
    known = domain_name(name)

    def remove(uow: UnitOfWork, actor: Actor) -> None:
        if domains.get_alias(uow, actor, known).domain != call.domain:
            raise NotFound("domain alias", known)
        domains.remove_alias(uow, actor, known)

    await call.write(remove)
    return Said()
