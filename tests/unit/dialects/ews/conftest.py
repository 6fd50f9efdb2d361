"""EWS over a small store in memory."""

import pytest

from postwarden.adapters.memory.content import MemoryBlobs
from postwarden.adapters.memory.store import MemoryStore
from postwarden.dialects.ews import app
from postwarden.dialects.ews.house import House
from tests.support.ews import EwsClient
from tests.support.factories import Clock
from tests.support.houses import Actors


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> MemoryStore:
    return MemoryStore(clock=clock)


@pytest.fixture
def actors() -> Actors:
    return Actors()


@pytest.fixture
def house(store: MemoryStore, clock: Clock, actors: Actors) -> House:
    return House(store=store, blobs=MemoryBlobs(), authenticate=actors, clock=clock)


@pytest.fixture
def ews(house: House) -> EwsClient:
    return EwsClient(app.build(house))
