"""Sessions of people, and the links that open one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from postwarden.model.logins import (
    LoginAttempts,
    LoginFailures,
    LoginLink,
    LoginSession,
)


class LoginSessions(Protocol):
    """Sessions, found by the SHA-256 of their token."""

    def with_digest(self, digest: bytes) -> LoginSession | None: ...

    def with_id(self, session: int) -> LoginSession | None: ...

    def add(self, session: LoginSession) -> LoginSession:
        """Store a new session; its `id` is given here."""
        ...

    def remember_use(self, session: int, time: datetime) -> None: ...

    def remove(self, session: int) -> None: ...

    def remove_all(self, administrator: int) -> None: ...

    def remove_ended(self, now: datetime, *, limit: int) -> int:
        """Forget sessions that ended; return how many."""
        ...

    def of(
        self, administrator: int, *, after: int = 0, limit: int
    ) -> list[LoginSession]:
        """Return the sessions of an administrator, oldest first."""
        ...

    def page(self, *, after: int = 0, limit: int) -> list[LoginSession]: ...


class LoginLog(Protocol):
    """Attempts to log in, those of a kind in one row a day."""

    def record(self, attempt: LoginAttempts) -> None:
        """Count an attempt.

        A day has a bounded number of rows: what comes after is counted without
        login and address, so that no attack fills the disk.
        """
        ...

    def has_succeeded(self, account: str, client_ip: str) -> bool:
        """Whether a login to an account came from an address before."""
        ...

    def page(
        self, *, account: str | None = None, after: int = 0, limit: int
    ) -> list[LoginAttempts]:
        """Return rows in order of their ids."""
        ...

    def remove_before(self, day: datetime, *, limit: int) -> int: ...


class LoginGuard(Protocol):
    """Failures that still count against a login or an address."""

    def failures(self, subjects: Sequence[str]) -> dict[str, LoginFailures]: ...

    def put(self, failures: LoginFailures) -> None: ...

    def remove(self, subject: str) -> None: ...

    def remove_before(self, time: datetime, *, limit: int) -> int:
        """Forget failures that were last added to before a time."""
        ...


class RecoveryCodes(Protocol):
    """Codes that stand for a lost second factor, each once."""

    def replace_all(self, administrator: int, digests: Sequence[bytes]) -> None: ...

    def take(self, administrator: int, digest: bytes) -> bool:
        """Use up a code; False when there is no such."""
        ...

    def count(self, administrator: int) -> int: ...


class LoginLinks(Protocol):
    """Links that were not followed yet."""

    def add(self, link: LoginLink) -> None: ...

    def take(self, digest: bytes) -> LoginLink | None:
        """Return a link and forget it, so that nobody follows it twice."""
        ...

    def remove_all(self, administrator: int) -> None: ...

    def remove_ended(self, now: datetime, *, limit: int) -> int:
        """Forget links that ended; return how many."""
        ...
