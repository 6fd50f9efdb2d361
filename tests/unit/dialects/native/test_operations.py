"""Every operation: its example works, and it is for whom it says it is."""

import json
from typing import Any

import jsonschema_rs
import pytest
from openapi_spec_validator import validate

from postwarden.dialects.native.openapi import document
from postwarden.dialects.native.operations import PREFIX, Operation
from postwarden.dialects.native.routes import OPERATIONS
from postwarden.model.actors import Actor
from postwarden.model.permissions import EVERYTHING
from tests.support import prepared
from tests.support.prepared import Prepared

DOCUMENT = document(OPERATIONS)
OURS = [each for each in OPERATIONS if not each.is_open]
GUARDED = [each for each in OURS if each.permissions]

every = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.id)
every_of_ours = pytest.mark.parametrize("operation", OURS, ids=lambda each: each.id)


@pytest.fixture
async def town() -> Prepared:
    return (await prepared.prepare_once()).fresh()


def test_the_document_is_openapi_3_1() -> None:
    validate(DOCUMENT)
    assert DOCUMENT["openapi"] == "3.1.0"


def test_every_operation_has_its_own_id_and_says_what_it_does() -> None:
    ids = [each.id for each in OPERATIONS]
    assert len(set(ids)) == len(ids)
    for path in DOCUMENT["paths"].values():
        for described in path.values():
            assert described["summary"]
            assert "default" not in described["responses"]


@every
async def test_its_example_works_and_is_answered_as_described(
    operation: Operation, town: Prepared
) -> None:
    answered = await town.example(operation)
    assert answered.status == operation.status, answered.body
    kind = answered.headers["content-type"]
    described = _described(operation)
    schema = described["responses"][str(answered.status)]["content"][kind]["schema"]
    if kind == "application/json":
        _check(schema, answered.json)


ONCE_AND_FOR_ALL = {
    "show_message": "a look cannot be taken back, nor made without being written down",
    "show_headers": "as show_message",
    "show_structure": "as show_message",
    "read_message": "as show_message",
    "follow_link": "nobody is known yet whose answer could be kept",
    "log_in": "as follow_link",
    "export_case": "as show_message: evidence that leaves is written down",
    "export_directory": "as show_message: hashes that leave are written down",
    "log_out": "ends nothing but what came with the request",
    "invite_passkey": "a challenge changes nothing, and is another one each time",
    "invite_login": "as invite_passkey",
    "register_passkey": "an answer uses its challenge up",
    "log_in_with_passkey": "as register_passkey",
}
"""Writes that are neither rehearsed nor answered again, and why."""

WRITES = [each for each in OPERATIONS if each.writes]
CHANGES = [each for each in WRITES if each.id not in ONCE_AND_FOR_ALL]
every_change = pytest.mark.parametrize("operation", CHANGES, ids=lambda each: each.id)


def test_the_writes_that_are_not_rehearsed_are_those_that_cannot_be() -> None:
    described = {
        each.id: {p["name"] for p in _described(each)["parameters"]} for each in WRITES
    }
    lacking = {name for name, p in described.items() if "dry_run" not in p}
    assert lacking == ONCE_AND_FOR_ALL.keys()
    assert lacking == {n for n, p in described.items() if "Idempotency-Key" not in p}


@every_change
async def test_its_rehearsal_tells_what_it_would_change_and_changes_nothing(
    operation: Operation, town: Prepared
) -> None:
    before = await town.house.store.read(lambda uow: len(uow.audit.page(limit=1000)))
    answered = await town.example(operation, query={"dry_run": "true"})
    assert answered.status == 200
    _check({"$ref": "#/components/schemas/Rehearsal"}, answered.json)
    assert answered.json["changes"]
    after = await town.house.store.read(lambda uow: len(uow.audit.page(limit=1000)))
    assert after == before


@every_change
async def test_the_same_again_under_a_key_is_answered_again_and_not_done_twice(
    operation: Operation, town: Prepared
) -> None:
    key = {"idempotency-key": "k"}
    first = await town.example(operation, headers=key)
    done = await town.house.store.read(lambda uow: len(uow.audit.page(limit=1000)))
    second = await town.example(operation, headers=key)
    assert (second.status, second.body) == (first.status, first.body)
    assert second.headers["idempotent-replay"] == "true"
    after = await town.house.store.read(lambda uow: len(uow.audit.page(limit=1000)))
    assert after == done


@pytest.mark.parametrize(
    "operation",
    [each for each in CHANGES if "{" in each.path],
    ids=lambda each: each.id,
)
async def test_a_change_of_another_version_is_refused_and_nothing_is_done(
    operation: Operation, town: Prepared
) -> None:
    before = await town.house.store.read(lambda uow: len(uow.audit.page(limit=1000)))
    answered = await town.example(operation, headers={"if-match": '"other"'})
    assert (answered.status, answered.json["field"]) == (412, "if-match")
    after = await town.house.store.read(lambda uow: len(uow.audit.page(limit=1000)))
    assert after == before


@every_of_ours
async def test_nobody_is_answered_without_a_key(
    operation: Operation, town: Prepared
) -> None:
    assert (await town.example(operation, key="nobody")).status == 401


@pytest.mark.parametrize("operation", GUARDED, ids=lambda each: each.id)
async def test_it_takes_one_of_the_permissions_it_names(
    operation: Operation, town: Prepared
) -> None:
    for name, permissions in (
        ("all-others", EVERYTHING - set(operation.permissions)),
        ("none", EVERYTHING - EVERYTHING),
    ):
        town.actors.add(Actor(name=name, permissions=permissions))
        answered = await town.example(operation, key=name)
        assert answered.status == 403
        assert operation.permissions[0] in answered.json["detail"]


def _described(operation: Operation) -> Any:
    return DOCUMENT["paths"][PREFIX + operation.path][operation.method.lower()]


def _check(schema: object, value: object) -> None:
    whole = {**DOCUMENT["components"], "schema": schema}
    checked = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": whole,
        "$ref": "#/components/schema",
    }
    jsonschema_rs.validator_for(json.loads(json.dumps(checked))).validate(value)
