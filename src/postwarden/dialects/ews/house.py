"""What EWS works with: ports, and a few wishes of the settings."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed
from postwarden.dialects.ews.subscriptions import Subscriptions
from postwarden.dialects.kit.requests import Bounds, Request
from postwarden.model.actors import Actor
from postwarden.services.ports import Blobs, SearchIndex, Store

AT_ONCE = 27  # requests of one actor: Exchange's own number
STREAMS = 10  # of one actor: Exchange's number, too
BACK_OFF = 1000  # milliseconds that a client with more is asked to wait


class Authenticate(Protocol):
    """Says whose request it is; raises Unauthenticated."""

    def __call__(self, request: Request) -> Awaitable[Actor]: ...


class Places:
    """Counts the requests of each actor that are being answered."""

    def __init__(
        self, at_once: int = AT_ONCE, *, code: Code = Code.SERVER_BUSY
    ) -> None:
        self._at_once, self._code = at_once, code
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken_by(self, actor: Actor) -> Iterator[None]:
        """Hold a place; raises Failed when the actor has all of them."""
        if self._taken[actor.name] >= self._at_once:
            raise Failed(
                self._code,
                "The server cannot service this request right now. Try again later.",
                values={"BackOffMilliseconds": str(BACK_OFF)},
            )
        self._taken[actor.name] += 1
        try:
            yield
        finally:
            self._taken[actor.name] -= 1
            if not self._taken[actor.name]:
                del self._taken[actor.name]


def _streams() -> Places:
    return Places(STREAMS, code=Code.EXCEEDED_CONNECTION_COUNT)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The ports of one store. `closing` is set when the listeners close.

    `url` is where clients find us; without one it is the host that they asked.
    """

    store: Store
    blobs: Blobs
    index: SearchIndex
    authenticate: Authenticate
    clock: Callable[[], datetime]
    url: str = ""
    bounds: Bounds = field(default_factory=Bounds)
    places: Places = field(default_factory=Places)
    streams: Places = field(default_factory=_streams)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    subscriptions: Subscriptions = field(init=False)

    def __post_init__(self) -> None:
        """Give the house its subscriptions."""
        object.__setattr__(self, "subscriptions", Subscriptions(self.clock))
