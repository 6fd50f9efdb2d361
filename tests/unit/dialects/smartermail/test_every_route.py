"""What holds for every call: the envelope, whose it is, and where it ends."""

import json
import re
from itertools import product

import pytest

from postwarden.dialects.smartermail.operations import Operation, Reach
from postwarden.dialects.smartermail.routes import OFFERED, ROUTES
from postwarden.dialects.smartermail.routes.absent import ABSENT
from tests.support.api import Answered, Client
from tests.unit.dialects.smartermail.conftest import ADA, CAROL, NET, ORG, Town, said

DEEP = b'{"a":' * 2000 + b"1" + b"}" * 2000
BODIES: tuple[bytes, ...] = (
    b"",
    b"{}",
    b"[]",
    b"null",
    b"7",
    b'"text"',
    b"{",
    b"\xff\xfe",
    b'{"take": 1e400}',
    b'{"skip": -1, "take": 99999999999999999999}',
    b'{"search": {"a": []}, "sortField": 7}',
    b'{"input": [1, null, "", "@", "a@b@c", "\\u0000"]}',
    b'{"input": "text", "email": ["x"]}',
    b'{"email": "nobody", "token": "x", "username": "x", "password": ""}',
    b'{"alias": {"name": "x", "aliasTargetList": ["@", ""]}}',
    b'{"userData": {"userName": "\\ud83d\\ude00 x", "maxMailboxSize": "many"}}',
    b'{"domainData": {"name": "-.-"}, "domainAliasData": {"name": ".."}}',
    b'{"UID": ["x", 1, 9223372036854775808], "folder": "..\\\\..", "query": "\\""}',
    b'{"unknown": 1, "ALSO UNKNOWN": {}}',
    DEEP,
)


def path_of(operation: Operation, value: str = "x") -> str:
    return re.sub(r"\{\w+\}", value, operation.path)


def check(answered: Answered) -> None:
    """An answer is in the envelope, and no fault of ours."""
    assert answered.status < 500, answered.body
    body = json.loads(answered.body)
    assert body["success"] is (answered.status == 200)
    assert body["resultCode"] == answered.status
    assert (body["message"] == "") is body["success"]


@pytest.mark.parametrize("operation", ROUTES, ids=lambda each: each.name)
async def test_no_request_is_answered_but_in_the_envelope(
    town: Town, operation: Operation
) -> None:
    asking = [
        await town.as_("root", domain=ORG, user=ADA),
        await town.as_(ADA),
    ]
    values = ("x", "%00", ADA, "%F0%9F%98%80", "true")
    for client, (number, content) in product(asking, enumerate(BODIES)):
        check(
            await client(
                operation.method,
                path_of(operation, values[number % len(values)]),
                content=content,
                headers={"content-type": "application/json"},
            )
        )
    xml = await asking[0](
        operation.method,
        path_of(operation),
        content=b"<a/>",
        headers={"content-type": "text/xml"},
    )
    check(xml)


@pytest.mark.parametrize("operation", ROUTES, ids=lambda each: each.name)
async def test_strangers_learn_nothing(town: Town, operation: Operation) -> None:
    if operation.reach is Reach.OPEN:
        return
    for token in ("", "x", "pwt_" + "x" * 43, "x" * 9999, "\xe9"):
        client = town.bearing(token, domain=ORG, user=ADA)
        answered = await client(operation.method, path_of(operation), content=DEEP)
        assert said(answered) == (401, "INVALID_TOKEN")


