"""Listeners on real sockets."""

import asyncio
import smtplib
import socket
import stat
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from postwarden.model.envelopes import Content, Envelope
from postwarden.model.errors import Invalid
from postwarden.smtpd.desk import Accepted
from postwarden.smtpd.options import ListenerOptions, Service
from postwarden.smtpd.server import Server
from tests.support.smtp_desk import ScriptedDesk
from tests.support.smtp_server import HOSTNAME, client_context, serving

MESSAGE = b"Subject: hello\r\n\r\n" + b"." * 50_000 + b"\r\nbye\r\n"


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("tls", [False, True], ids=["clear", "tls"])
def test_smtplib_sends_mail_on_either_loop(
    run: Callable[[Coroutine[Any, Any, None]], None], tls: bool
) -> None:
    desk = ScriptedDesk()

    def send(port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            if tls:
                # The certificate names the host, not its address.
                client._host = HOSTNAME  # type: ignore[attr-defined]  # private
                client.starttls(context=client_context())
            for _ in range(2):
                client.sendmail("bob@example.net", ["ada@example.org"], MESSAGE)

    async def serve() -> None:
        async with serving(desk, tls=True) as served:
            await asyncio.to_thread(send, served.port)

    run(serve())

    assert [mail.content for mail in desk.mails] == [MESSAGE, MESSAGE]
    assert (desk.mails[0].envelope.peer.tls is not None) == tls


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_a_large_message_goes_through_a_file_on_either_loop(
    run: Callable[[Coroutine[Any, Any, None]], None],
) -> None:
    desk = ScriptedDesk()
    message = b"0123456789abcde\r\n" * 200_000

    def send(port: int) -> None:
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.sendmail("bob@example.net", ["ada@example.org"], message)

    async def serve() -> None:
        async with serving(desk) as served:
            await asyncio.to_thread(send, served.port)

    run(serve())

    assert desk.mails[0].content == message
    assert not desk.contents[0].in_memory or desk.contents[0].size == len(message)


async def test_replies_to_a_group_leave_in_one_write() -> None:
    async with serving(ScriptedDesk()) as served, served.connect() as client:
        await client.reply()
        client.send(b"HELO a\r\n" + b"NOOP\r\n" * 20)
        first = await client.reader.read(10_000)

    assert first.count(b"\r\n") == 21


async def test_port_0_takes_a_free_port_and_a_taken_one_is_told() -> None:
    async with serving(ScriptedDesk()) as served:
        assert served.host == "127.0.0.1"
        assert served.port > 0
        other = Server(
            ScriptedDesk(), ListenerOptions(address=served.address, hostname=HOSTNAME)
        )
        with pytest.raises(OSError, match="in use"):
            await other.start()


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
async def test_ipv6_addresses_stand_in_brackets() -> None:
    desk = ScriptedDesk()
    try:
        async with serving(desk, address="[::1]:0") as served:
            assert served.address.startswith("[::1]:")
            async with served.connect() as client:
                await client.begin_mail()
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")

    assert desk.peers[0].ip == "::1"


@pytest.mark.parametrize(
    "address",
    ["", "localhost", "localhost:", "localhost:x", "localhost:70000", "unix:"],
)
def test_an_address_that_cannot_be_read(address: str) -> None:
    with pytest.raises(Invalid):
        Server(ScriptedDesk(), ListenerOptions(address=address, hostname=HOSTNAME))


def test_a_network_that_cannot_be_read() -> None:
    with pytest.raises(Invalid):
        Server(
            ScriptedDesk(),
            ListenerOptions(
                address="127.0.0.1:0", hostname=HOSTNAME, proxy_networks=("x",)
            ),
        )


async def test_lmtp_on_a_unix_socket_of_the_right_mode(tmp_path: Path) -> None:
    path = tmp_path / "lmtp"
    desk = ScriptedDesk()
    async with serving(
        desk, address=f"unix:{path}", service=Service.LMTP, socket_mode=0o600
    ) as served:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        async with served.connect() as client:
            assert await client.reply() == ["220 mx.example.org LMTP Postwarden"]
            await client.ask(b"LHLO front\r\n")
            await client.ask(b"MAIL FROM:<bob@example.net>\r\n")

    assert desk.peers[0].ip == ""
    assert not path.exists()


async def test_a_unix_socket_left_behind_is_replaced_a_live_one_is_not(
    tmp_path: Path,
) -> None:
    path = tmp_path / "lmtp"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()

    async with serving(ScriptedDesk(), address=f"unix:{path}"):
        other = Server(
            ScriptedDesk(), ListenerOptions(address=f"unix:{path}", hostname=HOSTNAME)
        )
        with pytest.raises(OSError, match="in use"):
            await other.start()


async def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("data")
    server = Server(
        ScriptedDesk(), ListenerOptions(address=f"unix:{path}", hostname=HOSTNAME)
    )

    with pytest.raises(OSError, match="in use"):
        await server.start()
    assert path.read_text() == "data"


async def test_a_client_that_shuts_its_side_still_gets_its_replies() -> None:
    desk = ScriptedDesk()
    async with serving(desk) as served, served.connect() as client:
        client.send(
            b"HELO a\r\nMAIL FROM:<bob@example.net>\r\n"
            b"RCPT TO:<ada@example.org>\r\nDATA\r\nx\r\n.\r\n"
        )
        client.writer.write_eof()
        answer = await client.rest()

    assert answer.endswith(b"250 2.0.0 accepted trace=t1\r\n")


async def test_a_mail_cut_short_is_not_accepted() -> None:
    desk = ScriptedDesk()
    async with serving(desk) as served:
        async with served.connect() as client:
            await client.begin_mail()
            client.send(b"x\r\n.\r")
        async with served.connect() as client:
            await client.begin_mail()
            client.writer.transport.abort()

    assert desk.mails == []
    assert all(content.buffer() == b"" for content in desk.contents)


class SlowDesk(ScriptedDesk):
    """Holds every mail until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = asyncio.Event()
        self.let_go = asyncio.Event()

    async def accept(self, envelope: Envelope, content: Content) -> Accepted:
        self.entered.set()
        await self.let_go.wait()
        return await super().accept(envelope, content)


async def test_stopping_sees_idle_sessions_off() -> None:
    async with serving(ScriptedDesk()) as served, served.connect() as client:
        await client.begin()
        await served.server.stop(5)

        assert await client.rest() == b"421 4.3.2 Shutting down, try again later\r\n"
        with pytest.raises(OSError, match="111"):
            await asyncio.open_connection(served.host, served.port)


async def test_stopping_lets_content_arrive_and_be_accepted() -> None:
    desk = SlowDesk()
    async with serving(desk) as served, served.connect() as client:
        await client.begin_mail()
        stopping = asyncio.create_task(served.server.stop(5))
        await asyncio.sleep(0)
        client.send(b"x\r\n.\r\n")
        await desk.entered.wait()
        desk.let_go.set()
        answer = await client.rest()
        await stopping

    assert answer == (
        b"250 2.0.0 accepted trace=t1\r\n421 4.3.2 Shutting down, try again later\r\n"
    )


async def test_stopping_does_not_wait_for_ever() -> None:
    desk = SlowDesk()
    async with serving(desk) as served, served.connect() as client:
        await client.begin_mail()
        client.send(b"x\r\n.\r\n")
        await desk.entered.wait()
        await served.server.stop(0.01)

        assert await client.rest() == b""
    assert desk.mails == []


async def test_a_client_that_leaves_does_not_cancel_what_is_under_way() -> None:
    desk = SlowDesk()
    async with serving(desk) as served:
        async with served.connect() as client:
            await client.begin_mail()
            client.send(b"x\r\n.\r\n")
            await desk.entered.wait()
            client.writer.transport.abort()
        desk.let_go.set()
        await served.server.stop(5)

    assert len(desk.mails) == 1


async def test_the_greeting_names_us() -> None:
    async with serving(ScriptedDesk()) as served, served.connect() as client:
        assert await client.reply() == ["220 mx.example.org ESMTP Postwarden"]
