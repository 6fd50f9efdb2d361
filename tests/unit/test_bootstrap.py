"""Places and settings become a platform."""

from pathlib import Path

import pytest

from postwarden.bootstrap import NoStore, Platform, open_platform, places_of
from postwarden.model.actors import OPERATOR
from postwarden.model.errors import Invalid, NotFound, Unavailable
from postwarden.services import domains
from postwarden.settings import Settings, load_settings


def test_everything_lies_in_the_data_directory_by_default(tmp_path: Path) -> None:
    places = places_of(tmp_path)
    assert places.rows == tmp_path / "postwarden.db"
    assert places.blobs == tmp_path / "blobs"


def test_rows_and_content_may_lie_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    places = places_of(Path("data"), store="sqlite:rows.db", blobs="file:~/mail")
    assert places.data == tmp_path / "data"
    assert places.rows == tmp_path / "rows.db"
    assert places.blobs == Path("~/mail").expanduser()


@pytest.mark.parametrize(
    "url",
    ["mysql://host/db", "sqlite", "sqlite:", "/path", "SQLITE:x", "sqlite:\0"],
)
def test_another_store_is_not_offered(tmp_path: Path, url: str) -> None:
    with pytest.raises(Invalid, match="sqlite:PATH") as caught:
        places_of(tmp_path, store=url)
    assert caught.value.field == "store"


@pytest.mark.parametrize("url", ["s3://bucket/prefix", "file:", "blobs"])
def test_another_place_for_content_is_not_offered(tmp_path: Path, url: str) -> None:
    with pytest.raises(Invalid, match="file:PATH") as caught:
        places_of(tmp_path, blobs=url)
    assert caught.value.field == "blobs"


def test_a_store_is_made_only_when_asked(tmp_path: Path) -> None:
    places = places_of(tmp_path / "data")
    with pytest.raises(NoStore, match="domain create") as caught:
        open_platform(places, Settings())
    assert isinstance(caught.value, NotFound)
    assert not places.data.exists()
    open_platform(places, Settings(), create=True).close()
    assert places.data.stat().st_mode & 0o777 == 0o700
    open_platform(places, Settings()).close()


def test_a_directory_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o750)
    open_platform(places_of(data), Settings(), create=True).close()
    assert data.stat().st_mode & 0o777 == 0o750


def test_what_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable):
        open_platform(places_of(tmp_path / "file/data"), Settings(), create=True)


@pytest.fixture
def settings() -> Settings:
    return load_settings(overrides=["passwords.memory=8K", "passwords.passes=1"])


async def test_a_platform_has_all_that_edges_need(
    tmp_path: Path, settings: Settings
) -> None:
    platform = open_platform(places_of(tmp_path), settings, create=True)
    try:
        await _use(platform)
    finally:
        platform.close()


async def _use(platform: Platform) -> None:
    await platform.store.transact(domains.create, OPERATOR, "example.org")
    sha256 = await platform.blobs.put(b"content")
    assert await platform.blobs.get(sha256) == b"content"
    assert await platform.search.lag() == 0
    known = await platform.passwords.hash("geheim")
    assert "m=8,t=1,p=1" in known
    assert platform.clock().tzinfo is not None


def test_what_was_not_used_is_not_opened(tmp_path: Path) -> None:
    platform = open_platform(places_of(tmp_path), Settings(), create=True)
    platform.close()
    assert not (tmp_path / "blobs").exists()
