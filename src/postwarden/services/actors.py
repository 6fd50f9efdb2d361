"""Who is this: the secret of a key becomes an actor, or nobody.

It is the one way in for programs, whatever the dialect. What is wrong with a secret
is nobody's to know: an unknown, an ended and a revoked one, one used from elsewhere
and one of a disabled administrator get the same words after the same work.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from postwarden.model.actors import Actor
from postwarden.model.administrators import (
    Administrator,
    AdministratorState,
)
from postwarden.model.errors import Unauthenticated
from postwarden.model.permissions import Permission
from postwarden.services import privileges
from postwarden.services.keys import digest_of
from postwarden.services.ports import UnitOfWork

REFUSED = "this key opens nothing: it is unknown, has ended, or is not for this place"
_REMEMBERED = timedelta(minutes=1)  # how exact the time of a last use is


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """Who came with a secret; `mark` writes down its use, where that is due."""

    actor: Actor
    mark: Callable[[UnitOfWork], None] | None


def is_due(last: datetime | None, now: datetime) -> bool:
    """Whether a use is to be written down: not one write for each request."""
    return last is None or now - last >= _REMEMBERED


def by_key(
    uow: UnitOfWork,
    secret: str,
    *,
    client_ip: str | None = None,
    dialect: str = "cli",
    request_id: str | None = None,
) -> Recognised:
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
    actor = Actor(
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
    return Recognised(
        actor=actor,
        mark=partial(_mark, key.id) if is_due(key.last_used_at, uow.now) else None,
    )


def _mark(key: int, uow: UnitOfWork) -> None:
    uow.keys.remember_use(key, uow.now)


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
