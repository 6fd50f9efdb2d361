"""The PROXY protocol, versions 1 and 2: who is connected behind a proxy.

Source: https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt §2.1, §2.2.
"""

import re
import struct
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

MAX_HEADER_V1 = 107  # octets with CRLF, §2.1
MAX_HEADER_V2 = 4096  # octets; room for the TLVs of a client certificate, §2.2

_SIGNATURE_V2 = b"\r\n\r\n\x00\r\nQUIT\n"
_SHORTEST_V1 = len("PROXY UNKNOWN\r\n")
_START_V2 = 16  # signature, version and command, family, length
_PORT = re.compile(r"(?:0|[1-9][0-9]{0,4})\Z", re.ASCII)


class ProxyError(Exception):
    """The octets are no PROXY header that we take; the connection must end."""


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """The two ends of the connection that the proxy stands for."""

    ip: str
    port: int
    local_ip: str
    local_port: int


class ProxyReader:
    """Reads one header and not an octet more.

    Read at most `wanted` octets and give them to `feed`, until `is_complete`;
    what follows the header, a TLS handshake for example, is never touched.
    `header` is then None for LOCAL and UNKNOWN connections: the proxy speaks for
    itself (§2.2: health checks), or for a peer that has no address.
    """

    __slots__ = ("_octets", "header", "is_complete", "wanted")

    def __init__(self) -> None:
        self._octets = b""
        self.wanted = _SHORTEST_V1
        self.is_complete = False
        self.header: ProxyHeader | None = None

    def feed(self, octets: bytes) -> None:
        """Take up to `wanted` octets; raises ProxyError."""
        self._octets += octets
        if len(self._octets) < _SHORTEST_V1:
            self._check_start()
            self.wanted = _SHORTEST_V1 - len(self._octets)
        elif self._octets.startswith(_SIGNATURE_V2):
            self._feed_v2()
        else:
            self._feed_v1()

    def _check_start(self) -> None:
        octets = self._octets
        for start in (_SIGNATURE_V2, b"PROXY "):
            if start.startswith(octets) or octets.startswith(start):
                return
        raise ProxyError("neither signature")

    def _feed_v1(self) -> None:
        octets = self._octets
        if not octets.startswith(b"PROXY "):
            raise ProxyError("neither signature")
        end = octets.find(b"\n")
        if end == len(octets) - 1 and octets.endswith(b"\r\n"):
            self.header = _parse_v1(octets)
            self.is_complete = True
        elif end >= 0 or len(octets) >= MAX_HEADER_V1:
            raise ProxyError("version 1 without its CRLF")
        else:
            self.wanted = 1 if octets.endswith(b"\r") else 2

    def _feed_v2(self) -> None:
        octets = self._octets
        if len(octets) < _START_V2:
            self.wanted = _START_V2 - len(octets)
            return
        (length,) = struct.unpack_from("!H", octets, 14)
        if _START_V2 + length > MAX_HEADER_V2:
            raise ProxyError("version 2 longer than its bound")
        self.wanted = _START_V2 + length - len(octets)
        if self.wanted == 0:
            self.header = _parse_v2(octets)
            self.is_complete = True


def _parse_v1(line: bytes) -> ProxyHeader | None:
    try:
        words = line[:-2].decode("ascii").split(" ")
    except UnicodeDecodeError as error:
        raise ProxyError("version 1 beyond ASCII") from error
    if words[1] == "UNKNOWN":
        return None  # §2.1: what follows UNKNOWN is ignored
    if len(words) != 6 or words[1] not in {"TCP4", "TCP6"}:
        raise ProxyError("version 1 malformed")
    kind = IPv4Address if words[1] == "TCP4" else IPv6Address
    try:
        return ProxyHeader(
            str(kind(words[2])), _port(words[4]), str(kind(words[3])), _port(words[5])
        )
    except AddressValueError as error:
        raise ProxyError("version 1 with a bad address") from error


def _port(text: str) -> int:
    if not _PORT.match(text) or int(text) > 65535:
        raise ProxyError("version 1 with a bad port")
    return int(text)


def _parse_v2(octets: bytes) -> ProxyHeader | None:
    version, command = octets[12] >> 4, octets[12] & 15
    if version != 2 or command not in {0, 1}:
        raise ProxyError("version 2 with an unknown version or command")
    if command == 0:  # LOCAL: family and addresses are to be ignored, §2.2
        return None
    body = octets[_START_V2:]
    kind: type[IPv4Address | IPv6Address]
    match octets[13]:
        case 0x11:
            kind, size = IPv4Address, 4
        case 0x21:
            kind, size = IPv6Address, 16
        case _:  # datagrams, unix sockets, unspecified: no address of use to us
            return None
    if len(body) < 2 * size + 4:
        raise ProxyError("version 2 shorter than its addresses")
    port, local_port = struct.unpack_from("!HH", body, 2 * size)
    # TLVs follow and are skipped: §2.2.1.
    return ProxyHeader(
        str(kind(body[:size])), port, str(kind(body[size : 2 * size])), local_port
    )
