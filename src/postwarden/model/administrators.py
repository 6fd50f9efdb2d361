"""Administrators: people and services with a role, and their API keys."""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from postwarden.model.errors import Invalid
from postwarden.model.permissions import Permission

MAX_NAME = 254  # octets: as long as a mail address may be
_NAME = re.compile(r"[a-z0-9][a-z0-9._+@-]*\Z", re.ASCII)
_RESERVED = frozenset({"operator", "worker", "postwarden"})  # actors of the house
_LOOPBACK = "127.0.0.1"

Network = IPv4Network | IPv6Network


class AdministratorState(StrEnum):
    """Whether an administrator's keys and logins work."""

    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Administrator:
    """Who may administer: the permissions of `role`, in `domains`.

    `domains` of None means every domain, those to come included. Without a
    password nobody logs in, and keys work. `totp` is sealed, and `totp_step` the
    newest time step of which a code was taken (RFC 6238 §5.2).
    """

    id: int
    name: str
    role: str
    domains: frozenset[str] | None
    state: AdministratorState
    created_at: datetime
    password_hash: str | None = None
    totp: bytes | None = None
    totp_step: int | None = None
    last_login_at: datetime | None = None


class KeyState(StrEnum):
    """Whether a key still opens something."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key of an administrator; of its secret only the SHA-256 is kept.

    `prefix` is the beginning of the secret, for people to tell keys apart.
    `permissions` of None are all that the owner has; without `networks` it may
    be used from anywhere.
    """

    id: int
    administrator: int
    prefix: str
    digest: bytes
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    permissions: frozenset[Permission] | None = None
    networks: tuple[Network, ...] = ()
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None

    def state(self, now: datetime) -> KeyState:
        if self.revoked_at is not None:
            return KeyState.REVOKED
        if self.expires_at is not None and self.expires_at <= now:
            return KeyState.EXPIRED
        return KeyState.ACTIVE

    def opens(self, now: datetime, client_ip: str | None) -> bool:
        """Whether it may be used now from an address; None is this machine."""
        return self.state(now) is KeyState.ACTIVE and lies_in(client_ip, self.networks)


def administrator_name(text: str) -> str:
    """Return the canonical form of a name, in lower case; raises Invalid."""
    name = text.strip().lower()
    if len(name) > MAX_NAME or not _NAME.match(name):
        raise Invalid(
            "a name is of letters, digits and . _ + @ -, and begins with one of the "
            "first two",
            field="name",
        )
    if name in _RESERVED:
        raise Invalid(f"{name} is a name that Postwarden uses itself", field="name")
    return name


def network_of(text: str) -> Network:
    """Read an address or a network in CIDR notation; raises Invalid."""
    try:
        return ip_network(text.strip())
    except ValueError as error:
        raise Invalid(
            f"{text!r} is no network: 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32 are",
            field="from",
        ) from error


def lies_in(client_ip: str | None, networks: tuple[Network, ...]) -> bool:
    """Whether an address lies in one of the networks, or there are none."""
    if not networks:
        return True
    try:
        address = ip_address(client_ip or _LOOPBACK)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)  # RFC 4291 §2.5.5.2
    return any((mapped or address) in network for network in networks)


def is_within(inner: tuple[Network, ...], outer: tuple[Network, ...]) -> bool:
    """Whether a list of networks allows nothing that the other does not."""
    if not outer:
        return True
    return bool(inner) and all(
        any(a.version == b.version and a.subnet_of(b) for b in outer)  # type: ignore[arg-type]  # of one version
        for a in inner
    )
