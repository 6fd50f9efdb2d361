"""Every operation as every role: what is foreign looks absent, what is ours does not.

The table is the route table: whatever is added to the API is asked here, by its own
example, by somebody of the domain that the example is about and by somebody of another.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from postwarden.dialects.native.operations import Operation
from postwarden.dialects.native.routes import OPERATIONS
from postwarden.model.actors import Actor
from postwarden.model.permissions import BUILTIN_ROLES, EVERYTHING
from tests.support import prepared
from tests.support.api import Answered
from tests.support.prepared import NET, ORG, Prepared

OURS = [each for each in OPERATIONS if not each.is_open]
every_of_ours = pytest.mark.parametrize("operation", OURS, ids=lambda each: each.id)

OF_THE_STORE = {
    "Roles": "roles are of the whole store: who sees administrators sees them all",
    "This API": "is the same for everybody",
}
"""Tags of operations about nothing that lies in a domain, and why."""

NOT_FOR_SOME = {
    **dict.fromkeys(
        (
            *("create_domain", "remove_domain"),
            *("create_domain_alias", "change_domain_alias", "remove_domain_alias"),
        ),
        "which domains a store hosts is for who manages them all",
    ),
    **dict.fromkeys(
        ("create_role", "change_role", "remove_role"), "a role is for every domain"
    ),
    **dict.fromkeys(("show_due", "expire_vault"), "there is one vault"),
    "verify_audit": "there is one chain over the acts in all domains",
    "create_catch_all": "its example is about the other domain",
    "create_administrator": "its example names one of no domain",
    "register_passkey": "its example answers an invitation of Carol's",
}
"""What somebody of one domain is refused whatever he may do there, and why."""

OF_OTHERS = {"revoke_key", "end_session"}
"""What is absent to who may not see whose it is."""


@pytest.fixture
async def town() -> Prepared:
    """Return a store whose cases, holds and all that are of one domain."""
    return (await prepared.prepare_once(ORG)).fresh()


def _as(town: Prepared, name: str, domain: str, permissions: frozenset[Any]) -> None:
    domains = frozenset({domain})
    town.actors.add(Actor(name=name, permissions=permissions, domains=domains))


@every_of_ours
async def test_what_is_foreign_looks_absent_to_every_role(
    operation: Operation, town: Prepared
) -> None:
    if operation.tag in OF_THE_STORE:
        pytest.skip(OF_THE_STORE[operation.tag])
    for role in BUILTIN_ROLES:
        _as(town, "nell", NET, role.permissions)
        foreign = await town.fresh_for("nell").example(operation, key="nell")
        absent = await _absent(town.fresh_for("nell"), operation, "nell")
        assert _said(foreign) == _said(absent), role.name
        if "{" in operation.path:
            assert foreign.status in {403, 404}, role.name


@every_of_ours
async def test_what_is_ours_is_answered_to_every_role_that_may(
    operation: Operation, town: Prepared
) -> None:
    _as(town, "ned", ORG, EVERYTHING)
    everything = await town.fresh_for("ned").example(operation, key="ned")
    assert everything.status == operation.status or operation.id in NOT_FOR_SOME
    for role in BUILTIN_ROLES:
        _as(town, "ned", ORG, role.permissions)
        answered = await town.fresh_for("ned").example(operation, key="ned")
        may = not operation.permissions or role.permissions & {*operation.permissions}
        if may:
            allowed = {_said(everything), (403, "forbidden")}
            if operation.id in OF_OTHERS:
                allowed.add((404, "not-found"))
            assert _said(answered) in allowed, role.name
        else:
            assert answered.status == 403, role.name


def _said(answered: Answered) -> Any:
    """Return what an answer tells apart from the names it was asked about."""
    if answered.status >= 400:
        return answered.status, answered.json["code"]
    return answered.status


async def _absent(town: Prepared, operation: Operation, key: str) -> Answered:
    """Ask the example of an operation about what nobody has."""
    example = operation.example
    return await town.example(
        operation,
        key=key,
        variables={n: _nothing(town, v) for n, v in example.variables.items()},
        query={n: _elsewhere(v) for n, v in example.query.items()},
        body=_walked(example.body, _elsewhere),
    )


def _nothing(town: Prepared, name: str) -> str:
    known = str(town.made.get(name, name))
    if known.isdecimal():
        return "999999"
    if len(known) == 64:
        return "0" * 64
    return _elsewhere(known)


def _elsewhere(text: str) -> str:
    return text.replace(ORG, "absent.test").replace("carol", "caroline")


def _walked(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {name: _walked(each, change) for name, each in value.items()}
    if isinstance(value, list):
        return [_walked(each, change) for each in value]
    return change(value) if isinstance(value, str) else json.loads(json.dumps(value))