@pytest.mark.parametrize("operation", ROUTES, ids=lambda each: each.name)
async def test_another_domain_does_not_exist(town: Town, operation: Operation) -> None:
    """Neither by header, nor by path, nor by what a body names."""
    if operation.reach in {Reach.OPEN, Reach.ANYBODY}:
        return
    user = f"ada@{NET}"
    before = await town.store.read(lambda uow: uow.audit.page(limit=999))
    answers = [
        await (await town.as_(CAROL, domain=name, user=f"ada@{name}"))(
            operation.method, path_of(operation, name), body={}
        )
        for name in (NET, "nowhere.example")
    ]
    assert {said(each) for each in answers} == {(403, "PERMISSION_DENIED")}
    own = await town.as_(CAROL, domain=ORG, user=user)
    body = {
        "email": user,
        "input": [user, f"sales@{NET}"],
        "alias": {"name": f"sales@{NET}", "aliasTargetList": ["x"]},
        "userData": {"userName": user, "fullName": "Mallory"},
        "disabled": True,
        "domainAliasData": {"name": NET},
        "UID": [1],
        "folder": "Inbox",
        "ownerEmailAddress": user,
    }
    answered = await own(operation.method, path_of(operation, user), body=body)
    names_something = re.search(r"\{(?!text)", operation.path)
    if operation.reach is Reach.MAILBOX or names_something:
        assert answered.status in {400, 403, 404, 409}
    assert NET.encode() not in re.sub(rb'"debugInfo":"[^"]*"', b"", answered.body)
    after = await town.store.read(lambda uow: uow.audit.page(limit=999))
    assert not [each for each in after[len(before) :] if NET in each.object]


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/no/such/path", (404, "NOT_FOUND")),
        ("GET", "", (404, "NOT_FOUND")),
        ("GET", "/%ff", (404, "NOT_FOUND")),
        ("DELETE", "/settings/user", (405, "METHOD_NOT_ALLOWED")),
        ("GET", "/auth/authenticate-user", (405, "METHOD_NOT_ALLOWED")),
    ],
)
async def test_unknown_paths_and_methods(
    town: Town, method: str, path: str, code: tuple[int, str]
) -> None:
    assert said(await town.client(method, path)) == code


async def test_a_body_too_large(town: Town) -> None:
    content = b" " * (1024 * 1024 + 1)
    answered = await town.client("POST", "/auth/authenticate-user", content=content)
    assert said(answered) == (413, "TOO_LARGE")


@pytest.mark.parametrize(
    "path",
    [
        "//settings//User/",
        "/SETTINGS/user?ada@example.org",
        "/settings/user/?a&b=%ff",
    ],
)
async def test_paths_are_taken_as_clients_write_them(town: Town, path: str) -> None:
    ada = await town.as_(ADA)
    path, _, query = path.partition("?")
    assert (await ada("GET", path, query=query)).status == 200


@pytest.mark.parametrize(
    ("who", "headers", "status"),
    [
        ("root", {}, 400),
        ("root", {"domain": ORG, "user": ADA}, 200),
        ("root", {"domain": ORG, "user": "ada"}, 200),
        ("root", {"user": ADA}, 200),
        ("root", {"domain": NET, "user": ADA}, 404),
        ("root", {"domain": ORG, "user": "nobody"}, 404),
        ("root", {"domain": "nowhere.example", "user": "ada"}, 404),
        ("root", {"domain": "..", "user": "ada"}, 404),
        (CAROL, {}, 400),
        (CAROL, {"user": "ada"}, 200),
        (CAROL, {"domain": ORG, "user": ADA}, 200),
        (CAROL, {"domain": ORG, "user": "nobody"}, 404),
        (CAROL, {"domain": NET, "user": f"ada@{NET}"}, 403),
        (CAROL, {"user": f"ada@{NET}"}, 403),
        (CAROL, {"domain": "nowhere.example", "user": "ada"}, 403),
        (ADA, {}, 200),
        (ADA, {"domain": ORG, "user": ADA}, 200),
        (ADA, {"user": "ada"}, 200),
        (ADA, {"domain": ORG, "user": f"bob@{ORG}"}, 403),
        (ADA, {"user": f"ada@{NET}"}, 403),
    ],
)
async def test_whose_mailbox_headers_may_name(
    town: Town, who: str, headers: dict[str, str], status: int
) -> None:
    client: Client = await town.as_(who, **headers)
    answered = await client.get("/settings/user")
    check(answered)
    assert answered.status == status
    last = (await town.store.read(lambda u: u.audit.page(limit=999)))[-1]
    is_acting = status == 200 and who != ADA
    assert (last.on_behalf_of == ADA) is is_acting


def test_a_call_is_offered_or_not() -> None:
    assert not {(each.method, each.path) for each in OFFERED} & ABSENT.keys()


async def test_what_is_not_offered_says_so(town: Town) -> None:
    root = await town.as_()
    answered = await root("POST", "/mail/message-put", body={"to": "x"})
    assert said(answered) == (404, "NOT_OFFERED")
