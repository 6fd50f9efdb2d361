"""Logging in, staying so, and acting for somebody."""

from typing import Any

from postwarden.dialects.smartermail.contexts import Call
from postwarden.dialects.smartermail.envelope import Fault, Said
from postwarden.dialects.smartermail.house import DIALECT
from postwarden.dialects.smartermail.mapping import moment
from postwarden.dialects.smartermail.operations import Operations, Reach
from postwarden.dialects.smartermail.schemas.login import (
    Email,
    Granted,
    Impersonating,
    LoggedIn,
    Login,
    Renewal,
)
from postwarden.model.actors import Actor
from postwarden.model.errors import TooManyFailures, Unauthenticated
from postwarden.model.logins import Origin
from postwarden.services.logins import tokens
from postwarden.services.logins.passwords import CodeRefused
from postwarden.services.logins.tokens import Bearer, Tokens

login = Operations()


@login.post("/auth/authenticate-user", Reach.OPEN)
async def authenticate_user(call: Call, body: Login) -> LoggedIn:
    """Let in an administrator, or the owner of an account.

    Clients ask for a second factor only when they are told of it, so that here,
    and nowhere else, a right password is told without one.
    """
    house = call.house
    if house.everybody is not None:
        return await _everybody(await house.everybody(call.request), call)
    try:
        bearer, given = await tokens.log_in(
            house.store,
            house.passwords,
            house.sealer,
            body.username,
            body.password,
            code=body.two_factor_code,
            client=body.client_id,
            origin=_origin(call),
            guard_rules=house.guard_rules,
            rules=house.token_rules,
        )
    except TooManyFailures:
        raise
    except CodeRefused as error:
        code = "INVALID_TWO_FACTOR_CODE" if error.was_given else "TWO_FACTOR_REQUIRED"
        raise Fault(401, code) from error
    except Unauthenticated as error:
        raise Fault(401, "USERNAME_OR_PASSWORD_INCORRECT") from error
    owner = bearer.administrator
    return LoggedIn(
        **_granted(bearer, given),
        email_address=str(bearer.account.address) if bearer.account else "",
        is_admin=owner is not None and owner.domains is None,
        is_domain_admin=owner is not None and owner.domains is not None,
    )


async def _everybody(actor: Actor, call: Call) -> LoggedIn:
    """Return what a program is told that need not log in, but does."""
    now = await call.house.store.peek(lambda uow: uow.now)
    until = moment(now + call.house.token_rules.refresh)
    return LoggedIn(
        is_impersonating=False,
        access_token=actor.name,
        refresh_token=actor.name,
        access_token_expiration=until,
        refresh_token_expiration=until,
        username=actor.name,
        email_address="",
        is_admin=True,
        is_domain_admin=False,
    )


def _origin(call: Call) -> Origin:
    return Origin(
        client_ip=call.request.client_ip,
        agent=call.request.headers.get("user-agent", ""),
        protocol=DIALECT,
    )


@login.post("/auth/refresh-token", Reach.OPEN)
async def refresh_token(call: Call, body: Renewal) -> Granted:
    """Exchange a refresh token for new tokens; it works once."""
    if call.house.everybody is not None:
        return await _everybody(await call.house.everybody(call.request), call)
    bearer, given = await tokens.renew(
        call.house.store,
        body.token,
        client=body.client_id,
        rules=call.house.token_rules,
    )
    return Granted(**_granted(bearer, given))


@login.post("/auth/logout", Reach.ANYBODY)
async def logout(call: Call) -> Said:
    """End what the token opens."""
    if call.bearer is None:
        return Said()
    await call.house.store.transact(tokens.leave, call.token)
    return Said()


@login.post("/settings/domain/impersonate-user", Reach.DOMAIN)
async def impersonate_user(call: Call, body: Email) -> Impersonating:
    """Give tokens with which to act as the owner of an account."""
    _check_token(call)
    given = await call.write(
        tokens.impersonate,
        call.token,
        call.address(body.email),
        rules=call.house.token_rules,
    )
    return _impersonating(given)


@login.post("/settings/sysadmin/manage-domain/{domain}", Reach.SYSTEM)
async def manage_domain(call: Call, domain: str) -> Impersonating:
    """Give tokens with which to administer one domain."""
    _check_token(call)
    given = await call.write(
        tokens.confine, call.token, domain, rules=call.house.token_rules
    )
    return _impersonating(given)


def _check_token(call: Call) -> None:
    """Refuse to lend what nobody has: without authentication there are no tokens."""
    if call.bearer is None:
        raise Fault(400, "NOT_OFFERED", "name a domain and a user in headers")


def _granted(bearer: Bearer, given: Tokens) -> dict[str, Any]:
    both = bearer.administrator is not None and bearer.account is not None
    name = bearer.administrator.name if bearer.administrator else ""
    return {
        "is_impersonating": both or bearer.grant.domain is not None,
        "access_token": given.access,
        "refresh_token": given.refresh,
        "access_token_expiration": moment(given.grant.access_until),
        "refresh_token_expiration": moment(given.grant.until),
        "username": str(bearer.account.address) if bearer.account else name,
    }


def _impersonating(given: Tokens) -> Impersonating:
    return Impersonating(
        impersonate_access_token=given.access,
        impersonate_refresh_token=given.refresh,
        impersonate_access_token_expiration=moment(given.grant.access_until),
        impersonate_refresh_token_expiration=moment(given.grant.until),
    )
