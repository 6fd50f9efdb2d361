"""Every test has a store of its own, copied from one that was made once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e import campaign as campaigns
from tests.e2e import places, world
from tests.e2e.processes import Postwarden
from tests.support import postgres


@pytest.fixture(scope="session")
def made_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("made") / "store"
    world.build(data)
    return data


@pytest.fixture
def engine() -> str:
    """What the rows of the store lie in: a test may ask for each of `ENGINES`."""
    return "sqlite"


@pytest.fixture
def store(made_store: Path, tmp_path: Path, engine: str) -> Iterator[Path]:
    data = tmp_path / "store"
    if engine == "sqlite":
        yield world.copied(made_store, data)
        return
    with postgres.database() as url:
        data.mkdir(mode=0o700)
        places.put(data, url)
        world.build(data)
        yield data


@pytest.fixture
def postwarden(store: Path) -> Iterator[Postwarden]:
    platform = Postwarden(store)
    try:
        yield platform
    finally:
        platform.end()


@pytest.fixture(scope="module")
def shared(
    made_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Postwarden]:
    """One store for all tests of a module, which then tell their mails apart."""
    data = tmp_path_factory.mktemp("shared") / "store"
    platform = Postwarden(world.copied(made_store, data))
    try:
        yield platform
    finally:
        platform.end()


@pytest.fixture(scope="session")
def campaign_store(made_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("campaign") / "store"
    campaigns.build(made_store, data)
    return data


@pytest.fixture
def campaign(campaign_store: Path, tmp_path: Path) -> Iterator[Postwarden]:
    """A store with the campaign in it."""
    platform = Postwarden(world.copied(campaign_store, tmp_path / "store"))
    try:
        yield platform
    finally:
        platform.end()
