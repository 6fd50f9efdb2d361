"""Aliases, groups, lists, forwards and domains: by id, and many at a time."""

from typing import Any

import pytest

from tests.support import prepared
from tests.support.prepared import Prepared


@pytest.fixture
async def town() -> Prepared:
    return (await prepared.prepare_once()).fresh()


@pytest.mark.parametrize("kind", ["aliase", "group", "list"])
async def test_an_address_is_found_by_its_id_too(town: Prepared, kind: str) -> None:
    [row] = (await town.client().get(f"/{kind}s")).json["items"]
    path = f"/{kind}s/{row['id']}"
    assert (await town.client().get(path)).json == row
    changed = await town.client()("PATCH", path, body={"state": "disabled"})
    assert (changed.status, changed.json["state"]) == (200, "disabled")
    other = "groups" if kind == "list" else "lists"
    assert (await town.client().get(f"/{other}/{row['id']}")).status == 404
    assert (await town.client()("DELETE", path)).json["address"] == row["address"]
    assert (await town.client().get(path)).status == 404


MANY: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "aliases",
        {"address": "x@example.org", "to": ["ada@example.org"]},
        {"to": ["no address"]},
    ),
    ("groups", {"address": "x@example.org", "members": ["a@b.test"]}, {}),
    ("lists", {"address": "x@example.org", "members": ["a@b.test"]}, {}),
    (
        "forwards",
        {"address": "ada@example.org", "to": ["a@b.test"]},
        {"to": ["no address"]},
    ),
]


@pytest.mark.parametrize(("plural", "good", "bad"), MANY)
async def test_of_many_each_has_a_status_of_its_own(
    town: Prepared, plural: str, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    absent = {**good, "address": "x@nowhere.test"}
    wrong = {**good, **(bad or {"members": ["no address"]})}
    many = {plural: [good, absent, wrong, good]}
    told = (await town.client()("POST", f"/{plural}/bulk", body=many)).json
    assert [each["status"] for each in told["items"]] == [201, 404, 422, 409]
    assert (told["created"], told["failed"]) == (1, 3)
    assert told["items"][0]["address"] == good["address"]
    assert (await town.client().get(f"/{plural}/{good['address']}")).status == 200


async def test_many_domains_are_named_as_domains(town: Prepared) -> None:
    many = {"domains": [{"domain": d} for d in ("a.test", "example.org", "no domain")]}
    told = (await town.client()("POST", "/domains/bulk", body=many)).json
    assert [(each["domain"], each["status"]) for each in told["items"]] == [
        ("a.test", 201),
        ("example.org", 409),
        ("no domain", 422),
    ]
