"""Whose request it is: the actor of a key, or on loopback the operator."""

from collections.abc import Awaitable
from dataclasses import replace
from typing import Protocol

from postwarden.dialects.kit.loopback import is_loopback
from postwarden.dialects.kit.requests import Request
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.errors import Forbidden, Unauthenticated

DIALECT = "native"
_LONGEST = 512  # characters of a secret


class ActorOfKey(Protocol):
    """Returns the actor of a key; raises Unauthenticated."""

    def __call__(
        self, secret: str, *, dialect: str, client_ip: str | None, request_id: str
    ) -> Awaitable[Actor]: ...


class Keys:
    """Takes `Authorization: Bearer SECRET` (RFC 6750 §2.1) and nothing else."""

    def __init__(self, actor_of_key: ActorOfKey) -> None:
        self._actor_of_key = actor_of_key

    async def __call__(self, request: Request) -> Actor:
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret or len(secret) > _LONGEST:
            raise Unauthenticated("give a key: Authorization: Bearer SECRET")
        return await self._actor_of_key(
            secret,
            dialect=DIALECT,
            client_ip=request.client_ip,
            request_id=request.request_id,
        )


class Nobody:
    """Lets everybody on this machine act as the operator.

    A page in somebody's browser is not on this machine, though its requests come
    from here: they name another host, or an origin.
    """

    async def __call__(self, request: Request) -> Actor:
        host = request.headers.get("host", "")
        if "origin" in request.headers or not is_loopback(host):
            raise Forbidden("without authentication this answers local programs only")
        return replace(
            OPERATOR,
            dialect=DIALECT,
            client_ip=request.client_ip,
            request_id=request.request_id,
        )
