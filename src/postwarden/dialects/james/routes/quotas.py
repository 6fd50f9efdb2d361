"""Quotas of everybody, of domains and of users (WebAdmin's "Administrating quotas")."""

import math
from collections.abc import Sequence
from typing import Any

from postwarden.dialects.james import bodies, numbers
from postwarden.dialects.james.calls import Call, Pages
from postwarden.dialects.james.decoding import Undecodable, decoded_again
from postwarden.dialects.james.envelope import (
    NOT_FOUND,
    Fault,
    bad_json,
    done,
    found,
    illegal,
    invalid,
)
from postwarden.dialects.james.names import (
    BadName,
    Username,
    domain_of,
    text_of,
    username_of,
)
from postwarden.dialects.james.operations import Operations
from postwarden.dialects.james.routes.tasks import made
from postwarden.dialects.james.selecting import selected
from postwarden.dialects.kit.asgi import Answer
from postwarden.model.actors import Actor
from postwarden.model.errors import NotFound
from postwarden.model.quotas import LARGEST, UNLIMITED, Levels, Limits
from postwarden.services.ports import UnitOfWork
from postwarden.services.quotas import recomputing, saying
from postwarden.services.quotas.saying import AccountQuota

quotas = Operations()

_COUNT, _SIZE = "messages", "octets"
_BAD_VALUE = "Invalid quota. Need to be an integer value greater or equal to -1"
_BAD_QUOTA = "Quota should be positive or unlimited (-1)"


@quotas.get("/quota")
async def show_global(call: Call) -> Answer:
    """Show what is said for every user."""
    return found(_shown(await call.read(saying.everywhere)))


@quotas.put("/quota")
async def put_global(call: Call) -> Answer:
    """Say what every user may keep; what is left out is not said any more."""
    await call.write(saying.say_everywhere, await _both(call))
    return done()


@quotas.get("/quota/count")
async def show_global_count(call: Call) -> Answer:
    """Show how many messages every user may keep."""
    return _value((await call.read(saying.everywhere)).messages)


@quotas.put("/quota/count")
async def put_global_count(call: Call) -> Answer:
    """Say how many messages every user may keep."""
    await call.write(saying.say_everywhere, await _one(call, _COUNT))
    return done()


@quotas.delete("/quota/count")
async def remove_global_count(call: Call) -> Answer:
    """Say nothing any more of how many messages every user may keep."""
    await call.write(saying.say_everywhere, {_COUNT: None})
    return done()


@quotas.get("/quota/size")
async def show_global_size(call: Call) -> Answer:
    """Show how many octets every user may keep."""
    return _value((await call.read(saying.everywhere)).octets)


@quotas.put("/quota/size")
async def put_global_size(call: Call) -> Answer:
    """Say how many octets every user may keep."""
    await call.write(saying.say_everywhere, await _one(call, _SIZE))
    return done()


@quotas.delete("/quota/size")
async def remove_global_size(call: Call) -> Answer:
    """Say nothing any more of how many octets every user may keep."""
    await call.write(saying.say_everywhere, {_SIZE: None})
    return done()


@quotas.get("/quota/domains/{domain}")
async def show_domain(call: Call, domain: str) -> Answer:
    """Show what is said for the users of a domain."""
    _, levels = await _domain(call, domain)
    return found(
        {
            "global": _shown(levels.everywhere),
            "domain": _shown(levels.domain),
            "computed": _shown(levels.computed),
        }
    )


@quotas.put("/quota/domains/{domain}")
async def put_domain(call: Call, domain: str) -> Answer:
    """Say what the users of a domain may keep."""
    name, _ = await _domain(call, domain)
    await call.write(saying.say_of_domain, name, await _both(call))
    return done()


@quotas.get("/quota/domains/{domain}/count")
async def show_domain_count(call: Call, domain: str) -> Answer:
    """Show how many messages the users of a domain may keep."""
    _, levels = await _domain(call, domain)
    return _value(levels.domain.messages)


@quotas.put("/quota/domains/{domain}/count")
async def put_domain_count(call: Call, domain: str) -> Answer:
    """Say how many messages the users of a domain may keep."""
    name, _ = await _domain(call, domain)
    await call.write(saying.say_of_domain, name, await _one(call, _COUNT))
    return done()


