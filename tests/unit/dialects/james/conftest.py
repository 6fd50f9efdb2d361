"""The James dialect over a small store in memory."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import pytest

from postwarden.adapters.memory.content import MemoryBlobs
from postwarden.adapters.memory.store import MemoryStore
from postwarden.dialects.james import app
from postwarden.dialects.james.house import NAME, House
from postwarden.dialects.kit.requests import Request
from postwarden.model.actors import OPERATOR, Actor
from postwarden.services import accounts, domains
from postwarden.services.accounts import NewAccount
from postwarden.services.ports import UnitOfWork
from tests.support.api import Client
from tests.support.factories import Clock
from tests.support.houses import PlainPasswords
from tests.unit.services.world import at

LOCAL, ORG, NET = "localhost", "example.org", "example.net"


def furnish(uow: UnitOfWork) -> None:
    """Three domains, two of them with somebody in it."""
    for name in (LOCAL, ORG, NET):
        domains.create(uow, OPERATOR, name)
    for name in (ORG, NET):
        new = NewAccount(address=at("ada", name), password_hash="hash of x")
        accounts.create(uow, OPERATOR, new)


@dataclass
class Village:
    """The store, whoever asks, and a way to ask the dialect over it."""

    clock: Clock = field(default_factory=Clock)
    actor: Actor = field(default_factory=lambda: replace(OPERATOR, dialect=NAME))
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    authenticate: Callable[[Request], Awaitable[Actor]] | None = None

    def __post_init__(self) -> None:
        self.store = MemoryStore(clock=self.clock)
        self.house = House(
            store=self.store,
            blobs=self.blobs,
            passwords=PlainPasswords(),
            authenticate=self._who,
        )
        self.client = Client(app.build(self.house))

    async def _who(self, request: Request) -> Actor:
        return await self.authenticate(request) if self.authenticate else self.actor


@pytest.fixture
async def village() -> Village:
    village = Village()
    await village.store.transact(furnish)
    return village
