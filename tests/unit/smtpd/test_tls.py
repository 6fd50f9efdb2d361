"""TLS, begun and from the start."""

import asyncio
import base64
import smtplib
import ssl
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop
from structlog.testing import capture_logs

from postwarden.smtpd.caps import ConnectionCaps
from postwarden.smtpd.options import Limits, Service
from tests.support.smtp_desk import ADA, PASSWORD, ScriptedDesk
from tests.support.smtp_server import HOSTNAME, client_context, server_context, serving

PLAIN = base64.b64encode(f"\0{ADA}\0{PASSWORD}".encode())


async def test_submissions_begin_with_tls() -> None:
    desk = ScriptedDesk()

    def send(port: int) -> None:
        client = smtplib.SMTP_SSL(context=client_context())
        client._host = HOSTNAME  # type: ignore[attr-defined]  # the name to verify
        client.connect("127.0.0.1", port)
        with client:
            client.login(ADA, PASSWORD)
            client.sendmail(ADA, ["bob@example.net"], b"x\r\n")

    async with serving(
        desk, tls=True, implicit_tls=True, service=Service.SUBMISSION
    ) as served:
        await asyncio.to_thread(send, served.port)

    envelope = desk.mails[0].envelope
    assert envelope.login == ADA
    assert envelope.protocol == "ESMTPSA"
    assert envelope.peer.tls is not None
    assert envelope.peer.tls.startswith("TLSv1.3 TLS_")


async def test_what_was_sent_behind_starttls_is_dropped() -> None:
    desk = ScriptedDesk()
    async with serving(desk, tls=True) as served, served.connect() as client:
        await client.begin()
        await client.ask(
            b"STARTTLS\r\nEHLO injected\r\nMAIL FROM:<eve@example.net>\r\n"
        )
        await client.start_tls()

        assert (await client.ask(b"MAIL FROM:<bob@example.net>\r\n")).startswith("503")
    assert desk.peers == []


async def test_a_broken_handshake_ends_the_connection_and_nothing_else() -> None:
    async with serving(ScriptedDesk(), tls=True) as served:
        async with served.connect() as client:
            await client.begin()
            await client.ask(b"STARTTLS\r\n")
            client.send(b"EHLO in the clear\r\n" * 10)
            assert b"250" not in await client.rest()
        async with served.connect() as client:
            await client.begin()


async def test_a_handshake_has_its_time() -> None:
    limits = Limits(tls_handshake_seconds=0.05, close_seconds=0.05)
    async with (
        serving(ScriptedDesk(), tls=True, implicit_tls=True, limits=limits) as served,
        served.connect() as client,
    ):
        assert await client.rest() == b""


async def test_a_certificate_may_be_replaced_while_we_serve() -> None:
    given: list[ssl.SSLContext | None] = [None]
    async with serving(ScriptedDesk()) as served:
        served.server._listener.tls = lambda: given[-1]
        async with served.connect() as client:
            await client.reply()
            assert "STARTTLS" not in str(await client.ask(b"EHLO a\r\n"))
            assert (await client.ask(b"STARTTLS\r\n")).startswith("502")
            given.append(server_context())
            assert await client.ask(b"STARTTLS\r\n") == "220 2.0.0 Ready to start TLS"
            await client.start_tls()


async def test_implicit_tls_without_a_certificate_says_nothing() -> None:
    async with (
        serving(ScriptedDesk(), implicit_tls=True) as served,
        served.connect() as client,
    ):
        assert await client.rest() == b""


@pytest.mark.parametrize("pieces", [1, 7, 1000])
async def test_commands_and_content_come_through_tls_in_any_pieces(pieces: int) -> None:
    desk = ScriptedDesk()
    octets = (
        b"EHLO a\r\nMAIL FROM:<bob@example.net>\r\nRCPT TO:<ada@example.org>\r\n"
        b"DATA\r\n..x\r\n.\r\nQUIT\r\n"
    )
    async with (
        serving(desk, tls=True, implicit_tls=True) as served,
        served.connect(tls=True) as client,
    ):
        for start in range(0, len(octets), pieces):
            client.send(octets[start : start + pieces])
            await client.writer.drain()
        answer = await client.rest()

    assert answer.endswith(b"221 2.0.0 Bye\r\n")
    assert desk.mails[0].content == b".x\r\n"


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("hello", [b"", b"\x16\x03\x01", b"EHLO a\r\n"])
def test_a_client_that_leaves_in_the_handshake_leaves_nothing(
    run: Callable[[Coroutine[Any, Any, None]], None], hello: bytes
) -> None:
    caps = ConnectionCaps(total=5, exempt=())

    async def main() -> None:
        async with serving(
            ScriptedDesk(), tls=True, implicit_tls=True, caps=caps
        ) as served:
            for _ in range(3):
                async with served.connect() as client:
                    client.send(hello)
                    await client.writer.drain()
            async with served.connect(tls=True) as client:
                await client.begin()

    run(main())

    assert caps.count == 0
    assert not caps._by_network


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("hello", [b"", b"\x16\x03\x01", b"EHLO a\r\n"])
def test_a_client_that_leaves_behind_starttls_leaves_nothing(
    run: Callable[[Coroutine[Any, Any, None]], None], hello: bytes
) -> None:
    caps = ConnectionCaps(total=5, exempt=())

    async def main() -> None:
        async with serving(ScriptedDesk(), tls=True, caps=caps) as served:
            for _ in range(3):
                async with served.connect() as client:
                    await client.begin()
                    await client.ask(b"STARTTLS\r\n")
                    client.send(hello)
                    await client.writer.drain()
            async with served.connect() as client:
                await client.begin()

    run(main())

    assert caps.count == 0


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_a_handshake_behind_starttls_has_its_time(
    run: Callable[[Coroutine[Any, Any, None]], None],
) -> None:
    limits = Limits(tls_handshake_seconds=0.05, close_seconds=0.05)

    async def main() -> None:
        async with (
            serving(ScriptedDesk(), tls=True, limits=limits) as served,
            served.connect() as client,
        ):
            await client.begin()
            await client.ask(b"STARTTLS\r\n")
            assert await client.closed_in_silence()

    run(main())


async def test_a_certificate_that_cannot_be_loaded_is_our_bug_and_logged() -> None:
    def broken() -> ssl.SSLContext:
        raise RuntimeError("no such file")

    async with serving(ScriptedDesk(), tls=True, implicit_tls=True) as served:
        served.server._listener.tls = broken
        with capture_logs() as logs:
            async with served.connect() as client:
                assert await client.closed_in_silence()
        served.server._listener.tls = server_context
        async with served.connect(tls=True) as client:
            await client.begin()

    assert [log["event"] for log in logs] == ["smtp.failed"]