@quotas.delete("/quota/domains/{domain}/count")
async def remove_domain_count(call: Call, domain: str) -> Answer:
    """Say nothing any more of how many messages its users may keep."""
    name, _ = await _domain(call, domain)
    await call.write(saying.say_of_domain, name, {_COUNT: None})
    return done()


@quotas.get("/quota/domains/{domain}/size")
async def show_domain_size(call: Call, domain: str) -> Answer:
    """Show how many octets the users of a domain may keep."""
    _, levels = await _domain(call, domain)
    return _value(levels.domain.octets)


@quotas.put("/quota/domains/{domain}/size")
async def put_domain_size(call: Call, domain: str) -> Answer:
    """Say how many octets the users of a domain may keep."""
    name, _ = await _domain(call, domain)
    await call.write(saying.say_of_domain, name, await _one(call, _SIZE))
    return done()


@quotas.delete("/quota/domains/{domain}/size")
async def remove_domain_size(call: Call, domain: str) -> Answer:
    """Say nothing any more of how many octets its users may keep."""
    name, _ = await _domain(call, domain)
    await call.write(saying.say_of_domain, name, {_SIZE: None})
    return done()


@quotas.get("/quota/users")
async def search_users(call: Call) -> Answer:
    """List users by how full their quotas are, in order of their names."""
    least = numbers.fraction(call, "minOccupationRatio")
    most = numbers.fraction(call, "maxOccupationRatio")
    limit = numbers.limit(call)
    offset = numbers.offset(call)
    domain = call.parameter("domain")
    try:
        name = None if domain is None else domain_of(domain)
    except BadName as error:
        raise illegal(str(error)) from error
    rows: list[tuple[str, dict[str, Any]]] = []
    try:
        async for each in call.every(
            _users_of(name), lambda each: each.account.address.key
        ):
            ratio = max(_ratios(each))
            if (least is None or ratio >= least) and (most is None or ratio <= most):
                rows.append((text_of(each.account.address).lower(), _detail(each)))
    except NotFound:
        return found([])
    rows.sort(key=lambda row: row[0])
    end = None if limit is None else offset + limit
    return found(
        [{"detail": detail, "username": user} for user, detail in rows[offset:end]]
    )


@quotas.post("/quota/users")
async def recompute(call: Call) -> Answer:
    """Count anew what users keep."""
    selected(call, "task", "RecomputeCurrentQuotas")
    speed = numbers.speed(call, "usersPerSecond", default=1)
    if speed <= 0:
        raise illegal("'usersPerSecond' needs to be strictly positive")
    return made(await call.write(recomputing.start, per_second=speed))


@quotas.get("/quota/users/{user}")
async def show_user(call: Call, user: str) -> Answer:
    """Show what is said for a user, what holds, and how much is used."""
    return found(_detail((await _user(call, user))[1]))


@quotas.put("/quota/users/{user}")
async def put_user(call: Call, user: str) -> Answer:
    """Say what a user may keep."""
    name, _ = await _user(call, user, _BAD_QUOTA)
    await call.write(saying.say_of_account, name.address, await _both(call))
    return done()


@quotas.get("/quota/users/{user}/count")
async def show_user_count(call: Call, user: str) -> Answer:
    """Show how many messages a user may keep, whoever says so."""
    _, quota = await _user(call, user)
    return _value(quota.levels.computed.messages)


@quotas.put("/quota/users/{user}/count")
async def put_user_count(call: Call, user: str) -> Answer:
    """Say how many messages a user may keep."""
    name, _ = await _user(call, user)
    await call.write(saying.say_of_account, name.address, await _one(call, _COUNT))
    return done()


@quotas.delete("/quota/users/{user}/count")
async def remove_user_count(call: Call, user: str) -> Answer:
    """Say nothing any more of how many messages a user may keep."""
    name, _ = await _user(call, user)
    await call.write(saying.say_of_account, name.address, {_COUNT: None})
    return done()


@quotas.get("/quota/users/{user}/size")
async def show_user_size(call: Call, user: str) -> Answer:
    """Show how many octets a user may keep, whoever says so."""
    _, quota = await _user(call, user)
    return _value(quota.levels.computed.octets)


