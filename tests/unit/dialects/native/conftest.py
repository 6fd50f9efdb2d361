"""Our own API over a small store in memory."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from postwarden.adapters.evidence_archive import ZippedEvidence
from postwarden.adapters.memory.content import MemoryBlobs, MemorySearchIndex
from postwarden.adapters.memory.signing import MemorySigner
from postwarden.adapters.memory.store import MemoryStore
from postwarden.dialects.native import app
from postwarden.dialects.native.house import House
from postwarden.dialects.native.operations import PREFIX
from postwarden.services.cases.rules import CaseRules
from tests.support.api import Client
from tests.support.factories import Clock
from tests.support.houses import Actors, PlainPasswords, PlainSealer, PlainWebhooks
from tests.support.prepared import PARTY


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
    return House(
        store=store,
        blobs=MemoryBlobs(),
        index=MemorySearchIndex(store),
        passwords=PlainPasswords(),
        sealer=PlainSealer(),
        webhook_client=PlainWebhooks(),
        authenticate=actors,
        rules=CaseRules(),
        party=PARTY,
        package=lambda: ZippedEvidence(MemorySigner()),
        scratch=MemoryStore,
        clock=clock,
    )


@pytest.fixture
def client_of(house: House) -> Callable[..., Client]:
    """Makes clients of the API; what is named of the house is another."""

    def make(key: str = "operator", **changes: object) -> Client:
        return Client(
            app.build(replace(house, **changes)),  # type: ignore[arg-type]  # by name
            PREFIX,
            {"authorization": f"Bearer {key}"},
        )

    return make


@pytest.fixture
def api(client_of: Callable[..., Client]) -> Client:
    return client_of()
