"""Logging in and out, and who is logged in."""

import json
from typing import Literal

from msgspec import UNSET

from postwarden.dialects.kit.requests import Request
from postwarden.dialects.native.answers import Listed, One, Raw, Written
from postwarden.dialects.native.authentication import DIALECT
from postwarden.dialects.native.calls import Call
from postwarden.dialects.native.login_page import login_page
from postwarden.dialects.native.operations import Example, Operations
from postwarden.dialects.native.references import given, number
from postwarden.dialects.native.schemas.administration import (
    AttemptQuery,
    LinkPage,
    LinkToken,
    PasskeyAnswer,
    PasswordLogin,
    SessionQuery,
)
from postwarden.dialects.native.schemas.fields import Writing
from postwarden.dialects.native.shapes import administration as shapes
from postwarden.model.addresses import Address
from postwarden.model.administrators import administrator_name
from postwarden.model.errors import Invalid
from postwarden.model.logins import Origin
from postwarden.model.permissions import Permission
from postwarden.services.logins import guard, links, sessions
from postwarden.services.logins import passwords as service

logins = Operations("Logins")


def _origin(request: Request) -> Origin:
    agent = request.headers.get("user-agent", "")
    return Origin(client_ip=request.client_ip, agent=agent, protocol=DIALECT)


@logins.get("/login", is_open=True, example=Example(query={"token": "pwl_"}))
async def show_login(
    call: Call, query: LinkPage
) -> Raw[Literal["text/html; charset=utf-8"]]:
    """Show the page behind a login link; it uses nothing up, its button does."""
    return Raw(login_page())


@logins.post("/login", is_open=True, example=Example(body={"token": "LINK"}))
async def follow_link(call: Call, body: LinkToken) -> One[shapes.NewSessionShape]:
    """Begin a session with the token of a login link, once.

    The session's token is shown this once; it works wherever a key does.
    """
    begun = await call.house.store.transact(
        links.follow,
        body.token,
        origin=_origin(call.request),
        rules=call.house.session_rules,
    )
    return One(shapes.new_session(begun), is_versioned=False)


@logins.post(
    "/login/password",
    is_open=True,
    example=Example(body={"name": "carol", "password": "correct horse battery"}),
)
async def log_in(call: Call, body: PasswordLogin) -> One[shapes.NewSessionShape]:
    """Begin a session with a password, and a code where there is a second factor.

    What is wrong is not told. After too many failures the answer is 429, and
    `Retry-After` has the seconds to wait.
    """
    house = call.house
    begun = await service.with_password(
        house.store,
        house.passwords,
        house.sealer,
        body.name,
        body.password,
        code=body.code,
        origin=_origin(call.request),
        session_rules=house.session_rules,
        guard_rules=house.guard_rules,
    )
    return One(shapes.new_session(begun), is_versioned=False)


@logins.post("/login/passkey/invitation", is_open=True, status=200)
async def invite_login(call: Call) -> One[shapes.InvitationShape]:
    """Begin a login with a passkey: `options` are for a browser.

    They are the same for everybody; the authenticator knows whose passkey it has.
    """
    from postwarden.services.logins import passkeys  # noqa: PLC0415  takes 0.2 s

    made = await call.house.store.transact(passkeys.invite, call.house.party)
    return One(shapes.invitation(made.handle, made.options), is_versioned=False)


@logins.post(
    "/login/passkey",
    is_open=True,
    example=Example(body={"handle": "CHALLENGED", "answer": "SIGNED"}),
)
async def log_in_with_passkey(
    call: Call, body: PasskeyAnswer
) -> One[shapes.NewSessionShape]:
    """Begin a session with what an authenticator answered; it needs nothing beside.

    What is wrong is not told, and too many failures are 429, as with passwords.
    """
    from postwarden.services.logins import passkeys  # noqa: PLC0415  takes 0.2 s

    house = call.house
    begun = await passkeys.enter(
        house.store,
        house.party,
        handle=body.handle,
        answer=json.dumps(body.answer),
        origin=_origin(call.request),
        session_rules=house.session_rules,
        guard_rules=house.guard_rules,
    )
    return One(shapes.new_session(begun), is_versioned=False)


@logins.get("/login-attempts", Permission.AUDIT_READ)
async def list_attempts(
    call: Call, query: AttemptQuery
) -> Listed[shapes.LoginAttemptsShape]:
    """List attempts to log in, those of a kind in one row a day, for 30 days."""
    owner = given(query.account)
    if owner is not None and query.admin is not UNSET:
        raise Invalid("an account or an admin, not both", field="account")
    if owner is not None:
        owner = f"{guard.ACCOUNT} {Address.parse(owner)}"
    elif query.admin is not UNSET:
        owner = f"{guard.ADMINISTRATOR} {administrator_name(query.admin)}"
    return await call.page(
        query,
        lambda uow, after, limit: guard.page(
            uow, call.actor, account=owner, after=after, limit=limit
        ),
        first=0,
        key=lambda each: each.id,
        shape=shapes.login_attempts,
    )


@logins.post("/logout", status=200)
async def log_out(call: Call) -> One[shapes.LeftShape]:
    """End the session whose token comes with the request; a key goes on."""
    left = await call.house.store.transact(sessions.leave, call.request.bearer)
    return One({"logged_out": left}, is_versioned=False)


@logins.get("/sessions")
async def list_sessions(call: Call, query: SessionQuery) -> Listed[shapes.SessionShape]:
    """List sessions: one's own, and those of administrators that one may see."""
    owner = given(query.admin)
    return await call.page(
        query,
        lambda uow, after, limit: sessions.page(
            uow,
            call.actor,
            owner=None if owner is None else administrator_name(owner),
            after=after,
            limit=limit,
        ),
        first=0,
        key=lambda each: each.session.id,
        shape=shapes.session,
    )


@logins.delete("/sessions/{session}", example=Example(variables={"session": "1"}))
async def end_session(
    call: Call, session: str, query: Writing
) -> Written[shapes.SessionShape]:
    """Log somebody out: oneself, and with `admin.write` others."""
    ended = number(session, "session")
    return await call.write(
        lambda uow: shapes.session(sessions.end(uow, call.actor, ended))
    )
