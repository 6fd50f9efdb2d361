"""What the James dialect works with: ports, and a few rules of the settings."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from postwarden.dialects.kit.requests import Bounds, Request
from postwarden.model.actors import Actor
from postwarden.services.ports import Blobs, Passwords, Store

NAME = "james"
DEFAULT_DOMAIN = "localhost"


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The ports of one store; `default_domain` is the one that clients cannot remove.

    `host` is where tasks run. `authenticate` says who asks; it raises Unauthenticated
    or Forbidden.
    """

    store: Store
    blobs: Blobs
    passwords: Passwords
    authenticate: Callable[[Request], Awaitable[Actor]]
    default_domain: str = DEFAULT_DOMAIN
    host: str = "localhost"
    bounds: Bounds = field(default_factory=Bounds)
