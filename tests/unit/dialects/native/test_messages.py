"""Looking at mail over our own API: with a reason, and written down first."""

import pytest

from tests.support import prepared
from tests.support.prepared import Prepared

REASON = "ticket 4711"


@pytest.fixture
async def town() -> Prepared:
    return (await prepared.prepare_once()).fresh()


async def test_every_octet_comes_as_a_file_that_runs_nowhere(town: Prepared) -> None:
    path = f"/messages/{town.made['MESSAGE']}"
    shown = await town.client().get(path, reason=REASON)
    whole = await town.client().get(f"{path}/content", reason=REASON)
    assert len(whole.body) == shown.json["size"]
    assert whole.headers["content-type"] == "message/rfc822"
    part = await town.client().get(f"{path}/content", reason=REASON, part="1")
    assert part.body == b"Some news.\r\n"
    assert part.headers["content-type"] == "application/octet-stream"
    for each in (whole, part):
        assert each.headers["content-disposition"] == "attachment"
        assert "sandbox" in each.headers["content-security-policy"]


async def test_each_look_is_written_down_with_its_reason(town: Prepared) -> None:
    path = f"/messages/{town.made['MESSAGE']}/content"
    await town.client().get(path, reason=REASON, part="9")
    store = town.house.store
    entry = (await store.read(lambda uow: uow.audit.page(limit=1000)))[-1]
    assert (entry.action, entry.reason) == ("message.show", REASON)
    assert entry.after == {"part": "part 9"}


async def test_without_a_reason_nothing_is_shown(town: Prepared) -> None:
    path = f"/messages/{town.made['MESSAGE']}/content"
    assert (await town.client().get(path)).status == 400
    assert (await town.client().get(path, reason=" ")).status == 422
