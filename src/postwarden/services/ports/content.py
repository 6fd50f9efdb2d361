"""Message content and password work: what no transaction may wait for."""

from collections.abc import Callable, Sequence
from datetime import datetime
from mmap import mmap
from typing import ParamSpec, Protocol, TypeAlias, TypeVar

Octets: TypeAlias = bytes | mmap
"""Message bytes, in memory or mapped from a file."""


P = ParamSpec("P")
T = TypeVar("T")


class Aside(Protocol):
    """Computes where it keeps no session waiting; `asyncio.to_thread` does."""

    async def __call__(
        self, compute: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T: ...


class Blobs(Protocol):
    """Content-addressed, immutable message bytes."""

    async def put(self, content: Octets) -> bytes:
        """Store `content` durably and return its SHA-256 (32 octets).

        Raises StorageFull below the free-space limit, Unavailable when the
        disk fails. Nothing is acknowledged before this has returned.
        """
        ...

    async def get(self, sha256: bytes) -> bytes:
        """Return the bytes; raises NotFound, or Unavailable when they are damaged."""
        ...

    async def has(self, sha256s: Sequence[bytes]) -> list[bool]:
        """Say for each whether it is there, without reading it."""
        ...

    async def remove(self, sha256s: Sequence[bytes], *, before: datetime) -> set[bytes]:
        """Remove content that was last put before a time; return what is left.

        The caller has just seen that no message has it; whoever puts it again
        meanwhile keeps it.
        """
        ...

    def check_room(self) -> None:
        """Raise StorageFull when the disk runs low."""
        ...


class Passwords(Protocol):
    """Password hashes, computed in a bounded pool."""

    async def hash(self, password: str) -> str: ...

    async def verify(self, password: str, password_hash: str | None) -> bool:
        """Compare; None costs the same as a real hash and is always False."""
        ...

    async def scram(self, password: str) -> str | None:
        """Return a SCRAM-SHA-256 verifier (RFC 5803), None where it is off."""
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the next login should store a new hash."""
        ...

    def check(self, password_hash: str) -> None:
        """Raise Invalid for a hash that nobody could ever log in with."""
        ...
