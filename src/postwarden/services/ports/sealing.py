"""Secrets that must be read again, unlike passwords: sealed with a master key."""

from collections.abc import Sequence
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


class Keyring(Sealer, Protocol):
    """A sealer whose master keys can be changed; keys have ids that are no secret."""

    def reseal(self, sealed: bytes) -> bytes:
        """Return the same secret sealed with the newest key; raises Unavailable."""
        ...

    def key_of(self, sealed: bytes) -> str:
        """Return the id of the key that sealed it, there or not."""
        ...

    def ids(self) -> list[str]:
        """Return the ids of all keys, the newest last."""
        ...

    def add(self) -> str:
        """Make a key that seals from now on; return its id."""
        ...

    def drop_before(self, key: str) -> list[str]:
        """Forget the keys that are older; return their ids.

        What they sealed opens no more.
        """
        ...


class SealedFile(Protocol):
    """A secret that lies sealed in a file, beside those in the rows."""

    def key_of(self) -> str | None:
        """Return the id of the key that sealed it, None when it is not there."""
        ...

    def reseal(self) -> None:
        """Seal it with the newest key; raises Unavailable."""
        ...


class Secrets(Protocol):
    """The sealed secrets among the rows, whatever they are for."""

    def kinds(self) -> Sequence[str]:
        """Return which there are, as in `administrators.totp`."""
        ...

    def page(self, kind: str, *, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Return row ids behind `after`, with what is sealed there."""
        ...

    def replace(self, kind: str, row: int, old: bytes, new: bytes) -> bool:
        """Put `new` where `old` still is; tell whether it was."""
        ...
