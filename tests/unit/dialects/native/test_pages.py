"""Lists: pages that lead to each other, and how many rows there are in all."""

from typing import get_origin

import pytest

from postwarden.dialects.native import calls
from postwarden.dialects.native.answers import Listed
from postwarden.dialects.native.operations import Operation
from postwarden.dialects.native.routes import OPERATIONS
from tests.support import prepared
from tests.support.prepared import Prepared

LISTS = [each for each in OPERATIONS if get_origin(each.answer) is Listed]
every_list = pytest.mark.parametrize("operation", LISTS, ids=lambda each: each.id)


@pytest.fixture
async def town() -> Prepared:
    return (await prepared.prepare_once()).fresh()


@every_list
async def test_a_total_is_the_number_of_rows_on_all_pages(
    operation: Operation, town: Prepared
) -> None:
    asked = {"limit": "1", "total": "true"}
    page = (await town.example(operation, query=asked)).json
    rows, total = page["items"], page["total"]
    assert page["is_exact"] is True
    while page["next"] is not None:
        cursor = {"limit": "1", "cursor": page["next"]}
        page = (await town.example(operation, query=cursor)).json
        rows += page["items"]
    assert len(rows) == total
    lines = await town.example(operation, headers={"accept": "application/jsonl"})
    assert len(lines.rows) == total


async def test_a_long_list_is_counted_so_far_and_says_so(
    town: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "MOST_COUNTED", 3)
    page = (await town.client().get("/audit", limit=1, total="true")).json
    assert (page["total"], page["is_exact"]) == (3, False)
    page = (await town.client().get("/domains", limit=1, total="true")).json
    assert (page["total"], page["is_exact"]) == (3, True)
