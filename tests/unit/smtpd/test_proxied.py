"""Connections behind a proxy."""

import asyncio
import socket
import ssl
import struct
from ipaddress import ip_address
from typing import Any

import pytest
import uvloop
from structlog.testing import capture_logs

from postwarden.smtpd.caps import ConnectionCaps
from postwarden.smtpd.options import Limits
from tests.support.smtp_desk import ScriptedDesk
from tests.support.smtp_server import HOSTNAME, client_context, serving

TRUSTED: dict[str, Any] = {"proxy_networks": ("127.0.0.0/8",)}
V1 = b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 25\r\n"
V2 = (
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x10"
    + ip_address("192.0.2.7").packed
    + ip_address("198.51.100.1").packed
    + struct.pack("!HH", 56324, 25)
    + b"\x04\0\x01x"
)
LOCAL = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"


@pytest.mark.parametrize("header", [V1, V2], ids=["v1", "v2"])
async def test_the_header_says_who_is_connected(header: bytes) -> None:
    desk = ScriptedDesk()
    async with serving(desk, **TRUSTED) as served, served.connect() as client:
        client.send(header)
        await client.begin()
        await client.ask(b"MAIL FROM:<>\r\n")

    peer = desk.peers[0]
    assert (peer.ip, peer.port) == ("192.0.2.7", 56324)
    assert (peer.local_ip, peer.local_port) == ("198.51.100.1", 25)


async def test_a_local_connection_is_the_proxy_s_own() -> None:
    desk = ScriptedDesk()
    async with serving(desk, **TRUSTED) as served, served.connect() as client:
        client.send(LOCAL)
        await client.begin()
        await client.ask(b"MAIL FROM:<>\r\n")

    assert desk.peers[0].ip == "127.0.0.1"


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_tls_may_begin_in_the_same_segment(loop: str) -> None:
    """The header is read to its last octet and not further."""
    desk = ScriptedDesk()

    def shake(port: int) -> bytes:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = client_context().wrap_bio(incoming, outgoing, server_hostname=HOSTNAME)
        with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
            begun = False
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    raw.sendall((b"" if begun else V1) + outgoing.read())
                    begun = True
                    incoming.write(raw.recv(65536))
            raw.sendall(outgoing.read())
            while True:
                try:
                    return tls.read(1000)
                except ssl.SSLWantReadError:
                    incoming.write(raw.recv(65536))

    async def main() -> bytes:
        async with serving(desk, tls=True, implicit_tls=True, **TRUSTED) as served:
            return await asyncio.to_thread(shake, served.port)

    run = uvloop.run if loop == "uvloop" else asyncio.run
    assert run(main()) == b"220 mx.example.org ESMTP Postwarden\r\n"


async def test_without_a_header_a_trusted_network_is_not_served() -> None:
    async with serving(ScriptedDesk(), **TRUSTED) as served, served.connect() as client:
        client.send(b"EHLO client.example\r\n")
        with capture_logs() as logs:
            assert await client.closed_in_silence()

    assert logs[0]["event"] == "smtp.proxy-refused"


async def test_the_header_has_its_time() -> None:
    limits = Limits(proxy_seconds=0.05)
    async with (
        serving(ScriptedDesk(), limits=limits, **TRUSTED) as served,
        served.connect() as client,
    ):
        client.send(b"PROXY ")

        assert await client.rest() == b""


async def test_from_others_it_is_a_syntax_error() -> None:
    desk = ScriptedDesk()
    async with (
        serving(desk, proxy_networks=("192.0.2.0/24",)) as served,
        served.connect() as client,
    ):
        await client.reply()

        assert await client.ask(V1) == "500 5.5.1 Command not recognized"
        await client.ask(b"HELO a\r\n")
        await client.ask(b"MAIL FROM:<>\r\n")
    assert desk.peers[0].ip == "127.0.0.1"


async def test_clients_are_counted_by_the_address_behind_the_proxy() -> None:
    caps = ConnectionCaps(per_address=1)
    async with (
        serving(ScriptedDesk(), caps=caps, **TRUSTED) as served,
        served.connect() as first,
        served.connect() as second,
        served.connect() as third,
    ):
        first.send(V1)
        assert (await first.reply())[0].startswith("220")
        second.send(V1)
        assert (await second.rest()).startswith(b"421 4.7.0 ")
        third.send(V1.replace(b"192.0.2.7", b"192.0.2.8"))
        assert (await third.reply())[0].startswith("220")
    assert not caps._by_network


async def test_one_connection_too_many_is_turned_away_before_its_header() -> None:
    caps = ConnectionCaps(total=0)
    async with (
        serving(ScriptedDesk(), caps=caps, **TRUSTED) as served,
        served.connect() as client,
    ):
        assert (await client.rest()).startswith(b"421 4.3.2 ")


async def test_stopping_does_not_wait_for_a_header() -> None:
    async with serving(ScriptedDesk(), **TRUSTED) as served, served.connect() as client:
        client.send(b"PROXY ")
        while not served.server.connections:  # noqa: ASYNC110  there is no event
            await asyncio.sleep(0)
        await served.server.stop(5)

        assert await client.closed_in_silence()


async def test_a_proxy_that_leaves_in_its_header_leaves_nothing() -> None:
    caps = ConnectionCaps()
    async with serving(ScriptedDesk(), caps=caps, **TRUSTED) as served:
        async with served.connect() as client:
            client.send(b"PROXY TCP4 ")
            client.writer.write_eof()
            assert await client.closed_in_silence()
        async with served.connect() as client:
            client.send(V1)
            await client.begin()
    assert caps.count == 0
