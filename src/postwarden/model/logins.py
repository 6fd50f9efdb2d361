"""Logins: attempts and their limits, sessions, and the links that open one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Network, ip_address

MAX_AGENT = 200  # characters kept of what a browser says it is
MAX_ATTEMPT_ROWS = 10_000  # of one day
OTHERS = "*"  # stands for logins and addresses beyond that


class LoginResult(StrEnum):
    """How an attempt to log in ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    BLOCKED = "blocked"  # too many failures came before


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
    protocol: str = "native"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginAttempts:
    """Attempts of one kind on one day, counted.

    `account` is whose login was tried, empty for nobody's; `login` what was typed.
    """

    day: datetime
    account: str
    login: str
    client_ip: str
    protocol: str
    mechanism: str
    result: LoginResult
    first_at: datetime
    last_at: datetime
    count: int = 1
    id: int = 0

    @property
    def kind(self) -> tuple[datetime, str, str, str, str, str, LoginResult]:
        """What attempts of one row have in common."""
        return (
            *(self.day, self.account, self.login, self.client_ip),
            *(self.protocol, self.mechanism, self.result),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRules:
    """How many failures block a login, or an address, and for how long."""

    failures: int = 10
    failures_per_address: int = 30
    window: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginFailures:
    """Failures of one login or from one address, as long as they count."""

    subject: str
    count: int
    last_at: datetime


def network_name(client_ip: str | None) -> str:
    """Return what failures are counted for: an IPv4 address, an IPv6 /64.

    Whoever has one IPv6 address has the network around it (RFC 6177 §2).
    """
    try:
        address = ip_address(client_ip or "")
    except ValueError:
        return ""
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((address, 64), strict=False))


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


class Ceremony(StrEnum):
    """What a challenge was made for."""

    REGISTRATION = "registration"
    ASSERTION = "assertion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What an authenticator is to sign, once; nobody's yet when somebody logs in."""

    digest: bytes
    challenge: bytes
    ceremony: Ceremony
    administrator: int | None
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A public key whose private half never leaves an authenticator (WebAuthn)."""

    id: int
    administrator: int
    credential: bytes
    public_key: bytes
    sign_count: int
    name: str
    created_at: datetime
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RelyingParty:
    """Who a passkey is for: the host that browsers find this at."""

    id: str
    origin: str
    name: str = "Postwarden"
