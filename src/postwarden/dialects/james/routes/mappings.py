"""Mappings of domains, patterns and addresses, and all of them together."""

from postwarden.dialects.james import bodies
from postwarden.dialects.james.calls import Call
from postwarden.dialects.james.decoding import Undecodable, decoded_again
from postwarden.dialects.james.envelope import (
    NOT_FOUND,
    Fault,
    done,
    found,
    illegal,
    invalid,
)
from postwarden.dialects.james.mail_addresses import asked_address
from postwarden.dialects.james.names import BadName, domain_of, username_of
from postwarden.dialects.james.operations import Operations
from postwarden.dialects.james.rewriting import (
    SAME,
    described,
    every,
    is_managed,
    lead,
    lead_no_more,
    of,
    shown,
    to_address,
)
from postwarden.dialects.kit.asgi import Answer
from postwarden.model.errors import Invalid
from postwarden.model.rewrites import EVERY_DOMAIN, Rewrite, RewriteKind, Source
from postwarden.services.rewriting import patterns

mappings = Operations()

_ADDRESS = "address"


@mappings.get("/domainMappings")
async def list_domain_mappings(call: Call) -> Answer:
    """List the domains whose mail goes to other domains."""
    listed: dict[str, list[str]] = {}
    async for each in every(call, RewriteKind.DOMAIN):
        listed.setdefault(str(each.source), []).append(shown(each))
    return found({source: sorted(targets) for source, targets in listed.items()})


@mappings.get("/domainMappings/{domain}")
async def show_domain_mapping(call: Call, domain: str) -> Answer:
    """List the domains that a domain's mail goes to."""
    name = _domain(domain)
    targets = await of(call, Source("", name), RewriteKind.DOMAIN)
    if not targets:
        raise Fault(404, NOT_FOUND, f"Cannot find mappings for {name}")
    return found(sorted(map(shown, targets)))


@mappings.put("/domainMappings/{domain}")
async def add_domain_mapping(call: Call, domain: str) -> Answer:
    """Lead a domain's mail to the domain that the body names."""
    await lead(call, await _domain_mapping(call, domain))
    return done()


@mappings.delete("/domainMappings/{domain}")
async def remove_domain_mapping(call: Call, domain: str) -> Answer:
    """Lead a domain's mail there no more."""
    await lead_no_more(call, await _domain_mapping(call, domain))
    return done()


@mappings.post("/mappings/regex/{source}/targets/{pattern}")
async def add_regex(call: Call, source: str, pattern: str) -> Answer:
    """Lead mail by a pattern: `regex:template`, with `${1}` for its first group."""
    try:
        wanted = await _source(call, source)
    except BadName as error:
        raise invalid("Invalid `source` field.") from error
    regex = _again(pattern)
    try:
        patterns.check(regex)
    except Invalid as error:
        raise invalid(f"Invalid regex: {regex}") from error
    rewrite = Rewrite(source=wanted, kind=RewriteKind.REGEX, target=regex)
    await lead(call, rewrite)
    return done()


@mappings.delete("/mappings/regex/{source}/targets/{pattern}")
async def remove_regex(call: Call, source: str, pattern: str) -> Answer:
    """Lead mail by a pattern no more."""
    try:
        wanted = await _source(call, source)
    except BadName as error:
        raise illegal(str(error)) from error
    regex = _again(pattern)
    rewrite = Rewrite(source=wanted, kind=RewriteKind.REGEX, target=regex)
    await lead_no_more(call, rewrite)
    return done()


@mappings.post("/mappings/address/{source}/targets/{target}")
async def add_address(call: Call, source: str, target: str) -> Answer:
    """Lead an address to another."""
    one, other = asked_address(source, _ADDRESS), asked_address(target, _ADDRESS)
    if one.key == other.key:
        raise invalid(SAME)
    await lead(call, to_address(RewriteKind.ADDRESS, one, other))
    return done()


@mappings.delete("/mappings/address/{source}/targets/{target}")
async def remove_address(call: Call, source: str, target: str) -> Answer:
    """Lead an address there no more."""
    one, other = asked_address(source, _ADDRESS), asked_address(target, _ADDRESS)
    await lead_no_more(call, to_address(RewriteKind.ADDRESS, one, other))
    return done()


@mappings.get("/mappings")
async def list_mappings(call: Call) -> Answer:
    """List all mappings by what they lead away from."""
    by_source: dict[str, list[Rewrite]] = {}
    async for each in every(call):
        by_source.setdefault(str(each.source), []).append(each)
    return found({source: described(each) for source, each in by_source.items()})


@mappings.get("/mappings/user/{user}")
async def show_mappings(call: Call, user: str) -> Answer:
    """List what leads away from an address."""
    try:
        name = username_of(user)
    except BadName as error:
        raise illegal(str(error)) from error
    return found(described(await of(call, Source(name.local_part, name.domain or ""))))


async def _domain_mapping(call: Call, domain: str) -> Rewrite:
    source = Source("", _domain(domain))
    target = _domain(await bodies.text_of(call.request))
    return Rewrite(source=source, kind=RewriteKind.DOMAIN, target=target)


def _domain(text: str) -> str:
    if text == EVERY_DOMAIN:
        return text
    try:
        return domain_of(text.strip())
    except BadName as error:
        raise invalid(f"The domain {text} is invalid.", str(error)) from error


async def _source(call: Call, text: str) -> Source:
    """Return what a pattern is for: an address, a domain of ours, or everything.

    Raises BadName.
    """
    if text == EVERY_DOMAIN:
        return Source("", EVERY_DOMAIN)
    name = username_of(text)
    if name.domain is None and await is_managed(call, name.local_part):
        return Source("", name.local_part)
    return Source(name.local_part, name.domain or "")


def _again(segment: str) -> str:
    try:
        return decoded_again(segment)
    except Undecodable as error:
        raise illegal(str(error)) from error
