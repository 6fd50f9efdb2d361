"""Hosted domains, their other names, and who gets their unknown mail."""

from postwarden.dialects.native import bulk
from postwarden.dialects.native.answers import BulkShape, Listed, One, Written
from postwarden.dialects.native.calls import Call
from postwarden.dialects.native.operations import Example, Operations
from postwarden.dialects.native.references import domain_or_none, given, seconds
from postwarden.dialects.native.schemas.directory import (
    CatchAllTo,
    DomainAliasChange,
    DomainChange,
    NewCatchAll,
    NewDomain,
    NewDomainAlias,
    NewDomains,
    OfDomain,
)
from postwarden.dialects.native.schemas.fields import Paging, Writing
from postwarden.dialects.native.shapes import directory as shapes
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address, domain_name
from postwarden.model.domains import MailDomain
from postwarden.model.errors import NotFound
from postwarden.model.permissions import Permission
from postwarden.services import domains as service
from postwarden.services.ports import UnitOfWork

domains = Operations("Domains")
domain_aliases = Operations("Domain aliases")
catch_alls = Operations("Catch-alls")

_ORG = {"domain": "example.org"}
_ALIAS = {"domain_alias": "example.com"}


@domains.get("/domains", Permission.DIRECTORY_READ)
async def list_domains(call: Call, query: Paging) -> Listed[shapes.DomainShape]:
    """List the hosted domains."""
    return await call.page(
        query,
        lambda uow, after, limit: service.page(
            uow, call.actor, after=after, limit=limit
        ),
        first="",
        key=lambda domain: domain.name,
        shape=shapes.domain,
    )


@domains.post(
    "/domains", Permission.DOMAIN_CREATE, example=Example(body={"domain": "new.test"})
)
async def create_domain(
    call: Call, query: Writing, body: NewDomain
) -> Written[shapes.DomainShape]:
    """Host a domain."""
    return await call.write(
        lambda uow: shapes.domain(_create(uow, call.actor, body)),
        at=lambda shape: ("domains", shape["domain"]),
    )


def _create(uow: UnitOfWork, actor: Actor, new: NewDomain) -> MailDomain:
    return service.create(
        uow,
        actor,
        domain_name(new.domain),
        delimiter=new.delimiter,
        quota_octets=new.default_quota_octets,
        quota_messages=new.default_quota_messages,
        vault_retention=seconds(new.vault_retention_seconds),
        removed_account_retention=seconds(new.removed_account_retention_seconds),
    )


@domains.post(
    "/domains/bulk",
    Permission.DOMAIN_CREATE,
    status=207,
    example=Example(body={"domains": [{"domain": "new.test"}]}),
)
async def create_domains(
    call: Call, query: Writing, body: NewDomains
) -> Written[BulkShape]:
    """Host many domains; each has a status of its own, and none stops the others."""
    items = [bulk.Item(each.domain, each) for each in body.domains]
    return await call.write(
        lambda uow: bulk.create_each(
            items, lambda new: _create(uow, call.actor, new), word="domain"
        )
    )


@domains.get(
    "/domains/{domain}", Permission.DIRECTORY_READ, example=Example(variables=_ORG)
)
async def show_domain(call: Call, domain: str) -> One[shapes.WholeDomainShape]:
    """Show a domain, how many addresses it has, and its other names."""
    return await call.one(_shown, call.actor, domain_name(domain))


def _shown(uow: UnitOfWork, actor: Actor, name: str) -> shapes.WholeDomainShape:
    return shapes.whole_domain(*service.overview(uow, actor, name))


@domains.patch(
    "/domains/{domain}",
    *service.CHANGING,
    example=Example(variables=_ORG, body={"postmaster": "ada@example.org"}),
)
async def change_domain(
    call: Call, domain: str, query: Writing, body: DomainChange
) -> Written[shapes.DomainShape]:
    """Change a domain. The quotas are for accounts that come later."""
    name = domain_name(domain)
    return await call.write(
        lambda uow: shapes.domain(
            service.change(
                uow,
                call.actor,
                name,
                postmaster=given(body.postmaster),
                catch_all=given(body.catch_all),
                delimiter=given(body.delimiter),
                quota_octets=given(body.default_quota_octets),
                quota_messages=given(body.default_quota_messages),
                vault_retention=seconds(body.vault_retention_seconds),
                removed_account_retention=seconds(
                    body.removed_account_retention_seconds
                ),
            )
        ),
        current=lambda uow: _shown(uow, call.actor, name),
    )


@domains.delete(
    "/domains/{domain}",
    Permission.DOMAIN_REMOVE,
    example=Example(variables={"domain": "empty.test"}),
)
async def remove_domain(
    call: Call, domain: str, query: Writing
) -> Written[shapes.DomainShape]:
    """Stop hosting a domain, which must have no addresses left."""
    name = domain_name(domain)
    return await call.write(
        lambda uow: shapes.domain(service.remove(uow, call.actor, name)),
        current=lambda uow: _shown(uow, call.actor, name),
    )


@domain_aliases.get("/domain-aliases", Permission.DIRECTORY_READ)
async def list_domain_aliases(
    call: Call, query: OfDomain
) -> Listed[shapes.DomainAliasShape]:
    """List other names of domains."""
    of = domain_or_none(query.of)
    return await call.page(
        query,
        lambda uow, after, limit: service.alias_page(
            uow, call.actor, of=of, after=after, limit=limit
        ),
        first="",
        key=lambda alias: alias.name,
        shape=shapes.domain_alias,
    )


