"""Passkeys, and the challenges that they answer."""

from datetime import datetime
from typing import Protocol

from postwarden.model.logins import Challenge, Passkey


class Passkeys(Protocol):
    """Passkeys of administrators, found by their credential ids."""

    def with_credential(self, credential: bytes) -> Passkey | None: ...

    def with_id(self, passkey: int) -> Passkey | None: ...

    def add(self, passkey: Passkey) -> Passkey:
        """Store a new one (its `id` is given here); raises AlreadyExists."""
        ...

    def remember_use(self, passkey: int, sign_count: int, time: datetime) -> None: ...

    def of(self, administrator: int) -> list[Passkey]:
        """Return the passkeys of an administrator, oldest first."""
        ...

    def remove(self, passkey: int) -> None: ...

    def remove_all(self, administrator: int) -> None: ...


class Challenges(Protocol):
    """Challenges that were not answered yet."""

    def add(self, challenge: Challenge) -> None: ...

    def take(self, digest: bytes) -> Challenge | None:
        """Return a challenge and forget it, so that nobody answers it twice."""
        ...

    def count(self) -> int: ...

    def remove_ended(self, now: datetime, *, limit: int) -> int: ...
