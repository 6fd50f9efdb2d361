"""Who asks: a bearer of a JSON Web Token as James takes it, or of a key of ours.

James' tokens are signed with RS256 (RFC 7519, RFC 7518 §3.3) by somebody whose public
key the settings have; their claim `admin` is true. Who comes with one may do
everything. Keys and sessions of ours are told by their form, and have what their
owners have.
"""

import base64
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from postwarden.dialects.james.house import NAME
from postwarden.dialects.kit.requests import Request
from postwarden.dialects.kit.secrets import ActorOfSecret
from postwarden.model.actors import Actor
from postwarden.model.errors import Invalid, TooManyFailures, Unauthenticated
from postwarden.model.permissions import EVERYTHING

_LONGEST = 8192  # characters of a token
_LONGEST_NAME = 200  # characters of the subject that the audit log has
_MARK = "pw"  # what our keys and tokens begin with
_DOTS = 2  # in a token
_SCHEME = "Bearer "


class Bearers:
    """Tells who comes with a bearer token; raises Unauthenticated in James' words."""

    def __init__(
        self,
        actor_of: ActorOfSecret,
        *,
        jwt_key: RSAPublicKey | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._actor_of = actor_of
        self._jwt_key = jwt_key
        self._clock = clock

    async def __call__(self, request: Request) -> Actor:
        given = request.headers.get("authorization", "")
        token = given.removeprefix(_SCHEME).strip()
        # James' scheme is of one spelling, though RFC 9110 §11.1 lets any case be.
        if not given.startswith(_SCHEME) or not token:
            raise Unauthenticated("No Bearer header.")
        if token.count(".") != _DOTS and token.startswith(_MARK):
            return await self._of_ours(token, request)
        claims = self._claims(token)
        if claims.get("admin") is not True:
            raise Unauthenticated("Non authorized user.")
        return Actor(
            # No administrator of ours has a colon in his name.
            name=f"jwt:{claims['sub'][:_LONGEST_NAME]}",
            dialect=NAME,
            permissions=EVERYTHING,
            client_ip=request.client_ip,
            request_id=request.request_id,
        )

    async def _of_ours(self, token: str, request: Request) -> Actor:
        try:
            return await self._actor_of(
                token,
                dialect=NAME,
                client_ip=request.client_ip,
                request_id=request.request_id,
            )
        except TooManyFailures:
            raise
        except Unauthenticated as error:
            raise Unauthenticated("Invalid Bearer header.") from error

    def _claims(self, token: str) -> dict[str, Any]:
        """Return the claims of a good token."""
        try:
            claims = _verified(token, self._jwt_key)
            _check(claims, self._clock().timestamp())
        except (_BadToken, ValueError, RecursionError, InvalidSignature) as error:
            raise Unauthenticated("Invalid Bearer header.") from error
        return claims


def public_key(pem: bytes) -> RSAPublicKey:
    """Return the key of whoever signs tokens; raises Invalid."""
    try:
        key = serialization.load_pem_public_key(pem)
    except ValueError as error:
        raise Invalid("not a public key in PEM", field="jwt_public_key") from error
    if not isinstance(key, RSAPublicKey):
        raise Invalid("not an RSA key", field="jwt_public_key")
    return key


class _BadToken(Exception):
    """A token that is none, or none for now."""


def _verified(token: str, key: RSAPublicKey | None) -> dict[str, Any]:
    """Return what a token claims; raises _BadToken, ValueError, InvalidSignature."""
    if key is None or len(token) > _LONGEST or not token.isascii():
        raise _BadToken
    signed, _, signature = token.rpartition(".")
    header, _, payload = signed.partition(".")
    # One algorithm alone: a token does not say how it is to be checked. What it says
    # has to be understood (RFC 7515 §4.1.11) is not.
    says = _object(header)
    if says.get("alg") != "RS256" or "crit" in says:
        raise _BadToken
    key.verify(_octets(signature), signed.encode(), PKCS1v15(), hashes.SHA256())
    return _object(payload)


def _check(claims: dict[str, Any], now: float) -> None:
    """Raise _BadToken for nobody's claims, and outside of their time."""
    subject = claims.get("sub")
    if not (isinstance(subject, str) and subject.isprintable()):
        raise _BadToken
    # RFC 7519 §4.1.4, §4.1.5
    if not _time(claims, "nbf", now) <= now < _time(claims, "exp", now + 1):
        raise _BadToken


def _object(part: str) -> dict[str, Any]:
    value = json.loads(_octets(part))
    if not isinstance(value, dict):
        raise _BadToken
    return value


def _octets(part: str) -> bytes:
    padded = part + "=" * (-len(part) % 4)
    return base64.b64decode(padded, altchars=b"-_", validate=True)


def _time(claims: dict[str, Any], name: str, default: float) -> float:
    value = claims.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _BadToken
    return float(value)
