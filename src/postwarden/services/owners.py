"""Owners of accounts, and administrators in their place.

An owner comes with the account's own password and may do what an owner does with his
mail; an administrator who may log in as him may do the same, on his behalf, and it is
written down. Neither may do anything else meanwhile.
"""

from dataclasses import replace
from datetime import timedelta

from postwarden.model.accounts import Account
from postwarden.model.actors import Actor
from postwarden.model.addresses import Address
from postwarden.model.logins import GuardRules, Origin
from postwarden.model.permissions import Permission
from postwarden.services import access, audit
from postwarden.services.logins import authentication
from postwarden.services.ports import Passwords, Store, UnitOfWork

_ACTION = "account.log-in-as"
_REMEMBERED = timedelta(hours=1)  # how long one entry stands for all that follows
_LOOKED_THROUGH = 100  # entries of the account; behind so many it is written again


def owner(
    account: Account,
    *,
    dialect: str,
    client_ip: str | None = None,
    request_id: str | None = None,
) -> Actor:
    """Return the owner of an account as an actor."""
    return Actor(
        name=str(account.address),
        dialect=dialect,
        domains=frozenset(),
        client_ip=client_ip,
        request_id=request_id,
        account=account.id,
    )


async def recognised(
    store: Store,
    passwords: Passwords,
    username: str,
    password: str,
    *,
    origin: Origin,
    rules: GuardRules,
    dialect: str,
    request_id: str | None = None,
) -> Actor:
    """Return the owner whose address and password these are.

    Raises Unauthenticated as `authentication.login` does.
    """
    account = await authentication.login(
        store, passwords, username, password, origin=origin, rules=rules
    )
    return owner(
        account, dialect=dialect, client_ip=origin.client_ip, request_id=request_id
    )


async def logged_in_as(store: Store, actor: Actor, address: Address) -> Actor:
    """Return an administrator in the place of an account's owner.

    This is what an edge calls for each request: it writes only when `log_in_as` has
    to. Raises Forbidden, NotFound.
    """
    acting, is_written = await store.peek(_in_place_of, actor, address)
    return acting if is_written else await store.transact(log_in_as, actor, address)


def log_in_as(uow: UnitOfWork, actor: Actor, address: Address) -> Actor:
    """Put an administrator in the place of an account's owner, and write it down.

    One audit entry stands for an hour of the same actor, account and dialect. Raises
    Forbidden, NotFound.
    """
    acting, is_written = _in_place_of(uow, actor, address)
    if not is_written:
        audit.record(uow, acting, _ACTION, _object(acting))
    return acting


def _in_place_of(uow: UnitOfWork, actor: Actor, address: Address) -> tuple[Actor, bool]:
    """Return who acts, and whether an entry of the last hour says so already."""
    access.require(actor, Permission.ACCOUNT_LOG_IN_AS)
    account = access.account(uow, actor, address)
    acting = replace(
        actor,
        permissions=frozenset(),
        domains=frozenset(),
        on_behalf_of=str(account.address),
        account=account.id,
    )
    last = uow.audit.newest(_object(acting), limit=_LOOKED_THROUGH)
    return acting, any(
        (each.action, each.actor, each.dialect) == (_ACTION, actor.name, actor.dialect)
        and uow.now - each.time < _REMEMBERED
        for each in last
    )


def _object(acting: Actor) -> str:
    return f"account {acting.on_behalf_of}"
