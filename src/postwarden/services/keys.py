"""API keys: create, list, revoke. A secret is shown once and kept as its SHA-256."""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from postwarden.model.actors import Actor
from postwarden.model.administrators import (
    Administrator,
    ApiKey,
    KeyState,
    Network,
    is_within,
)
from postwarden.model.audit import stamp
from postwarden.model.errors import Forbidden, Invalid, LimitExceeded
from postwarden.model.permissions import Permission
from postwarden.services import access, audit, privileges
from postwarden.services.ports import UnitOfWork

MAX_KEYS = 100  # of one administrator that are active
MAX_NETWORKS = 100  # of one key
_MARK = "pwk_"  # tells people and scanners of repositories what it is
_PREFIX = len(_MARK) + 8  # characters that lists show
_OCTETS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedKey:
    """A key and whose it is."""

    key: ApiKey
    owner: Administrator


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey(OwnedKey):
    """A key with its secret, which nobody can see again."""

    secret: str


def is_key(secret: str) -> bool:
    """Whether a secret has the form of a key."""
    return secret.startswith(_MARK)


def digest_of(secret: str) -> bytes:
    """Return what is kept of a random secret: 256 bits need no slow hash."""
    return hashlib.sha256(secret.encode(errors="surrogatepass")).digest()


def create(
    uow: UnitOfWork,
    actor: Actor,
    name: str,
    *,
    expires_at: datetime | None = None,
    permissions: Collection[Permission] | None = None,
    networks: Sequence[Network] = (),
) -> NewKey:
    """Make a key for an administrator, oneself without any right.

    Without `permissions` it may do what its owner may. Raises NotFound, Invalid,
    LimitExceeded, and Forbidden for a key that may do what the actor may not, or
    more than the key that he came with.
    """
    access.require_for(actor, name, Permission.KEY_WRITE)
    owner = access.administrator(uow, actor, name)
    own = privileges.permissions_of(uow, owner)
    allowed = None if permissions is None else frozenset(permissions)
    if allowed is not None and not allowed <= own:
        lacking = ", ".join(sorted(allowed - own))
        raise Invalid(f"{name} has not all of these rights: {lacking}", field="allow")
    if allowed is not None and not allowed:
        raise Invalid("a key needs a permission", field="allow")
    if expires_at is not None and expires_at <= uow.now:
        raise Invalid("a key cannot end before it begins", field="expires")
    if len(networks) > MAX_NETWORKS:
        raise LimitExceeded("networks of a key", MAX_NETWORKS)
    privileges.check_grantable(actor, own if allowed is None else allowed)
    check_like(uow, actor, expires_at, tuple(networks))
    _check_room(uow, owner)
    secret = _MARK + secrets.token_urlsafe(_OCTETS)
    key = uow.keys.add(
        ApiKey(
            id=0,
            administrator=owner.id,
            prefix=secret[:_PREFIX],
            digest=digest_of(secret),
            created_at=uow.now,
            created_by=actor.name,
            expires_at=expires_at,
            permissions=allowed,
            networks=tuple(networks),
        )
    )
    audit.record(
        uow,
        actor,
        "key.create",
        f"key {key.id}",
        after=facts(key, owner),
        domains=owner.domains,
    )
    return NewKey(key=key, owner=owner, secret=secret)


def check_like(
    uow: UnitOfWork,
    actor: Actor,
    expires_at: datetime | None,
    networks: tuple[Network, ...] = (),
) -> None:
    """Raise Forbidden for a way in that outlives or outreaches the key in use."""
    used = None if actor.key is None else uow.keys.with_id(actor.key)
    if used is None:
        return
    ends = used.expires_at
    if ends is not None and (expires_at is None or expires_at > ends):
        raise Forbidden("a key opens no way in that lives longer than itself")
    if not is_within(networks, used.networks):
        raise Forbidden("a key opens no way in from other networks than its own")


def _check_room(uow: UnitOfWork, owner: Administrator) -> None:
    active = [
        each for each in _all_of(uow, owner) if each.state(uow.now) is KeyState.ACTIVE
    ]
    if len(active) >= MAX_KEYS:
        raise LimitExceeded(f"keys of {owner.name}", MAX_KEYS)


def _all_of(uow: UnitOfWork, owner: Administrator) -> list[ApiKey]:
    return uow.keys.of(owner.id, limit=10 * MAX_KEYS)


def revoke(uow: UnitOfWork, actor: Actor, number: int) -> OwnedKey:
    """End a key at once; one's own without any right. Raises NotFound."""
    key, owner = access.api_key(uow, actor, number)
    if key.revoked_at is None:
        uow.keys.revoke(key.id, uow.now)
        audit.record(
            uow,
            actor,
            "key.revoke",
            f"key {key.id}",
            before=facts(key, owner),
            domains=owner.domains,
        )
    return OwnedKey(key=uow.keys.with_id(number) or key, owner=owner)


def page(
    uow: UnitOfWork,
    actor: Actor,
    *,
    owner: str | None = None,
    after: int = 0,
    limit: int,
) -> Sequence[OwnedKey]:
    """Return keys in order of ids: of `owner`, else all that the actor may see.

    Who has no right to see administrators sees his own keys.
    """
    if owner is None and not actor.may(Permission.ADMIN_READ):
        owner = actor.name
    if owner is not None:
        access.require_for(actor, owner, Permission.ADMIN_READ)
        found = access.administrator(uow, actor, owner)
        keys = uow.keys.of(found.id, after=after, limit=limit)
        return [OwnedKey(key=each, owner=found) for each in keys]
    return _visible(uow, actor, after, limit)


def _visible(uow: UnitOfWork, actor: Actor, after: int, limit: int) -> list[OwnedKey]:
    found: list[OwnedKey] = []
    owners: dict[int, Administrator | None] = {}
    while len(found) < limit:
        rows = uow.keys.page(after=after, limit=limit)
        for key in rows:
            if key.administrator not in owners:
                known = uow.administrators.with_id(key.administrator)
                owners[key.administrator] = known
            owner = owners[key.administrator]
            if owner is not None and access.sees(actor, owner):
                found.append(OwnedKey(key=key, owner=owner))
        if len(rows) < limit:
            break
        after = rows[-1].id
    return found[:limit]


def facts(key: ApiKey, owner: Administrator) -> dict[str, object]:
    """Return what people see and the audit log keeps of a key."""
    return {
        "id": key.id,
        "actor": owner.name,
        "prefix": key.prefix,
        "expires": None if key.expires_at is None else stamp(key.expires_at),
        "permissions": None if key.permissions is None else sorted(key.permissions),
        "networks": [str(each) for each in key.networks],
    }
