"""Whose request it is: of a key or of a session."""

from postwarden.dialects.kit.requests import Request
from postwarden.dialects.kit.secrets import ActorOfSecret
from postwarden.model.actors import Actor
from postwarden.model.errors import Unauthenticated

DIALECT = "native"
_LONGEST = 512  # characters of a secret


class Secrets:
    """Takes `Authorization: Bearer SECRET` (RFC 6750 §2.1) and nothing else.

    The secret is that of a key, or the token of a session. Browsers send neither by
    themselves, so that no page elsewhere can act for who is logged in.
    """

    def __init__(self, actor_of: ActorOfSecret) -> None:
        self._actor_of = actor_of

    async def __call__(self, request: Request) -> Actor:
        secret = request.bearer
        if not secret or len(secret) > _LONGEST:
            raise Unauthenticated("give a key: Authorization: Bearer SECRET")
        return await self._actor_of(
            secret,
            dialect=DIALECT,
            client_ip=request.client_ip,
            request_id=request.request_id,
        )
