"""Short ways to administrators, their keys, and the actors who come with them."""

from typing import Any

from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.administrators import Administrator
from postwarden.services import actors, administrators, keys
from postwarden.services.administrators import NewAdministrator
from postwarden.services.ports import Store
from tests.unit.services.registry import host

HOME, FOREIGN = "example.org", "example.net"


async def make(
    store: Store, name: str, role: str, *domains: str, by: Actor = OPERATOR
) -> Administrator:
    """Make an administrator of some domains, or of all."""
    new = NewAdministrator(name=name, role=role, domains=domains or None)
    return await store.transact(administrators.create, by, new)


async def key_for(
    store: Store, name: str, *, by: Actor = OPERATOR, **options: Any
) -> str:
    """Return the secret of a new key."""
    return (await store.transact(keys.create, by, name, **options)).secret


async def coming(store: Store, name: str, **options: Any) -> Actor:
    """Return who comes with a new key of an administrator."""
    secret = await key_for(store, name, **options)
    return (await store.read(actors.by_key, secret)).actor


async def two_domains(store: Store) -> None:
    await host(store, HOME, FOREIGN)
