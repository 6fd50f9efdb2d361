"""Secrets that must be read again, unlike passwords: sealed with a master key."""

from typing import Protocol


class Sealer(Protocol):
    """Seals what the rows keep, so that a copy of them alone opens nothing."""

    def seal(self, secret: bytes, purpose: str) -> bytes:
        """Return `secret` sealed; only the same `purpose` opens it again."""
        ...

    def unseal(self, sealed: bytes, purpose: str) -> bytes:
        """Return the secret.

        Raises Unavailable when the master key that sealed it is not there, or
        when what is sealed was altered or moved to another purpose.
        """
        ...
