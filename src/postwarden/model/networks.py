"""IP addresses as keys: 16 octets, IPv4 as IPv4-mapped IPv6 (RFC 4291 §2.5.5.2)."""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address

_MAPPED = bytes(10) + b"\xff\xff"


@lru_cache(maxsize=4096)
def ip_key(text: str | None) -> bytes | None:
    """Return the key of an address, None for what is no IP address."""
    try:
        address = ip_address(text or "")
    except ValueError:
        return None
    return address.packed if address.version == 6 else _MAPPED + address.packed


def ip_range(network: IPv4Network | IPv6Network) -> tuple[bytes, bytes]:
    """Return the first and the last key of a network."""
    before = b"" if network.version == 6 else _MAPPED
    return (
        before + network.network_address.packed,
        before + network.broadcast_address.packed,
    )
