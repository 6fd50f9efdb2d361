"""IP addresses as keys: 16 octets, IPv4 as IPv4-mapped IPv6 (RFC 4291 §2.5.5.2)."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

_MAPPED = bytes(10) + b"\xff\xff"
_NAT64 = ip_network("64:ff9b::/96")
_NEAR = tuple(  # what the standard library may take for public
    ip_network(network)
    for network in (
        *("192.0.0.0/24", "168.63.129.16/32"),  # some clouds' metadata
        *("64:ff9b:1::/48", "3fff::/20", "5f00::/16", "fec0::/10"),
    )
)

IPAddress = IPv4Address | IPv6Address


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


def is_loopback(host: str) -> bool:
    """Whether HOST or HOST:PORT is a name or address of this machine alone."""
    name = host.rpartition(":")[0] if host.count(":") == 1 else host
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    if name.lower() == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def is_public(address: IPAddress) -> bool:
    """Whether an address is one of the Internet's, and not of some host near us.

    What stands for an IPv4 address (mapped, NAT64, 6to4, Teredo) is judged by that
    one too.
    """
    return all(
        each.is_global
        and not each.is_multicast
        and not any(each in network for network in _NEAR)
        for each in (address, *_carried(address))
    )


def _carried(address: IPAddress) -> Iterable[IPv4Address]:
    """Yield the IPv4 addresses that an IPv6 address leads to."""
    if isinstance(address, IPv4Address):
        return
    if address.ipv4_mapped is not None:
        yield address.ipv4_mapped
    if address.sixtofour is not None:
        yield address.sixtofour
    if address.teredo is not None:
        yield from address.teredo
    if address in _NAT64:
        yield IPv4Address(address.packed[-4:])


def is_within(address: IPAddress, networks: Iterable[str]) -> bool:
    """Whether an address lies in one of some networks; a mapped one as IPv4."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in ip_network(network) for network in networks)
