"""Whatever is wrong with a request: problem details that name it, nothing done."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from postwarden.adapters.memory.store import MemoryStore
from postwarden.dialects.kit.requests import Bounds
from postwarden.dialects.native.envelope import MEDIA_TYPE
from postwarden.services.ports import UnitOfWork
from tests.support.api import Answered, Client
from tests.support.factories import mail_domain

EVE = {"address": "eve@example.org"}


@pytest.fixture(autouse=True)
async def _domain(store: MemoryStore) -> None:
    await store.transact(lambda uow: uow.domains.add(mail_domain()))


def _is_problem(answered: Answered, status: int, code: str, field: str | None) -> None:
    assert (answered.status, answered.json["code"]) == (status, code), answered.body
    assert answered.headers["content-type"] == MEDIA_TYPE
    assert answered.json["status"] == status
    assert answered.json.get("field") == field
    assert answered.json["request_id"] == answered.headers["x-request-id"]


async def test_a_path_that_is_not_there(api: Client) -> None:
    _is_problem(await api.get("/nothing"), 404, "not-found", None)


async def test_a_method_that_is_not_for_a_path_and_which_are(api: Client) -> None:
    answered = await api("PUT", "/accounts")
    _is_problem(answered, 405, "method-not-allowed", None)
    assert answered.headers["allow"] == "GET, HEAD, POST"


async def test_without_a_key_nothing_is_told(
    client_of: Callable[..., Client],
) -> None:
    answered = await client_of("nobody")("POST", "/accounts", body={"x": 1})
    _is_problem(answered, 401, "unauthenticated", None)
    assert answered.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("limit=1&limit=2", "limit"),
        ("colour=red", "colour"),
        ("cursor=xyz", "cursor"),
        ("cursor=" + "A" * 3000, "cursor"),
        ("total=perhaps", "total"),
    ],
)
async def test_a_query_parameter_that_cannot_be(
    api: Client, query: str, field: str
) -> None:
    _is_problem(await api("GET", "/accounts", query=query), 400, "malformed", field)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "address"),
        ({**EVE, "colour": "red"}, "colour"),
        ({**EVE, "quota_octets": "5"}, "quota_octets"),
        ({**EVE, "quota_octets": -1}, "quota_octets"),
        ({**EVE, "name": None}, "name"),
        ({**EVE, "password": ""}, "password"),
        ([EVE], None),
    ],
)
async def test_a_body_with_a_field_that_cannot_be(
    api: Client, body: Any, field: str | None
) -> None:
    _is_problem(await api("POST", "/accounts", body=body), 400, "malformed", field)


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"address": "\xff"}', b"[" * 100_000, b"NaN"]
)
async def test_a_body_that_is_no_json(api: Client, content: bytes) -> None:
    answered = await api(
        "POST",
        "/accounts",
        content=content,
        headers={"content-type": "application/json"},
    )
    _is_problem(answered, 400, "malformed", None)


async def test_a_body_of_another_type(api: Client) -> None:
    answered = await api(
        "POST",
        "/accounts",
        content=json.dumps(EVE).encode(),
        headers={"content-type": "text/plain"},
    )
    _is_problem(answered, 415, "unsupported-media-type", "content-type")


async def test_a_body_where_none_is_taken(api: Client) -> None:
    answered = await api("GET", "/accounts", content=b"x")
    _is_problem(answered, 415, "unsupported-media-type", "body")


async def test_a_rule_of_the_house_names_its_field(api: Client) -> None:
    answered = await api("POST", "/accounts", body={"address": "no address"})
    _is_problem(answered, 422, "invalid", "address")


async def test_a_body_too_large(client_of: Callable[..., Client]) -> None:
    api = client_of(bounds=Bounds(body=1000))
    answered = await api("POST", "/accounts", body={**EVE, "name": "x" * 1000})
    _is_problem(answered, 413, "too-large", None)


async def test_headers_too_large(api: Client) -> None:
    answered = await api("GET", "/accounts", headers={"x-much": "x" * 1_000_000})
    _is_problem(answered, 431, "headers-too-large", None)


async def test_a_request_id_is_taken_if_it_is_a_word_and_kept_in_the_audit(
    api: Client, store: MemoryStore
) -> None:
    answered = await api(
        "POST", "/accounts", body=EVE, headers={"x-request-id": "job-17"}
    )
    assert answered.headers["x-request-id"] == "job-17"

    def last(uow: UnitOfWork) -> str | None:
        return uow.audit.page(limit=10)[-1].request_id

    assert await store.read(last) == "job-17"
    answered = await api.get("/accounts")
    assert len(answered.headers["x-request-id"]) == 24
    answered = await api("GET", "/accounts", headers={"x-request-id": "two words"})
    assert answered.headers["x-request-id"] != "two words"


async def test_a_bug_of_ours_tells_nothing_but_its_id(
    client_of: Callable[..., Client],
) -> None:
    answered = await client_of(store=None).get("/accounts")
    _is_problem(answered, 500, "internal", None)
    assert "NoneType" not in answered.body.decode()
