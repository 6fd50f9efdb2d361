"""What holds for every call: James' own errors, and no input that is our fault."""

import json
import re
from itertools import product
from typing import Any

import pytest

from postwarden.dialects.james.operations import Operation
from postwarden.dialects.james.routes import PROTECTED, ROUTES
from postwarden.model.actors import Actor
from postwarden.model.errors import Unauthenticated
from tests.support.api import Answered
from tests.support.covering import covers
from tests.unit.dialects.james.conftest import NET, ORG, Village

DEEP = b'{"a":' * 2000 + b"1" + b"}" * 2000
BODIES: tuple[bytes, ...] = (
    b"",
    b"{}",
    b"[]",
    b"null",
    b"7",
    b"-1",
    b"1e400",
    b"99999999999999999999999",
    b'"text"',
    b"{",
    b"\xff\xfe",
    b'{"password": {"a": []}, "rules": 7, "criteria": [[]]}',
    b'{"password": "\\ud800"}',
    b'{"count": -2, "size": "many"}',
    b'{"combinator": "or", "criteria": [{"fieldName": "subject"}]}',
    b'{"rules": [{"id": null}]}',
    b'{"unknown": 1}',
    DEEP,
)
VALUES = (
    "x",
    "%00",
    "%20",
    "*",
    "ada%40example.org",
    "ada@example.org",
    "example.org",
    "%F0%9F%98%80",
    "%25GG",
    "%252B@example.org",
    "a%2Fb",
    "%FF",
    "..",
    "a@b@c",
    "l" * 300,
)
QUERIES = (
    "",
    "force",
    "task=&action=&scope=",
    "task=nope&action=nope&scope=nope&limit=abc&offset=-1",
    "limit=0&timeout=99999999999&status=x&messagesPerSecond=0&usersPerSecond=x",
    "minOccupationRatio=NaN&maxOccupationRatio=inf&domain=&limit=5&timeout=-5",
    "a=%zz",
)


def path_of(operation: Operation, *values: str) -> str:
    given = iter(values)
    return re.sub(r"\{\w+\}", lambda _: next(given), operation.path)


def check(answered: Answered) -> None:
    """An answer is James', and no fault of ours."""
    assert answered.status < 500, answered.body
    assert answered.headers["access-control-allow-origin"] == "*"
    if answered.headers["content-type"].startswith("text/html"):
        assert answered.status == 400
    elif answered.status >= 400 and answered.body:
        said = json.loads(answered.body)
        assert list(said) == ["statusCode", "type", "message", "details"]
        assert said["statusCode"] == answered.status


@pytest.mark.parametrize("operation", ROUTES, ids=lambda each: each.name)
async def test_no_request_is_answered_but_in_the_envelope(
    village: Village, operation: Operation
) -> None:
    for (number, value), (turn, body) in product(enumerate(VALUES), enumerate(BODIES)):
        other = VALUES[(number + turn) % len(VALUES)]
        check(
            await village.client(
                operation.method,
                path_of(operation, value, other, value),
                query=QUERIES[(number + turn) % len(QUERIES)],
                content=body,
            )
        )


@pytest.mark.parametrize("operation", ROUTES, ids=lambda each: each.name)
async def test_strangers_learn_nothing(village: Village, operation: Operation) -> None:
    async def nobody(_: Any) -> Actor:
        raise Unauthenticated("No Bearer header.")

    village.authenticate = nobody
    for value in ("x", "%FF", "ada@example.org"):
        answered = await village.client(
            operation.method, path_of(operation, value, value, value), content=DEEP
        )
        assert (answered.status == 401) is not operation.is_open
    assert operation.is_open or operation.path.startswith(PROTECTED)


@pytest.mark.parametrize("operation", ROUTES, ids=lambda each: each.name)
async def test_another_domain_looks_absent(
    village: Village, operation: Operation
) -> None:
    """What is asked of a foreign domain is answered as of one that is not there."""
    if "{" not in operation.path:
        return
    village.actor = Actor(
        name="carol",
        dialect="james",
        permissions=village.actor.permissions,
        domains=frozenset({ORG}),
    )
    before = await village.store.read(lambda uow: uow.audit.page(limit=999))
    for form in ("{}", "ada@{}"):
        answers = set()
        for name in (NET, "nowhere.net"):
            value = form.format(name)
            answered = await village.client(
                operation.method,
                path_of(operation, value, value, value),
                body={"password": "x"},
            )
            check(answered)
            said = answered.body.replace(name.encode(), b"NAME")
            answers.add((answered.status, said))
        assert len(answers) == 1
    after = await village.store.read(lambda uow: uow.audit.page(limit=999))
    assert after == before


@pytest.mark.parametrize(
    "path", ["/%", "/domains/%zz", "/nothing/%4", "/domains/x%"], ids=str
)
async def test_a_broken_path_is_answered_by_the_server_itself(
    village: Village, path: str
) -> None:
    answered = await village.client("GET", path)
    assert answered.status == 400
    assert answered.headers["content-type"] == "text/html;charset=iso-8859-1"


async def test_a_body_too_large(village: Village) -> None:
    answered = await village.client(
        "PUT", "/users/bob@example.org", content=b" " * (1024 * 1024 + 1)
    )
    assert (answered.status, answered.json["type"]) == (413, "InvalidArgument")


async def test_a_user_of_a_domain_goes_before_the_domain(village: Village) -> None:
    refused = await village.client("DELETE", "/domains/example.org")
    assert (refused.status, refused.json["type"]) == (409, "WrongState")
    assert (await village.client("DELETE", "/users/ada@example.org")).status == 204
    assert (await village.client("DELETE", "/domains/example.org")).status == 204


@covers(
    "PUT /address/groups/{group}",
    "DELETE /address/groups/{group}",
    "PUT /address/forwards/{user}",
    "DELETE /address/forwards/{user}",
)
async def test_a_group_or_a_forward_needs_somebody_to_go_to(village: Village) -> None:
    for method in ("PUT", "DELETE"):
        group = await village.client(method, "/address/groups/team@example.org")
        assert (group.status, group.body) == (400, b"")
        forward = await village.client(method, "/address/forwards/ada@example.org")
        assert (forward.status, forward.json["type"]) == (400, "InvalidArgument")


@covers("DELETE /quota/users/{user}/size")
async def test_what_is_not_said_of_a_user_any_more_is_what_wider_levels_say(
    village: Village,
) -> None:
    path = "/quota/users/ada@example.org/size"
    await village.client("PUT", "/quota/size", content=b"9")
    await village.client("PUT", path, content=b"5")
    assert (await village.client.get(path)).json == 5
    assert (await village.client("DELETE", path)).status == 204
    assert (await village.client.get(path)).json == 9


async def test_an_empty_password_lets_nobody_in(village: Village) -> None:
    path = "/users/bob@example.org"
    assert (await village.client("PUT", path, body={"password": ""})).status == 204
    kept = await village.store.read(
        lambda uow: next(iter(uow.accounts.many([3]).values())).password_hash
    )
    assert kept is None
    again = await village.client("PUT", path, query="force", body={"password": ""})
    assert again.status == 400


async def test_a_page_may_not_put_lines_into_headers(village: Village) -> None:
    headers = {"access-control-request-headers": "a\r\nset-cookie: x"}
    answered = await village.client("OPTIONS", "/domains", headers=headers)
    allowed = answered.headers["access-control-allow-headers"]
    assert allowed == "Content-Type, Authorization, Accept"
