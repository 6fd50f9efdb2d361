"""PROXY headers, versions 1 and 2."""

import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.wire.proxy import (
    MAX_HEADER_V1,
    MAX_HEADER_V2,
    ProxyError,
    ProxyHeader,
    ProxyReader,
)

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def v2(command: int, family: int, body: bytes) -> bytes:
    return SIGNATURE + struct.pack("!BBH", 0x20 | command, family, len(body)) + body


def addresses(source: str, destination: str, port: int, local_port: int) -> bytes:
    return (
        ip_address(source).packed
        + ip_address(destination).packed
        + struct.pack("!HH", port, local_port)
    )


def read(octets: bytes, step: int | None = None) -> tuple[ProxyReader, bytes]:
    """Feed as a socket would; return the reader and what it left unread."""
    reader = ProxyReader()
    while octets and not reader.is_complete:
        size = min(step or reader.wanted, reader.wanted)
        assert size > 0
        reader.feed(octets[:size])
        octets = octets[size:]
    return reader, octets


V4 = ProxyHeader("192.0.2.1", 56324, "198.51.100.1", 25)
V6 = ProxyHeader("2001:db8::1", 1, "2001:db8::2", 65535)
GOOD = {
    "v1 tcp4": (b"PROXY TCP4 192.0.2.1 198.51.100.1 56324 25\r\n", V4),
    "v1 tcp6": (b"PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n", V6),
    "v1 unknown": (b"PROXY UNKNOWN\r\n", None),
    "v1 unknown with more": (b"PROXY UNKNOWN ff:f 1 2 3\r\n", None),
    "v2 tcp4": (v2(1, 0x11, addresses("192.0.2.1", "198.51.100.1", 56324, 25)), V4),
    "v2 tcp6": (v2(1, 0x21, addresses("2001:db8::1", "2001:db8::2", 1, 65535)), V6),
    "v2 tlv": (
        v2(
            1,
            0x11,
            addresses("192.0.2.1", "198.51.100.1", 56324, 25) + b"\x04\x00\x01x",
        ),
        V4,
    ),
    "v2 local": (v2(0, 0x00, b""), None),
    "v2 local with more": (v2(0, 0x11, b"x" * 30), None),
    "v2 unix": (v2(1, 0x31, b"\0" * 216), None),
}


@pytest.mark.parametrize(("octets", "header"), GOOD.values(), ids=GOOD)
def test_a_header_is_read_and_nothing_behind_it(
    octets: bytes, header: ProxyHeader | None
) -> None:
    for step in (None, 1, 2, 7):
        reader, rest = read(octets + b"EHLO x\r\n", step)

        assert reader.is_complete
        assert reader.header == header
        assert rest == b"EHLO x\r\n"


BAD = {
    "no header": b"EHLO client.example\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03abcdef",
    "wrong start": b"PROXYTCP4 1.1.1.1 2.2.2.2 1 2\r\n",
    "few words": b"PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n",
    "many words": b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n",
    "two spaces": b"PROXY  TCP4 1.1.1.1 2.2.2.2 1 2\r\n",
    "family": b"PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n",
    "mixed families": b"PROXY TCP4 ::1 ::2 1 2\r\n",
    "bad address": b"PROXY TCP4 01.1.1.1 2.2.2.2 1 2\r\n",
    "large port": b"PROXY TCP4 1.1.1.1 2.2.2.2 1 65536\r\n",
    "port with zero": b"PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n",
    "beyond ascii": b"PROXY TCP4 1.1.1.1 2.2.2.2 1 \xff\r\n",
    "bare lf": b"PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n",
    "lf inside": b"PROXY UNKNOWN \n\r\n",
    "endless": b"PROXY UNKNOWN " + b"x" * 200,
    "v2 version": SIGNATURE + b"\x11\x11\0\0",
    "v2 command": SIGNATURE + b"\x22\x11\0\0",
    "v2 short": v2(1, 0x11, b"x" * 11),
    "v2 long": SIGNATURE + struct.pack("!BBH", 0x21, 0x11, MAX_HEADER_V2),
}


@pytest.mark.parametrize("octets", BAD.values(), ids=BAD)
def test_other_octets_are_no_header(octets: bytes) -> None:
    for step in (None, 1):
        with pytest.raises(ProxyError):
            read(octets, step)


@given(
    st.binary(max_size=300)
    | st.binary(max_size=120).map(lambda tail: b"PROXY TCP4 " + tail)
    | st.binary(max_size=120).map(lambda tail: SIGNATURE + tail)
)
def test_no_octets_raise_anything_but_proxy_error(octets: bytes) -> None:
    try:
        reader, rest = read(octets)
    except ProxyError:
        return

    assert reader.is_complete or len(octets) < MAX_HEADER_V2
    if octets.startswith(b"PROXY") and reader.is_complete:
        assert len(octets) - len(rest) <= MAX_HEADER_V1
