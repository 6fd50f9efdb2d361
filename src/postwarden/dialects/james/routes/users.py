"""Users (WebAdmin's "Administrating users")."""

from contextlib import suppress
from typing import Any

from postwarden.dialects.james import bodies
from postwarden.dialects.james.calls import Call
from postwarden.dialects.james.envelope import (
    INVALID,
    STATE,
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
    check_new,
    text_of,
    username_of,
)
from postwarden.dialects.james.operations import Operations
from postwarden.dialects.kit.asgi import Answer
from postwarden.model.actors import Actor
from postwarden.model.errors import AlreadyExists, NotFound
from postwarden.services import accounts, removals
from postwarden.services.accounts import NewAccount
from postwarden.services.ports import UnitOfWork
from postwarden.services.rewriting import senders

users = Operations()


@users.get("/users")
async def list_users(call: Call) -> Answer:
    """List the users."""
    rows = call.every(accounts.page, lambda each: each.address.key)
    return found([{"username": text_of(each.address).lower()} async for each in rows])


@users.head("/users/{user}")
async def test_user(call: Call, user: str) -> Answer:
    """Say whether there is a user."""
    name = username(user)
    try:
        await call.read(accounts.mailboxes, name.address)
    except NotFound:
        return Answer(status=404)
    return Answer()


@users.put("/users/{user}")
async def put_user(call: Call, user: str) -> Answer:
    """Create a user; with `force`, of any value, give one that there is a password."""
    name = username(user)
    body = await bodies.object_of(call.request, ["password"])
    password = _password(body.get("password"))
    # Who has an empty password here has none: nobody can log in with it.
    hashed = await call.house.passwords.hash(password) if password else None
    force = "force" in call.request.query
    try:
        await call.write(_put, name, hashed, force=force)
    except BadName as error:
        raise invalid("Username supplied is invalid", str(error)) from error
    except AlreadyExists as error:
        raise _exists(name, error) from error
    return done()


def _put(
    uow: UnitOfWork, actor: Actor, name: Username, hashed: str | None, *, force: bool
) -> None:
    if name.domain is None:
        raise BadName("Given Username needs to contain a @domainpart")
    address = check_new(name)
    try:
        accounts.create(uow, actor, NewAccount(address=address, password_hash=hashed))
    except AlreadyExists as error:
        if not (force and error.kind == "account"):
            raise
        if hashed is None:
            raise BadName("An empty password is no password") from error
        accounts.change(uow, actor, address, password_hash=hashed)
    except NotFound as error:
        raise BadName("Domain does not exist in DomainList") from error


@users.delete("/users/{user}")
async def remove_user(call: Call, user: str) -> Answer:
    """Remove a user; one that there is not is gone already."""
    with suppress(NotFound):
        await call.write(removals.start, username(user).address)
    return done()


@users.get("/users/{user}/allowedFromHeaders")
async def list_senders(call: Call, user: str) -> Answer:
    """List the addresses that a user may send from."""
    name = username(user)
    try:
        own = await call.read(senders.addresses_of, name.address)
    except NotFound as error:
        raise Fault(404, INVALID, f"user '{name}' does not exist") from error
    return found([text_of(each).lower() for each in own])


def username(segment: str) -> Username:
    """Return a username as it was asked for; raises Fault."""
    try:
        return username_of(segment)
    except BadName as error:
        raise illegal(str(error)) from error


def _password(given: Any) -> str:
    """Return a password, which may be given as an array of characters."""
    if isinstance(given, list) and all(isinstance(each, str) for each in given):
        return "".join(given)
    if not isinstance(given, str):
        raise bad_json("a password is a text")
    return given


def _exists(name: Username, error: AlreadyExists) -> Fault:
    if error.kind == "account":
        details = f"User {name.dump} already exists."
        return Fault(409, INVALID, "User already exists", details)
    # James 3.6 makes a user whose mail goes elsewhere; 3.8 refuses it with this type.
    return Fault(409, STATE, f"'{name}' already have associated mappings", str(error))