@domain_aliases.post(
    "/domain-aliases",
    Permission.DOMAIN_ALIAS_WRITE,
    example=Example(body={"domain_alias": "other.test", "of": "example.org"}),
)
async def create_domain_alias(
    call: Call, query: Writing, body: NewDomainAlias
) -> Written[shapes.DomainAliasShape]:
    """Give a hosted domain another name: every address of one is both."""
    name, of = domain_name(body.domain_alias), domain_name(body.of)
    return await call.write(
        lambda uow: shapes.domain_alias(
            service.create_alias(uow, call.actor, name, of=of)
        ),
        at=lambda shape: ("domain-aliases", shape["domain_alias"]),
    )


@domain_aliases.get(
    "/domain-aliases/{domain_alias}",
    Permission.DIRECTORY_READ,
    example=Example(variables=_ALIAS),
)
async def show_domain_alias(
    call: Call, domain_alias: str
) -> One[shapes.DomainAliasShape]:
    """Show which domain this is a name of."""
    return await call.one(_alias, call.actor, domain_name(domain_alias))


def _alias(uow: UnitOfWork, actor: Actor, name: str) -> shapes.DomainAliasShape:
    return shapes.domain_alias(service.get_alias(uow, actor, name))


@domain_aliases.patch(
    "/domain-aliases/{domain_alias}",
    Permission.DOMAIN_ALIAS_WRITE,
    example=Example(variables=_ALIAS, body={"of": "example.net"}),
)
async def change_domain_alias(
    call: Call, domain_alias: str, query: Writing, body: DomainAliasChange
) -> Written[shapes.DomainAliasShape]:
    """Make it a name of another hosted domain."""
    name, of = domain_name(domain_alias), domain_name(body.of)
    return await call.write(
        lambda uow: shapes.domain_alias(
            service.change_alias(uow, call.actor, name, of=of)
        ),
        current=lambda uow: _alias(uow, call.actor, name),
    )


@domain_aliases.delete(
    "/domain-aliases/{domain_alias}",
    Permission.DOMAIN_ALIAS_WRITE,
    example=Example(variables=_ALIAS),
)
async def remove_domain_alias(
    call: Call, domain_alias: str, query: Writing
) -> Written[shapes.DomainAliasShape]:
    """Take a name away from its domain."""
    name = domain_name(domain_alias)
    return await call.write(
        lambda uow: shapes.domain_alias(service.remove_alias(uow, call.actor, name)),
        current=lambda uow: _alias(uow, call.actor, name),
    )


@catch_alls.get("/catch-alls", Permission.DIRECTORY_READ)
async def list_catch_alls(call: Call, query: Paging) -> Listed[shapes.CatchAllShape]:
    """List the domains that have a catch-all."""
    return await call.page(
        query,
        lambda uow, after, limit: service.catch_all_page(
            uow, call.actor, after=after, limit=limit
        ),
        first="",
        key=lambda domain: domain.name,
        shape=shapes.catch_all,
    )


@catch_alls.post(
    "/catch-alls",
    Permission.CATCH_ALL_WRITE,
    example=Example(body={"domain": "example.net", "to": "ada@example.org"}),
)
async def create_catch_all(
    call: Call, query: Writing, body: NewCatchAll
) -> Written[shapes.CatchAllShape]:
    """Take mail for every unknown address of a domain."""
    name, to = domain_name(body.domain), Address.parse(body.to)
    return await call.write(
        lambda uow: shapes.catch_all(
            service.set_catch_all(uow, call.actor, name, to, new=True)
        ),
        at=lambda shape: ("catch-alls", shape["domain"]),
    )


@catch_alls.get(
    "/catch-alls/{domain}", Permission.DIRECTORY_READ, example=Example(variables=_ORG)
)
async def show_catch_all(call: Call, domain: str) -> One[shapes.CatchAllShape]:
    """Show who gets mail for unknown addresses of a domain."""
    return await call.one(_catch_all, call.actor, domain_name(domain))


def _catch_all(uow: UnitOfWork, actor: Actor, name: str) -> shapes.CatchAllShape:
    found = service.get(uow, actor, name)
    if found.catch_all is None:
        raise NotFound("catch-all of", name)
    return shapes.catch_all(found)


@catch_alls.patch(
    "/catch-alls/{domain}",
    Permission.CATCH_ALL_WRITE,
    example=Example(variables=_ORG, body={"to": "bob@example.org"}),
)
async def change_catch_all(
    call: Call, domain: str, query: Writing, body: CatchAllTo
) -> Written[shapes.CatchAllShape]:
    """Give mail for unknown addresses of a domain to somebody else."""
    name, to = domain_name(domain), Address.parse(body.to)
    return await call.write(
        lambda uow: shapes.catch_all(service.set_catch_all(uow, call.actor, name, to)),
        current=lambda uow: _catch_all(uow, call.actor, name),
    )


@catch_alls.delete(
    "/catch-alls/{domain}", Permission.CATCH_ALL_WRITE, example=Example(variables=_ORG)
)
async def remove_catch_all(
    call: Call, domain: str, query: Writing
) -> Written[shapes.CatchAllShape]:
    """Refuse mail for unknown addresses of a domain again."""
    name = domain_name(domain)
    return await call.write(
        lambda uow: shapes.catch_all(
            service.set_catch_all(uow, call.actor, name, None)
        ),
        current=lambda uow: _catch_all(uow, call.actor, name),
    )
