"""Logins of people: sessions, and the links that open one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MAX_AGENT = 200  # characters kept of what a browser says it is


class Factor(StrEnum):
    """What somebody showed to get in."""

    LINK = "link"
    PASSWORD = "password"  # noqa: S105  the kind, not a secret
    PASSWORD_AND_CODE = "password-and-code"  # noqa: S105  see above
    PASSKEY = "passkey"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a login came from; a `client_ip` of None is this machine."""

    client_ip: str | None = None
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRules:
    """How long a session lives at most, and how long without use."""

    lifetime: timedelta = timedelta(hours=12)
    idle: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSession:
    """Somebody who is logged in; of the token only the SHA-256 is kept."""

    id: int
    administrator: int
    digest: bytes
    factor: Factor
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    idle: timedelta
    client_ip: str | None = None
    agent: str = ""

    def is_open(self, now: datetime) -> bool:
        return now < min(self.expires_at, self.last_seen_at + self.idle)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginLink:
    """A way in that works once; of the token only the SHA-256 is kept."""

    administrator: int
    digest: bytes
    created_at: datetime
    created_by: str
    expires_at: datetime
