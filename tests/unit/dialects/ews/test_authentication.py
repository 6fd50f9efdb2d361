"""Who may come in: owners by password, administrators by key."""

import base64

import pytest

from postwarden.dialects.ews.authentication import Credentials
from postwarden.dialects.kit.asgi import Message
from postwarden.dialects.kit.requests import Bounds, Request
from postwarden.model.actors import Actor
from postwarden.model.errors import Unauthenticated

KEY, SESSION = "pwk_key", "pws_token"


async def by_secret(secret: str, **_: object) -> Actor:
    if secret not in {KEY, SESSION}:
        raise Unauthenticated
    return Actor(name="root", dialect="ews")


async def by_password(username: str, password: str, **_: object) -> Actor:
    if (username, password) != ("ada@example.org", "pä:ss"):
        raise Unauthenticated
    return Actor(name="ada@example.org", dialect="ews")


CREDENTIALS = Credentials(secret=by_secret, password=by_password)


def basic(pair: str, encoding: str = "utf-8") -> str:
    return "Basic " + base64.b64encode(pair.encode(encoding)).decode()


async def asking(authorization: str) -> Actor:
    async def receive() -> Message:
        raise AssertionError  # nobody's body is read

    return await CREDENTIALS(
        Request(
            method="POST",
            path="/",
            query_string="",
            headers={"authorization": authorization},
            client_ip="192.0.2.7",
            encrypted=True,
            receive=receive,
            bounds=Bounds(),
        )
    )


@pytest.mark.parametrize(
    ("authorization", "name"),
    [
        (basic("ada@example.org:pä:ss"), "ada@example.org"),
        (basic("EXAMPLE\\ada@example.org:pä:ss"), "ada@example.org"),
        (basic(f"root:{KEY}"), "root"),
        (basic(f"EXAMPLE\\ROOT:{KEY}"), "root"),
        (f"Bearer {KEY}", "root"),
        (f"bearer {SESSION}", "root"),
    ],
)
async def test_who_comes_in(authorization: str, name: str) -> None:
    assert (await asking(authorization)).name == name


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic ????",
        "Negotiate YII=",
        "NTLM TlRMTVNTUAABAAAA",
        "Bearer ",
        "Bearer nothing",
        "Bearer " + "x" * 2000,
        basic("ada@example.org"),
        basic("ada@example.org:wrong"),
        basic("ada@example.org:pä:ss", "latin-1"),
        basic("ada@example.org:" + "x" * 5000),
        basic(f"ada@example.org:{KEY}"),
        basic(f":{KEY}"),
    ],
)
async def test_who_does_not(authorization: str) -> None:
    with pytest.raises(Unauthenticated):
        await asking(authorization)
