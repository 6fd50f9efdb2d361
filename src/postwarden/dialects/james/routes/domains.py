"""Domains (WebAdmin's "Administrating domains")."""

from contextlib import suppress

from postwarden.dialects.james.calls import Call
from postwarden.dialects.james.decoding import Undecodable, decoded_again
from postwarden.dialects.james.envelope import INVALID, Fault, done, found, invalid
from postwarden.dialects.james.names import BadName, domain_of, new_domain
from postwarden.dialects.james.operations import Operations
from postwarden.dialects.kit.asgi import Answer
from postwarden.model.errors import AlreadyExists, NotFound
from postwarden.services import domains as service

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
