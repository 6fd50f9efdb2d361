"""Values of terms: times, durations, sizes, digests, networks, parts of addresses.

Each function takes what the user wrote and raises Invalid with a hint of what is
allowed; the parser adds the term and the position.
"""

import ipaddress
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import Final

from postwarden.model.addresses import domain_name
from postwarden.model.errors import Invalid

MAX_SIZE: Final = 2**63 - 1  # octets; what a database column holds

_DIGEST: Final = re.compile(r"[0-9a-f]{64}\Z")
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})?)?\Z"
)
_DURATION: Final = re.compile(r"([0-9]{1,12})([smhdwy])\Z")
_DAY: Final = 86400
_SECONDS: Final = {
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": _DAY,
    "w": 7 * _DAY,
    "y": 365 * _DAY,
}
_NO_LABEL: Final = re.compile(r"[\x00-,./;-@\\^`{-\x7f]")
_SIZE: Final = re.compile(r"([0-9]{1,19})(?:([KMG])(?:I?B)?)?\Z")
_FACTOR: Final = {None: 1, "K": 1024, "M": 1024**2, "G": 1024**3}


def instant_of(text: str) -> datetime:
    """Read an ISO 8601 day (its first instant) or time; without offset it is UTC."""
    if not _INSTANT.match(text.upper()):
        raise Invalid("takes a day or a time: 2026-11-21 or 2026-11-21T14:30:00Z")
    try:
        instant = datetime.fromisoformat(text.upper())
        return instant.replace(tzinfo=instant.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Invalid(f"{text} is not in the calendar") from error


def past_of(text: str, now: datetime) -> datetime:
    """Read a duration and return the instant so long before now."""
    duration = _DURATION.match(text)
    if duration is None:
        raise Invalid("takes a number and one of s m h d w y: 7d (m is minutes)")
    try:
        return now - timedelta(seconds=int(duration[1]) * _SECONDS[duration[2]])
    except OverflowError as error:
        raise Invalid(f"{text} is before the calendar begins") from error


def octets_of(text: str) -> int:
    """Read a number of octets; K, M and G are powers of 1024."""
    size = _SIZE.match(text.upper())
    if size is None:
        raise Invalid("takes octets, or K, M or G of them (1024): 5M")
    octets = int(size[1]) * _FACTOR[size[2]]
    if octets > MAX_SIZE:
        raise Invalid("no message is that large")
    return octets


def digest_of(text: str) -> str:
    """Read a SHA-256 of 64 hexadecimal digits, a beginning is not enough."""
    if not is_digest(text):
        raise Invalid("takes a whole SHA-256, 64 hexadecimal digits")
    return text.lower()


def is_digest(text: str) -> bool:
    return bool(_DIGEST.match(text.lower()))


def network_of(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Read an IP address or a network in CIDR form; IPv4-mapped becomes IPv4."""
    try:
        # RFC 4007 §11: a zone (%) means something on one host only.
        network = ipaddress.ip_network(text.replace("%", " "), strict=False)
    except ValueError as error:
        raise Invalid("takes an IP address or a network: 192.0.2.0/24") from error
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is None or network.prefixlen < 96:
        return network
    return ipaddress.IPv4Network((mapped, network.prefixlen - 96))


def domain_prefix_of(text: str) -> str:
    """Return the beginning of a canonical domain name; its last label is a part."""
    whole, dot, part = text.rpartition(".")
    part = unicodedata.normalize("NFC", unicodedata.normalize("NFC", part).lower())
    if _NO_LABEL.search(part):
        raise Invalid("takes the beginning of a domain name before *")
    if part.startswith("xn--"):
        raise Invalid("with *, write a domain name in its own letters, not xn--")
    return domain_name(whole) + dot + part if dot else part