@quotas.put("/quota/users/{user}/size")
async def put_user_size(call: Call, user: str) -> Answer:
    """Say how many octets a user may keep."""
    name, _ = await _user(call, user)
    await call.write(saying.say_of_account, name.address, await _one(call, _SIZE))
    return done()


@quotas.delete("/quota/users/{user}/size")
async def remove_user_size(call: Call, user: str) -> Answer:
    """Say nothing any more of how many octets a user may keep."""
    name, _ = await _user(call, user)
    await call.write(saying.say_of_account, name.address, {_SIZE: None})
    return done()


def _users_of(domain: str | None) -> Pages[AccountQuota]:
    def page(
        uow: UnitOfWork, actor: Actor, /, *, after: str, limit: int
    ) -> Sequence[AccountQuota]:
        return saying.page(uow, actor, domain=domain, after=after, limit=limit)

    return page


def _value(limit: int | None) -> Answer:
    return done() if limit is None else found(limit)


def _shown(limits: Limits) -> dict[str, int | None]:
    return {"count": limits.messages, "size": limits.octets}


def _detail(quota: AccountQuota) -> dict[str, Any]:
    account, levels = quota.account, quota.levels
    count, size = _ratios(quota)
    return {
        "global": _told(levels.everywhere),
        "domain": _told(levels.domain),
        "user": _told(levels.own),
        "computed": _shown(levels.computed),
        "occupation": {
            "size": account.used_octets,
            "count": account.used_messages,
            "ratio": {
                "size": _number(size),
                "count": _number(count),
                "max": _number(max(count, size)),
            },
        },
    }


def _told(limits: Limits) -> dict[str, int | None] | None:
    return None if limits.is_silent else _shown(limits)


def _ratios(quota: AccountQuota) -> tuple[float, float]:
    """Return how full a user's quotas are, of messages and of octets."""
    account, limits = quota.account, quota.levels.computed
    return (
        _ratio(account.used_messages, limits.messages),
        _ratio(account.used_octets, limits.octets),
    )


def _ratio(used: int, limit: int | None) -> float:
    if limit is None or limit == UNLIMITED or not used:
        return 0.0
    return used / limit if limit else math.inf


def _number(ratio: float) -> float | str:
    """Return a fraction; JSON has no infinite one, and James writes its name."""
    return "Infinity" if math.isinf(ratio) else ratio


async def _domain(call: Call, text: str) -> tuple[str, Levels]:
    try:
        name = domain_of(text)
        return name, await call.read(saying.of_domain, name)
    except BadName as error:
        raise invalid("Invalid domain", str(error)) from error
    except NotFound as error:
        raise Fault(404, NOT_FOUND, "Domain not found") from error


async def _user(
    call: Call, segment: str, message: str | None = None
) -> tuple[Username, AccountQuota]:
    try:
        name = username_of(decoded_again(segment))
        return name, await call.read(saying.of_account, name.address)
    except (BadName, Undecodable) as error:
        details = str(error)
        raise (invalid(message, details) if message else illegal(details)) from error
    except NotFound as error:
        raise Fault(404, NOT_FOUND, "User not found") from error


async def _one(call: Call, name: str) -> dict[str, int | None]:
    """Return the one value that a body is; raises Fault."""
    text = await bodies.text_of(call.request)
    value = numbers.long_of(text)
    if value is None:
        raise invalid(_BAD_VALUE, f'For input string: "{text}"')
    if value < UNLIMITED:
        raise invalid(_BAD_VALUE)
    return {name: value}


async def _both(call: Call) -> dict[str, int | None]:
    """Return both values of a body, None for what it leaves out; raises Fault."""
    body = await bodies.object_of(call.request, ["count", "size"])
    return {_COUNT: _limit(body.get("count")), _SIZE: _limit(body.get("size"))}


def _limit(given: Any) -> int | None:
    if given is None or given == "":
        return None
    value = numbers.long_of(given) if isinstance(given, str) else given
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise bad_json("a quota is a number")
    if not abs(value) <= LARGEST:
        raise bad_json("a quota has 64 bits")
    if value < UNLIMITED:
        raise invalid(_BAD_VALUE, "Quota limit should be positive")
    return int(value)
