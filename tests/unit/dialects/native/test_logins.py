"""Logging in over our own API, and what a session's token opens."""

import re
from dataclasses import replace
from functools import partial

import pytest

from postwarden.dialects.native import app
from postwarden.dialects.native.authentication import Secrets
from postwarden.dialects.native.operations import PREFIX
from postwarden.model.logins import GuardRules
from postwarden.services.logins import recognition
from tests.support import prepared
from tests.support.api import Answered, Client
from tests.support.prepared import Prepared

PASSWORD = "correct horse battery"


@pytest.fixture
async def town() -> Prepared:
    town = (await prepared.prepare_once()).fresh()
    secrets = Secrets(partial(recognition.recognised, town.house.store))
    rules = GuardRules(failures=2)
    town.house = replace(town.house, authenticate=secrets, guard_rules=rules)
    return town


@pytest.fixture
def anybody(town: Prepared) -> Client:
    return Client(app.build(town.house), PREFIX)


async def _log_in(anybody: Client, password: str = PASSWORD) -> Answered:
    body = {"name": "carol", "password": password}
    return await anybody("POST", "/login/password", body=body)


def _as(anybody: Client, token: str) -> Client:
    return Client(anybody.app, PREFIX, {"authorization": f"Bearer {token}"})


async def test_a_session_opens_what_a_key_does_until_it_is_left(
    anybody: Client,
) -> None:
    begun = await _log_in(anybody)
    assert (begun.status, begun.json["admin"]) == (201, "carol")
    carol = _as(anybody, begun.json["token"])
    listed = await carol.get("/sessions")
    assert [each["admin"] for each in listed.json["items"]] == ["carol", "carol"]
    assert "token" not in listed.json["items"][0]
    assert (await carol("POST", "/logout")).json == {"logged_out": True}
    assert (await carol.get("/sessions")).status == 401


async def test_a_session_that_was_ended_opens_nothing(anybody: Client) -> None:
    carol = _as(anybody, (await _log_in(anybody)).json["token"])
    own = (await carol.get("/sessions")).json["items"][-1]["id"]
    assert (await carol("DELETE", f"/sessions/{own}")).status == 200
    assert (await carol.get("/sessions")).status == 401


async def test_to_open_a_link_uses_nothing_up_and_to_follow_it_does(
    anybody: Client, town: Prepared
) -> None:
    for _ in range(2):
        page = await anybody.get("/login", token=town.link)
        assert page.status == 200
        assert town.link.encode() not in page.body
    followed = await anybody("POST", "/login", body={"token": town.link})
    assert (followed.status, followed.json["factor"]) == (201, "link")
    again = await anybody("POST", "/login", body={"token": town.link})
    assert (again.status, again.json["code"]) == (401, "unauthenticated")


async def test_the_page_runs_its_own_script_alone(anybody: Client) -> None:
    page = await anybody.get("/login", token="<script>alert(1)</script>")
    assert page.body.count(b"<script>") == 1
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert page.headers["referrer-policy"] == "no-referrer"


async def test_too_many_failures_are_told_how_long_to_wait(anybody: Client) -> None:
    for _ in range(2):
        failed = await _log_in(anybody, "wrong")
        assert (failed.status, failed.json["code"]) == (401, "unauthenticated")
    blocked = await _log_in(anybody)
    assert (blocked.status, blocked.json["code"]) == (429, "too-many-failures")
    assert re.fullmatch(r"[1-9]\d{2}", blocked.headers["retry-after"])
