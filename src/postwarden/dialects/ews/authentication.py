"""Whose request it is: an account's owner, or an administrator with a key."""

import base64
import binascii
from collections.abc import Awaitable
from typing import Protocol

from postwarden.dialects.ews.names import NAME
from postwarden.dialects.kit.requests import Request
from postwarden.dialects.kit.secrets import ActorOfSecret
from postwarden.model.actors import Actor
from postwarden.model.errors import Unauthenticated
from postwarden.services.keys import is_key

_LONGEST = 1024  # characters of a user name and password


class ActorOfPassword(Protocol):
    """Returns the owner of an account by its password; raises Unauthenticated."""

    def __call__(
        self,
        username: str,
        password: str,
        *,
        dialect: str,
        client_ip: str | None,
        request_id: str,
    ) -> Awaitable[Actor]: ...


class Credentials:
    r"""Takes Basic (RFC 7617) and Bearer (RFC 6750 §2.1).

    An account's owner comes with address and password; an administrator with the
    name and a key for its password, or with key or session as a bearer. Names may
    have a Windows domain before them: `EXAMPLE\ada@example.org`.
    """

    def __init__(self, *, secret: ActorOfSecret, password: ActorOfPassword) -> None:
        self._secret, self._password = secret, password

    async def __call__(self, request: Request) -> Actor:
        scheme, given = request.authorization
        match scheme:
            case "basic":
                return await self._basic(request, given)
            case "bearer":
                return await self._bearer(request, given)
            case _:
                raise Unauthenticated("give a user name and a password")

    async def _basic(self, request: Request, given: str) -> Actor:
        username, secret = _pair(given)
        if not is_key(secret):
            return await self._password(
                username,
                secret,
                dialect=NAME,
                client_ip=request.client_ip,
                request_id=request.request_id,
            )
        actor = await self._bearer(request, secret)
        if actor.name != username.lower():
            raise Unauthenticated
        return actor

    async def _bearer(self, request: Request, secret: str) -> Actor:
        if not secret or len(secret) > _LONGEST:
            raise Unauthenticated
        return await self._secret(
            secret,
            dialect=NAME,
            client_ip=request.client_ip,
            request_id=request.request_id,
        )


def _pair(given: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(given[: 2 * _LONGEST], validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise Unauthenticated from error
    username, colon, password = text.partition(":")
    if not colon or len(text) > _LONGEST:
        raise Unauthenticated
    return username.rpartition("\\")[2], password
