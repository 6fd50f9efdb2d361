"""Sessions of people, and the links that open one."""

from datetime import datetime
from typing import Protocol

from postwarden.model.logins import LoginLink, LoginSession


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
