"""Whatever the document allows, and what it does not: no 5xx, no answer unlike it."""

import asyncio
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from postwarden.dialects.native import app
from postwarden.dialects.native.openapi import document
from postwarden.dialects.native.routes import OPERATIONS
from postwarden.model.actors import Actor
from postwarden.model.permissions import BUILTIN_ROLES
from tests.support import prepared

Case = schemathesis.Case[Any]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
ROLES = {role.name: role.permissions for role in BUILTIN_ROLES}


def _schema() -> schemathesis.BaseSchema:
    town = asyncio.run(prepared.prepare())
    for name, permissions in ROLES.items():
        town.actors.add(Actor(name=name, permissions=permissions))
    town.house.closing.set()  # streams end at once
    loaded = schemathesis.openapi.from_dict(document(OPERATIONS))
    loaded.app = app.build(town.house)
    return loaded


SCHEMA = _schema()
# Each costs half a second, so these stand for all where time is short.
SOME = SCHEMA.include(
    operation_id=[
        *("list_accounts", "create_account", "change_account", "find", "trace"),
        *("open_case", "preview_case", "create_hold", "create_key", "list_audit"),
    ]
)


def _ask(case: Case, role: str) -> None:
    case.call_and_validate(checks=CHECKS, headers={"authorization": f"Bearer {role}"})


@SOME.parametrize()
@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_an_operation_answers_as_described(case: Case) -> None:
    _ask(case, "global-admin")


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
@SCHEMA.parametrize()
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_operation_answers_every_role_as_described(case: Case, role: str) -> None:
    _ask(case, role)
