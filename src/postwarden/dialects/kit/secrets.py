"""What every dialect asks of who knows keys and sessions."""

from collections.abc import Awaitable
from typing import Protocol

from postwarden.model.actors import Actor


class ActorOfSecret(Protocol):
    """Returns the actor of a key or of a session; raises Unauthenticated."""

    def __call__(
        self, secret: str, *, dialect: str, client_ip: str | None, request_id: str
    ) -> Awaitable[Actor]: ...
