"""Directory files over our own API."""

from typing import Any

import pytest

from postwarden.model.actors import Actor
from postwarden.model.permissions import EVERYTHING, Permission
from tests.support import prepared
from tests.support.api import Answered
from tests.support.prepared import NET, Prepared

ROWS = (
    "kind,domain,address,name\r\n"
    "domain,new.test,,\r\n"
    "account,,eve@new.test,Eve\r\n"
    "account,,no address,\r\n"
    "account,,ada@example.org,Ada\r\n"
)


@pytest.fixture
async def town() -> Prepared:
    return (await prepared.prepare_once()).fresh()


async def _import(
    town: Prepared, rows: str = ROWS, *, key: str = "operator", **query: Any
) -> Answered:
    return await town.client(key)(
        "POST",
        "/directory/import",
        query=query,
        content=rows.encode(),
        headers={"content-type": "text/csv"},
    )


async def test_rows_that_fail_are_told_by_number_and_stop_no_other(
    town: Prepared,
) -> None:
    told = (await _import(town)).json
    assert (told["created"], told["changed"], told["failed"]) == (2, 1, 1)
    assert [(each["row"], each["code"]) for each in told["errors"]] == [(4, "invalid")]
    assert (await town.client().get("/accounts/eve@new.test")).json["name"] == "Eve"
    again = (await _import(town)).json
    assert (again["created"], again["unchanged"]) == (0, 3)


async def test_a_dry_run_tells_the_difference_and_which_rows_would_fail(
    town: Prepared,
) -> None:
    told = (await _import(town, dry_run="true")).json
    assert [each["object"] for each in told["changes"]] == [
        "domain new.test",
        "account eve@new.test",
        "account ada@example.org",
    ]
    assert (told["errors"][0]["row"], told["left_out"]) == (4, 0)
    assert (await town.client().get("/domains/new.test")).status == 404


async def test_a_rehearsal_that_would_copy_too_much_is_refused(
    town: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = "postwarden.dialects.native.routes.files"
    monkeypatch.setattr(f"{module}.MOST_REHEARSED", 2)
    refused = await _import(town, dry_run="true")
    assert (refused.status, refused.json["code"]) == (409, "refused")
    assert (await _import(town)).status == 200


async def test_what_is_written_is_read_again(town: Prepared) -> None:
    for form, kind in (("csv", "text/csv"), ("yaml", "application/yaml")):
        written = await town.client()(
            "POST", "/directory/export", body={"format": form}
        )
        assert written.headers["content-type"] == kind
        read = await town.client()(
            "POST",
            "/directory/import",
            content=written.body,
            headers={"content-type": kind},
        )
        told = read.json
        assert (told["created"], told["changed"], told["failed"]) == (0, 0, 0)
        assert told["unchanged"] > 5


async def test_each_row_takes_what_it_does(town: Prepared) -> None:
    only = frozenset({Permission.DIRECTORY_READ})
    town.actors.add(Actor(name="reader", permissions=only))
    told = (await _import(town, key="reader")).json
    assert (told["created"], told["changed"], told["failed"]) == (0, 0, 4)
    town.actors.add(
        Actor(name="nell", permissions=EVERYTHING, domains=frozenset({NET}))
    )
    told = (await _import(town, key="nell")).json
    assert [each["code"] for each in told["errors"]].count("not-found") >= 1
    assert (told["created"], told["changed"]) == (0, 0)


async def test_hashes_take_more_and_are_written_down(town: Prepared) -> None:
    order = {"password_hashes": True}
    only = frozenset({Permission.DIRECTORY_READ})
    town.actors.add(Actor(name="reader", permissions=only))
    refused = await town.client("reader")("POST", "/directory/export", body=order)
    assert (refused.status, refused.json["code"]) == (403, "forbidden")
    written = await town.client()("POST", "/directory/export", body=order)
    assert b"password_hash" in written.body
    entry = (await town.house.store.read(lambda uow: uow.audit.page(limit=1000)))[-1]
    assert entry.action == "directory.export"


async def test_a_file_of_another_type_or_form_is_refused(town: Prepared) -> None:
    refused = await town.client()("POST", "/directory/import", body={})
    assert (refused.status, refused.json["field"]) == (415, "content-type")
    refused = await _import(town, "colour\r\nred\r\n")
    assert (refused.status, refused.json["field"]) == (422, "body")
