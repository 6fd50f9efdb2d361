"""The worker on every adapter that can be opened without a server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from postwarden.adapters.memory.content import MemoryBlobs
from postwarden.services.ports import Store
from postwarden.worker.context import WorkerContext
from tests.support.factories import Clock
from tests.support.stores import ADAPTERS, Adapter, make_sqlite, opened


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sqlite(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=ADAPTERS)
def adapter(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock, empty_sqlite: Path
) -> Iterator[Adapter]:
    with opened(request.param, tmp_path / "store", clock, empty_sqlite) as adapter:
        yield adapter


@pytest.fixture
def store(adapter: Adapter) -> Store:
    return adapter.store


@pytest.fixture
def context(adapter: Adapter) -> WorkerContext:
    return WorkerContext(
        store=adapter.store,
        blobs=MemoryBlobs(),
        index=adapter.index,
        poll_seconds=0.01,
    )
