"""Domains (WebAdmin's "Administrating domains")."""

from contextlib import suppress

from postwarden.dialects.james.calls import Call
from postwarden.dialects.james.decoding import Undecodable, decoded_again
from postwarden.dialects.james.envelope import INVALID, Fault, done, found, invalid
from postwarden.dialects.james.names import BadName, domain_of, new_domain
from postwarden.dialects.james.operations import Operations
from postwarden.dialects.james.rewriting import is_managed, lead
from postwarden.dialects.kit.asgi import Answer
from postwarden.model.actors import Actor
from postwarden.model.errors import AlreadyExists, NotFound
from postwarden.model.rewrites import Rewrite, RewriteKind, Source
from postwarden.services import domains as service
from postwarden.services.ports import UnitOfWork
from postwarden.services.rewriting import table

domains = Operations()


@domains.get("/domains")
async def list_domains(call: Call) -> Answer:
    """List the domains."""
    names = call.every(service.page, lambda each: each.name)
    return found([each.name async for each in names])


@domains.get("/domains/{domain}")
async def show_domain(call: Call, domain: str) -> Answer:
    """Say whether a domain is hosted."""
    text = domain_text(domain)
    try:
        await call.read(service.get, checked(text))
    except NotFound as error:
        raise not_listed(text) from error
    return done()


@domains.put("/domains/{domain}")
async def create_domain(call: Call, domain: str) -> Answer:
    """Host a domain; one that is hosted stays as it is."""
    text = domain_text(domain)
    try:
        await call.write(service.create, new_domain(text))
    except BadName as error:
        raise _bad(text, str(error)) from error
    except AlreadyExists as error:
        # It may be another name of a hosted domain, which is none by itself.
        await _known(call, text, error)
    return done()


async def _known(call: Call, text: str, error: AlreadyExists) -> None:
    try:
        await call.read(service.get, checked(text))
    except NotFound:
        raise error from None


@domains.delete("/domains/{domain}")
async def remove_domain(call: Call, domain: str) -> Answer:
    """Stop hosting a domain; one that there is not is gone already."""
    text = domain_text(domain)
    name = checked(text)
    if name == call.house.default_domain:
        details = f"{name} is autodetected and cannot be removed"
        raise invalid("Can not remove domain", details)
    with suppress(NotFound):
        await call.write(service.remove, name)
    return done()


@domains.get("/domains/{domain}/aliases")
async def list_aliases(call: Call, domain: str) -> Answer:
    """List the domains whose addresses are those of this one too."""
    text = domain_text(domain)
    name = checked(text)
    sources = await call.read(table.leading_to_domain, name)
    if not sources and not await is_managed(call, name):
        message = (
            "The following domain is not in the domain list and has no registered "
            f"local aliases: {text}"
        )
        raise Fault(404, INVALID, message)
    return found([{"source": each} for each in sources])


@domains.put("/domains/{domain}/aliases/{alias}")
async def add_alias(call: Call, domain: str, alias: str) -> Answer:
    """Make a domain another name of this one, which may be elsewhere."""
    await lead(call, await _alias(call, domain, alias))
    return done()


@domains.delete("/domains/{domain}/aliases/{alias}")
async def remove_alias(call: Call, domain: str, alias: str) -> Answer:
    """Make a domain another name of this one no more."""
    rewrite = await _alias(call, domain, alias)
    if not await call.write(table.remove, rewrite):
        await call.write(_remove_own, rewrite)
    return done()


def _remove_own(uow: UnitOfWork, actor: Actor, rewrite: Rewrite) -> None:
    """Remove another name that is hosted under that name alone."""
    with suppress(NotFound):
        if (
            service.get_alias(uow, actor, rewrite.source.domain).domain
            == rewrite.target
        ):
            service.remove_alias(uow, actor, rewrite.source.domain)


async def _alias(call: Call, domain: str, alias: str) -> Rewrite:
    target, source = domain_text(domain), domain_text(alias)
    names = checked(target), checked(source)
    if not await is_managed(call, names[1]):
        raise not_listed(source)
    if names[0] == names[1]:
        raise invalid(
            f"Source domain and destination domain can not have same value({source})"
        )
    kind = RewriteKind.DOMAIN_ALIAS
    return Rewrite(source=Source("", names[1]), kind=kind, target=names[0])


def domain_text(segment: str) -> str:
    """Return a domain as it was asked for; raises Fault."""
    try:
        return decoded_again(segment)
    except Undecodable as error:
        said = f"{segment} unable to url decode some characters"
        raise _bad(said, str(error)) from error


def checked(text: str) -> str:
    """Return what a domain is looked up by; raises Fault."""
    try:
        return domain_of(text)
    except BadName as error:
        raise _bad(text, str(error)) from error


def not_listed(text: str) -> Fault:
    return Fault(404, INVALID, f"The domain list does not contain: {text}")


def _bad(text: str, details: str) -> Fault:
    return invalid(f"Invalid request for domain creation {text}", details)
