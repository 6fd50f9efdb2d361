"""Server-sent events: something as it changes, for as long as somebody listens."""

from collections.abc import AsyncGenerator, Callable, Mapping
from time import monotonic
from typing import TypeVar

from postwarden.dialects.native.encoding import encode
from postwarden.dialects.native.house import House
from postwarden.services.ports import UnitOfWork

S = TypeVar("S", bound=Mapping[str, object])

EVENT_STREAM = "text/event-stream"
_LONGEST = 3600.0  # seconds; a client that wants more connects again
_QUIET = 15.0  # seconds after which a comment keeps proxies from closing
_LOOK = 1.0  # seconds until closing listeners are noticed


async def told(
    house: House,
    first: S,
    read: Callable[[UnitOfWork], S],
    is_over: Callable[[S], bool],
) -> AsyncGenerator[bytes, None]:
    """Yield an event for `first`, and one whenever it has changed, until it is over."""
    shape, begun = first, monotonic()
    yield _event(shape)
    spoken = begun
    with house.store.watch() as watch:
        while not is_over(shape) and monotonic() - begun < _LONGEST:
            if house.closing.is_set():
                return
            if await watch.wait(_LOOK):
                seen = await house.store.read(read)
                if seen != shape:
                    shape, spoken = seen, monotonic()
                    yield _event(shape)
            elif monotonic() - spoken > _QUIET:
                spoken = monotonic()
                yield b": still there\n\n"


def _event(shape: Mapping[str, object]) -> bytes:
    return b"data: " + encode(shape) + b"\n\n"
