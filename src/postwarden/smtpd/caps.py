"""How many may be connected, in all and from one address."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

LOOPBACK = ("127.0.0.0/8", "::1/128")


@lru_cache(maxsize=4096)
def parse_ip(text: str) -> IPv4Address | IPv6Address:
    """Read an address; an IPv4 one that came over an IPv6 socket becomes itself."""
    ip = ip_address(text.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    return ip


class Networks:
    """A set of networks in CIDR notation; raises ValueError for another text."""

    def __init__(self, networks: Sequence[str]) -> None:
        self._networks = [ip_network(network) for network in networks]

    def __contains__(self, ip: object) -> bool:
        return bool(self._networks) and any(
            parse_ip(str(ip)) in network for network in self._networks
        )


class ConnectionCaps:
    """Counts connections; shared by all listeners of one process.

    IPv6 clients count by /64, which is what one of them is commonly given. The
    networks in `exempt`, and unix sockets, count in all only.
    """

    def __init__(
        self,
        *,
        total: int = 1000,
        per_address: int = 50,
        exempt: Sequence[str] = LOOPBACK,
    ) -> None:
        self._total = total
        self._per_address = per_address
        self._exempt = Networks(exempt)
        self._count = 0
        self._by_network: Counter[str] = Counter()

    @property
    def count(self) -> int:
        return self._count

    def enter(self) -> bool:
        """Count a connection; false when there are too many in all."""
        if self._count >= self._total:
            return False
        self._count += 1
        return True

    def leave(self) -> None:
        self._count -= 1

    def enter_address(self, ip: str) -> str | None:
        """Count a client; return a key for `leave_address`, None if too many."""
        if not ip or ip in self._exempt:
            return ""
        key = _network_of(ip)
        if self._by_network[key] >= self._per_address:
            return None
        self._by_network[key] += 1
        return key

    def leave_address(self, key: str) -> None:
        if not key:
            return
        self._by_network[key] -= 1
        if self._by_network[key] <= 0:
            del self._by_network[key]


def _network_of(ip: str) -> str:
    address = parse_ip(ip)
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Address(int(address) >> 64 << 64))
