"""Bearers: tokens of somebody else's key pair, and keys of ours."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from postwarden.dialects.james.authentication import Bearers, public_key
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.errors import Invalid, TooManyFailures, Unauthenticated
from postwarden.services.ports import UnitOfWork
from tests.support.api import Answered
from tests.unit.dialects.james.conftest import ORG, Village
from tests.unit.dialects.james.tokens import ADMIN, FOREIGN, KEY, part, token

OURS = "pwk_" + "x" * 43


async def actor_of(secret: str, **_: object) -> Actor:
    if secret == "pwk_again":
        raise TooManyFailures("too many", 30)
    if secret != OURS:
        raise Unauthenticated
    return OPERATOR


async def ask(village: Village, bearer: str, *, known: bool = True) -> Answered:
    key = KEY.public_key() if known else None
    village.authenticate = Bearers(actor_of, jwt_key=key, clock=village.clock)
    headers = {"authorization": bearer}
    return await village.client("PUT", "/domains/new.test", headers=headers)


async def test_a_good_token_may_do_everything_and_is_written_down(
    village: Village,
) -> None:
    assert (await ask(village, f"Bearer  {token(ADMIN)} ")).status == 204
    entries = await village.store.read(lambda uow: uow.audit.page(limit=99))
    assert (entries[-1].actor, entries[-1].dialect) == ("jwt:ada", "james")


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"sub": "ada"}, b"Non authorized user."),
        ({"sub": "ada", "admin": False}, b"Non authorized user."),
        ({"sub": "ada", "admin": "true"}, b"Non authorized user."),
        ({"sub": "ada", "admin": 1}, b"Non authorized user."),
        ({"admin": True}, b"Invalid Bearer header."),
        ({"sub": 7, "admin": True}, b"Invalid Bearer header."),
        ({"sub": "a\nb", "admin": True}, b"Invalid Bearer header."),
        ({**ADMIN, "exp": 1}, b"Invalid Bearer header."),
        ({**ADMIN, "nbf": 99999999999}, b"Invalid Bearer header."),
        ({**ADMIN, "exp": float("nan")}, b"Invalid Bearer header."),
        ({**ADMIN, "exp": "never"}, b"Invalid Bearer header."),
        ({**ADMIN, "exp": True}, b"Invalid Bearer header."),
        ([ADMIN], b"Invalid Bearer header."),
        ("text", b"Invalid Bearer header."),
    ],
)
async def test_a_token_must_claim_enough(
    village: Village, claims: object, words: bytes
) -> None:
    answered = await ask(village, f"Bearer {token(claims)}")
    assert (answered.status, answered.body) == (401, words)
    assert answered.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "bearer",
    [
        token(ADMIN, key=FOREIGN),
        token(ADMIN, header={"alg": "none"}),
        token(ADMIN, header={"alg": "HS256"}),
        token(ADMIN, header={"alg": "RS256", "crit": ["exp"]}),
        token(ADMIN, header=["RS256"]),
        token(ADMIN) + "x",
        token(ADMIN).rpartition(".")[0] + ".",
        f"{part({'alg': 'none'})}.{part(ADMIN)}.",
        "a.b.c",
        "...",
        "\xe9.\xe9.\xe9",
        f"{part({'alg': 'RS256'})}.{'A' * 9000}.x",
        "x",
        "pwk_unknown",
    ],
)
async def test_what_nobody_signed_is_refused(village: Village, bearer: str) -> None:
    answered = await ask(village, f"Bearer {bearer}")
    assert (answered.status, answered.body) == (401, b"Invalid Bearer header.")
    assert await village.store.read(_has_no_new_domain)


def _has_no_new_domain(uow: UnitOfWork) -> bool:
    return uow.domains.find("new.test") is None


@pytest.mark.parametrize("bearer", ["", "Bearer", "Bearer ", "bearer x", "Basic eDp5"])
async def test_without_a_bearer_nothing_is_told(village: Village, bearer: str) -> None:
    answered = await ask(village, bearer)
    assert (answered.status, answered.body) == (401, b"No Bearer header.")


async def test_without_a_public_key_no_token_is_taken(village: Village) -> None:
    assert (await ask(village, f"Bearer {token(ADMIN)}", known=False)).status == 401


async def test_keys_of_ours_are_taken(village: Village) -> None:
    assert (await ask(village, f"Bearer {OURS}", known=False)).status == 204


async def test_who_failed_too_often_is_told_when_to_come_back(
    village: Village,
) -> None:
    answered = await ask(village, "Bearer pwk_again")
    assert answered.status == 429
    assert answered.headers["retry-after"] == "30"


async def test_who_manages_a_domain_sees_nothing_else(village: Village) -> None:
    village.actor = Actor(
        name="carol",
        dialect="james",
        permissions=OPERATOR.permissions,
        domains=frozenset({ORG}),
    )
    assert (await village.client.get("/domains")).json == [ORG]
    assert (await village.client.get("/users")).json == [{"username": f"ada@{ORG}"}]
    assert (await village.client("HEAD", "/users/ada@example.net")).status == 404
    assert (await village.client("PUT", "/domains/new.test")).status == 403
    refused = await village.client(
        "PUT", "/users/x@example.net", body={"password": "y"}
    )
    assert (refused.status, refused.json["details"]) == (
        400,
        "Domain does not exist in DomainList",
    )


def test_only_rsa_keys_are_taken() -> None:
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = other.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for content in (pem, b"", b"-----BEGIN PUBLIC KEY-----"):
        with pytest.raises(Invalid):
            public_key(content)
