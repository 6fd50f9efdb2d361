"""Which listener answers what: administration takes TLS or stays on this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from postwarden.bootstrap import Platform, open_platform, places_of
from postwarden.cli.listeners import dialects_asked
from postwarden.cli.web import WebDesk
from postwarden.model.errors import Invalid
from postwarden.settings import load_settings
from tests.support.api import Client

API, OPEN = "/postwarden/v1/accounts", "dialects.native.authentication=none"


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    settings = load_settings(overrides=[OPEN])
    platform = open_platform(places_of(tmp_path / "data"), settings, create=True)
    yield platform
    platform.close()


@pytest.mark.parametrize(
    ("name", "address", "encrypted", "apart", "status"),
    [
        ("http", "127.0.0.1:8025", False, False, 200),
        ("http", "[::1]:8025", False, False, 200),
        ("http", "0.0.0.0:8025", False, False, 404),
        ("https", "0.0.0.0:443", True, False, 401),
        ("http", "127.0.0.1:8025", False, True, 404),
        ("native", "127.0.0.1:8026", False, True, 200),
        ("native", "192.0.2.1:8026", True, True, 401),
    ],
)
async def test_where_the_api_answers_and_to_whom(
    platform: Platform,
    *,
    name: str,
    address: str,
    encrypted: bool,
    apart: bool,
    status: int,
) -> None:
    desk = WebDesk(platform)
    desk.apart = {"native"} if apart else set()
    client = Client(desk.app_for(name, address, encrypted=encrypted))
    assert (await client.get(API)).status == status
    assert (await client.get("/healthz/live")).status == 200


async def test_a_web_page_is_not_a_program_of_this_machine(platform: Platform) -> None:
    client = Client(WebDesk(platform).app_for("http", "127.0.0.1:1", encrypted=False))
    for headers in ({"origin": "https://evil.example"}, {"host": "evil.example"}):
        assert (await client("GET", API, headers=headers)).status == 403


@pytest.mark.parametrize("word", ["native", "nobody=127.0.0.1:1", "=127.0.0.1:1"])
def test_a_dialect_that_there_is_not(word: str) -> None:
    with pytest.raises(Invalid):
        dialects_asked([word])
