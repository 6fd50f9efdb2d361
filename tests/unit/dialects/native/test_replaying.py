"""A request that comes again is answered again, and done once."""

import asyncio

import pytest

from tests.support import prepared
from tests.support.api import Answered
from tests.support.factories import Clock
from tests.support.prepared import Prepared

EVE = {"address": "eve@example.org", "name": "Eve"}


@pytest.fixture
async def town() -> Prepared:
    return (await prepared.prepare_once()).fresh()


async def _create(town: Prepared, key: str, **changes: object) -> Answered:
    return await town.client()(
        "POST",
        "/accounts",
        body={**EVE, **changes},
        headers={"idempotency-key": key},
    )


async def test_the_second_answer_is_the_first(town: Prepared) -> None:
    first, second = await _create(town, "k"), await _create(town, "k")
    assert (first.status, second.status) == (201, 201)
    assert first.json == second.json
    assert first.headers["location"] == second.headers["location"]
    assert "idempotent-replay" not in first.headers
    assert second.headers["idempotent-replay"] == "true"


async def test_of_many_at_a_time_one_is_done(town: Prepared) -> None:
    answers = await asyncio.gather(*(_create(town, "k") for _ in range(10)))
    assert {each.status for each in answers} == {201}
    assert len({each.body for each in answers}) == 1


async def test_another_request_under_the_same_key_is_refused(town: Prepared) -> None:
    await _create(town, "k")
    other = await _create(town, "k", name="Eva")
    assert (other.status, other.json["code"]) == (422, "idempotency-key-reused")
    assert other.json["field"] == "idempotency-key"


async def test_a_failure_is_not_kept(town: Prepared) -> None:
    failed = await _create(town, "k", address="ada@example.org")
    assert failed.status == 409
    assert (await _create(town, "k")).status == 201


async def test_the_secret_of_a_key_is_given_again_and_lies_sealed(
    town: Prepared,
) -> None:
    secrets = []
    for _ in range(2):
        answered = await town.client()(
            "POST",
            "/keys",
            body={"actor": "carol"},
            headers={"idempotency-key": "k"},
        )
        secrets.append(answered.json["secret"])
    assert secrets[0] == secrets[1]


async def test_a_day_later_the_request_is_another_one(town: Prepared) -> None:
    await _create(town, "k")
    clock = town.house.clock
    assert isinstance(clock, Clock)
    clock.forward(hours=25)
    try:
        assert (await _create(town, "k")).status == 409
    finally:
        clock.forward(hours=-25)


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_has_some_characters_and_not_too_many(
    town: Prepared, key: str
) -> None:
    answered = await _create(town, key)
    assert (answered.status, answered.json["field"]) == (400, "idempotency-key")
