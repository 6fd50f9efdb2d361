"""Groups, forwards and aliases (WebAdmin's "Administrating recipient rewriting")."""

from postwarden.dialects.james.calls import Call
from postwarden.dialects.james.envelope import (
    INVALID,
    Fault,
    done,
    found,
    invalid,
)
from postwarden.dialects.james.mail_addresses import asked_address
from postwarden.dialects.james.names import text_of
from postwarden.dialects.james.operations import Operations
from postwarden.dialects.james.rewriting import (
    SAME,
    every,
    is_managed,
    is_user,
    lead,
    lead_no_more,
    of,
    shown,
    to_address,
)
from postwarden.dialects.kit.asgi import Answer
from postwarden.model.rewrites import RewriteKind, Source
from postwarden.services.rewriting import table

addresses = Operations()

_GROUP, _MEMBER = "group", "group member"
_BASE, _TARGET = "base forward", "target forward"
_ALIAS = "alias"
_NO_TARGET = "A destination address needs to be specified in the path"


@addresses.get("/address/groups")
async def list_groups(call: Call) -> Answer:
    """List the groups."""
    return await _sources(call, RewriteKind.GROUP)


@addresses.get("/address/groups/{group}")
async def show_group(call: Call, group: str) -> Answer:
    """List the members of a group."""
    source = Source.of(asked_address(group, _GROUP))
    members = await of(call, source, RewriteKind.GROUP)
    if not members:
        raise Fault(404, INVALID, "The group does not exist")
    return found(sorted(map(shown, members)))


@addresses.put("/address/groups/{group}/{member}")
async def add_member(call: Call, group: str, member: str) -> Answer:
    """Put a member into a group, which comes into being with its first."""
    source = asked_address(group, _GROUP)
    if await is_user(call, source):
        message = "Requested group address is already used for another purpose"
        raise Fault(409, INVALID, message)
    target = asked_address(member, _MEMBER)
    await lead(call, to_address(RewriteKind.GROUP, source, target))
    return done()


@addresses.delete("/address/groups/{group}/{member}")
async def remove_member(call: Call, group: str, member: str) -> Answer:
    """Take a member out of a group, which goes with its last."""
    source = asked_address(group, _GROUP)
    target = asked_address(member, _MEMBER)
    await lead_no_more(call, to_address(RewriteKind.GROUP, source, target))
    return done()


@addresses.put("/address/groups/{group}")
@addresses.delete("/address/groups/{group}")
async def need_a_member(call: Call, group: str) -> Answer:
    """Refuse a group without a member: only members are put and removed."""
    return Answer(status=400)


@addresses.get("/address/forwards")
async def list_forwards(call: Call) -> Answer:
    """List the addresses that are forwarded."""
    return await _sources(call, RewriteKind.FORWARD)


@addresses.get("/address/forwards/{user}")
async def show_forward(call: Call, user: str) -> Answer:
    """List where an address is forwarded to."""
    source = Source.of(asked_address(user, _BASE))
    targets = await of(call, source, RewriteKind.FORWARD)
    if not targets:
        raise Fault(404, INVALID, "The forward does not exist")
    return found([{"mailAddress": each} for each in sorted(map(shown, targets))])


@addresses.put("/address/forwards/{user}/targets/{target}")
async def add_forward(call: Call, user: str, target: str) -> Answer:
    """Forward a user's mail; to its own address, to keep a copy."""
    source = asked_address(user, _BASE)
    if not await is_user(call, source):
        message = "Requested base forward address does not correspond to a user"
        raise Fault(404, INVALID, message)
    to = asked_address(target, _TARGET)
    await lead(call, to_address(RewriteKind.FORWARD, source, to))
    return done()


@addresses.delete("/address/forwards/{user}/targets/{target}")
async def remove_forward(call: Call, user: str, target: str) -> Answer:
    """Forward a user's mail there no more."""
    source = asked_address(user, _BASE)
    to = asked_address(target, _TARGET)
    await lead_no_more(call, to_address(RewriteKind.FORWARD, source, to))
    return done()


@addresses.put("/address/forwards/{user}")
@addresses.delete("/address/forwards/{user}")
async def need_a_target(call: Call, user: str) -> Answer:
    """Refuse a forward without a target."""
    raise invalid(_NO_TARGET)


@addresses.get("/address/aliases")
async def list_aliases(call: Call) -> Answer:
    """List the addresses that have aliases."""
    rewrites = every(call, RewriteKind.ALIAS)
    return found(sorted({shown(each) async for each in rewrites}))


@addresses.get("/address/aliases/{user}")
async def show_aliases(call: Call, user: str) -> Answer:
    """List the aliases of an address."""
    target = asked_address(user, _ALIAS)
    sources = await call.read(table.aliases_of, target)
    return found([{"source": each} for each in sorted(map(text_of, sources))])


@addresses.put("/address/aliases/{user}/sources/{alias}")
async def add_alias(call: Call, user: str, alias: str) -> Answer:
    """Give an address an alias."""
    source = asked_address(alias, _ALIAS)
    if await is_user(call, source):
        raise invalid("The alias source exists as an user already")
    target = asked_address(user, _ALIAS)
    if not await is_managed(call, target.domain):
        raise invalid("Domain in the destination is not managed by the DomainList")
    if source.key == target.key:
        raise invalid(SAME)
    await lead(call, to_address(RewriteKind.ALIAS, source, target))
    return done()


@addresses.delete("/address/aliases/{user}/sources/{alias}")
async def remove_alias(call: Call, user: str, alias: str) -> Answer:
    """Take an alias from an address."""
    source = asked_address(alias, _ALIAS)
    target = asked_address(user, _ALIAS)
    await lead_no_more(call, to_address(RewriteKind.ALIAS, source, target))
    return done()


async def _sources(call: Call, kind: RewriteKind) -> Answer:
    rewrites = every(call, kind)
    return found(sorted({str(each.source) async for each in rewrites}))
