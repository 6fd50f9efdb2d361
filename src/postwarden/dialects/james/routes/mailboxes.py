"""Mailboxes of users (WebAdmin's "Administrating user mailboxes").

James separates levels by a dot, and so do the names here.
"""

from postwarden.dialects.james.calls import Call
from postwarden.dialects.james.envelope import (
    NOT_FOUND,
    Fault,
    done,
    found,
    illegal,
    invalid,
)
from postwarden.dialects.james.names import BadName, Username, username_of
from postwarden.dialects.james.operations import Operations
from postwarden.dialects.kit.asgi import Answer
from postwarden.model.actors import Actor
from postwarden.model.errors import Invalid, NotFound
from postwarden.model.mailboxes import (
    SEPARATOR,
    DiscardKind,
    Mailbox,
    mailbox_name,
)
from postwarden.services import accounts, owners
from postwarden.services.accounts import FIRST_MAILBOXES
from postwarden.services.mailboxes import acting, keeping
from postwarden.services.ports import UnitOfWork

mailboxes = Operations()

_DOT = "."
_LONGEST = 200  # characters
_NO_USER = "User does not exist"
_GET, _DELETE = "Invalid get on user mailboxes", "Invalid delete on user mailboxes"


@mailboxes.get("/users/{user}/mailboxes")
async def list_mailboxes(call: Call, user: str) -> Answer:
    """List the mailboxes of a user."""
    boxes = await _boxes(call, _user(user), _GET)
    return found(
        [{"mailboxName": dotted(box.name), "mailboxId": str(box.id)} for box in boxes]
    )


@mailboxes.get("/users/{user}/mailboxes/{name}")
async def show_mailbox(call: Call, user: str, name: str) -> Answer:
    """Say whether a user has a mailbox."""
    message = "Attempt to test existence of an invalid mailbox"
    owner = _owner(user, message)
    boxes = await _boxes(call, owner, _GET)
    wanted = _checked(owner, name, message)
    if all(box.name != wanted for box in boxes):
        raise Fault(404, NOT_FOUND, "Mailbox does not exist")
    return done()


@mailboxes.put("/users/{user}/mailboxes/{name}")
async def create_mailbox(call: Call, user: str, name: str) -> Answer:
    """Make a mailbox, and those above it."""
    message = "Attempt to create an invalid mailbox"
    owner = _owner(user, message)
    await _boxes(call, owner, _GET)
    wanted = _checked(owner, name, message)
    try:
        mailbox_name(wanted)
    except Invalid as error:
        raise invalid(message, str(error)) from error
    in_place = await owners.logged_in_as(call.house.store, call.actor, owner.address)
    await call.house.store.transact(_make, in_place, wanted)
    return done()


@mailboxes.delete("/users/{user}/mailboxes/{name}")
async def remove_mailbox(call: Call, user: str, name: str) -> Answer:
    """Remove a mailbox with what lies in and under it."""
    message = "Attempt to delete an invalid mailbox"
    owner = _owner(user, message)
    boxes = await _boxes(call, owner, _DELETE)
    wanted = _checked(owner, name, message)
    under = wanted + SEPARATOR
    await _remove(
        call, owner, [b for b in boxes if b.name == wanted or b.name.startswith(under)]
    )
    return done()


@mailboxes.delete("/users/{user}/mailboxes")
async def remove_mailboxes(call: Call, user: str) -> Answer:
    """Remove all mailboxes; those that every account has are emptied."""
    owner = _user(user)
    await _remove(call, owner, await _boxes(call, owner, _DELETE))
    return done()


def dotted(name: str) -> str:
    return name.replace(SEPARATOR, _DOT)


async def _boxes(call: Call, owner: Username, message: str) -> list[Mailbox]:
    try:
        _, boxes = await call.read(accounts.mailboxes, owner.address)
    except NotFound as error:
        raise Fault(404, NOT_FOUND, message, _NO_USER) from error
    return boxes


def _make(uow: UnitOfWork, actor: Actor, name: str) -> None:
    levels = name.split(SEPARATOR)
    there = {box.name for box in uow.mailboxes.of_account(actor.account or 0)}
    for depth in range(1, len(levels) + 1):
        each = SEPARATOR.join(levels[:depth])
        if each not in there:
            keeping.create(uow, actor, actor.account, each)


async def _remove(call: Call, owner: Username, boxes: list[Mailbox]) -> None:
    if not boxes:
        return
    store = call.house.store
    in_place = await owners.logged_in_as(store, call.actor, owner.address)
    for box in boxes:
        if box.name in FIRST_MAILBOXES:
            while await store.transact(_throw, in_place, box.id):
                pass
        else:
            await store.transact(keeping.remove, in_place, box.id)


def _throw(uow: UnitOfWork, actor: Actor, mailbox: int) -> int:
    copies = uow.copies.in_mailbox(mailbox, limit=keeping.CHUNK)
    if copies:
        acting.discard(uow, actor, [each.id for each in copies], DiscardKind.DELETED)
    return len(copies)


def _user(text: str) -> Username:
    try:
        return username_of(text)
    except BadName as error:
        raise illegal(str(error)) from error


def _owner(text: str, message: str) -> Username:
    try:
        return username_of(text)
    except BadName as error:
        raise invalid(message, str(error)) from error


def _checked(owner: Username, name: str, message: str) -> str:
    """Return a mailbox's name as it is here; raises Fault."""
    path = f"#private:{owner}:{name}"
    if name.startswith("#") or set(name) & set("%*"):
        details = f"{path} contains one of the forbidden characters %* or starts with #"
        raise invalid(message, details)
    if any(not level.strip() for level in name.split(_DOT)):
        details = (
            f"'{path}' has an empty part within its mailbox name considering "
            f"{_DOT} as a delimiter"
        )
        raise invalid(message, details)
    if len(name) > _LONGEST:
        details = f"Mailbox name exceeds maximum size of {_LONGEST} characters"
        raise invalid(message, details)
    return name.replace(_DOT, SEPARATOR)
