"""Who is this: the secret of a key becomes an actor, or nobody.

It is the one way in for programs, whatever the dialect. What is wrong with a secret
is nobody's to know: an unknown, an ended and a revoked one, one used from elsewhere
and one of a disabled administrator get the same words after the same work.
"""

from datetime import timedelta

from postwarden.model.actors import Actor
from postwarden.model.administrators import (
    Administrator,
    AdministratorState,
)
from postwarden.model.errors import Unauthenticated
from postwarden.model.permissions import Permission
from postwarden.services import privileges
from postwarden.services.keys import digest_of
from postwarden.services.ports import Store, UnitOfWork

REFUSED = "this key opens nothing: it is unknown, has ended, or is not for this place"
_REMEMBERED = timedelta(minutes=1)  # how exact the time of a key's last use is


async def recognised(
    store: Store,
    secret: str,
    *,
    client_ip: str | None = None,
    dialect: str = "cli",
    request_id: str | None = None,
) -> Actor:
    """Return who comes with a key, and remember that it was used.

    Raises Unauthenticated. This is what an edge calls for each request.
    """
    actor = await store.peek(
        actor_of_key,
        secret,
        client_ip=client_ip,
        dialect=dialect,
        request_id=request_id,
    )
    if await store.peek(_is_due, actor):
        await store.transact(_remember, actor)
    return actor


def actor_of_key(
    uow: UnitOfWork,
    secret: str,
    *,
    client_ip: str | None = None,
    dialect: str = "cli",
    request_id: str | None = None,
) -> Actor:
    """Return who comes with a key, as he may act now; raises Unauthenticated.

    A `client_ip` of None is this machine.
    """
    key = uow.keys.with_digest(digest_of(secret))
    owner = uow.administrators.with_id(key.administrator if key else 0)
    permissions = rights_of(uow, owner)
    if (
        key is None
        or owner is None
        or permissions is None
        or not key.opens(uow.now, client_ip)
    ):
        raise Unauthenticated(REFUSED)
    return Actor(
        name=owner.name,
        dialect=dialect,
        permissions=(
            permissions if key.permissions is None else permissions & key.permissions
        ),
        domains=owner.domains,
        client_ip=client_ip,
        request_id=request_id,
        key=key.id,
    )


def rights_of(
    uow: UnitOfWork, owner: Administrator | None
) -> frozenset[Permission] | None:
    """Return what an administrator may do now, None for one who may not come in.

    The look-up is the same for nobody, so that nobody can tell.
    """
    role = privileges.role_named(uow, owner.role if owner else "")
    if owner is None or owner.state is not AdministratorState.ACTIVE or role is None:
        return None
    return role.permissions


def _is_due(uow: UnitOfWork, actor: Actor) -> bool:
    key = uow.keys.with_id(actor.key or 0)
    last = key.last_used_at if key else uow.now
    return last is None or uow.now - last >= _REMEMBERED


def _remember(uow: UnitOfWork, actor: Actor) -> None:
    if actor.key is not None:
        uow.keys.remember_use(actor.key, uow.now)
