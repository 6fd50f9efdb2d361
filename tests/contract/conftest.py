"""Every adapter under one contract: the fake may not be kinder than SQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from postwarden.services.ports import SearchIndex, Store
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
def index(adapter: Adapter) -> SearchIndex:
    return adapter.index
