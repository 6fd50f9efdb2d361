"""Looking at mail over our own API: with a reason, and written down first."""

import pytest

from tests.support import prepared
from tests.support.api import Answered
from tests.support.prepared import Prepared

REASON = "ticket 4711"


@pytest.fixture
async def town() -> Prepared:
    return (await prepared.prepare_once()).fresh()


async def _look(town: Prepared, what: str, **body: object) -> Answered:
    path = f"/messages/{town.made['MESSAGE']}/{what}"
    return await town.client()("POST", path, body=body)


async def test_every_octet_comes_as_a_file_that_runs_nowhere(town: Prepared) -> None:
    shown = await _look(town, "text", reason=REASON)
    whole = await _look(town, "content", reason=REASON)
    assert len(whole.body) == shown.json["size"]
    assert whole.headers["content-type"] == "message/rfc822"
    part = await _look(town, "content", reason=REASON, part="1")
    assert part.body == b"Some news.\r\n"
    assert part.headers["content-type"] == "application/octet-stream"
    for each in (whole, part):
        assert each.headers["content-disposition"] == "attachment"
        assert "sandbox" in each.headers["content-security-policy"]
        assert f"/{town.made['MESSAGE']}/" in each.headers["content-location"]


async def test_headers_and_structure_show_less(town: Prepared) -> None:
    headers = (await _look(town, "headers", reason=REASON)).json["headers"]
    assert headers.startswith("From: zoe@example.org\nTo: ada@example.org\n")
    assert "Some news." not in headers
    parts = (await _look(town, "structure", reason=REASON)).json["parts"]
    assert [(each["part"], each["content_type"]) for each in parts] == [
        ("1", "text/plain")
    ]


async def test_each_look_is_written_down_with_its_reason(town: Prepared) -> None:
    await _look(town, "content", reason=REASON, part="9")
    store = town.house.store
    entry = (await store.read(lambda uow: uow.audit.page(limit=1000)))[-1]
    assert (entry.action, entry.reason) == ("message.show", REASON)
    assert entry.after == {"part": "part 9"}


@pytest.mark.parametrize("what", ["text", "headers", "structure", "content"])
async def test_without_a_reason_nothing_is_shown(town: Prepared, what: str) -> None:
    assert (await _look(town, what)).status == 400
    assert (await _look(town, what, reason=" ")).status == 422


async def test_a_reason_in_the_address_is_refused(town: Prepared) -> None:
    path = f"/messages/{town.made['MESSAGE']}/content"
    body = {"reason": REASON}
    asked = await town.client()("POST", path, query=body, body=body)
    assert asked.status == 400
    assert (await town.client().get(path, reason=REASON)).status == 405
