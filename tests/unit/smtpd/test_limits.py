"""Time, memory and numbers, on real sockets."""

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from postwarden.model.addresses import Address
from postwarden.model.envelopes import Peer
from postwarden.smtpd.caps import ConnectionCaps
from postwarden.smtpd.options import KIB, Limits
from postwarden.smtpd.stream import Stream
from tests.support.smtp_desk import ScriptedDesk
from tests.support.smtp_server import PATIENCE, Client, Served, serving

TIMEOUT = b"421 4.4.2 Timeout\r\n"


def stream_of(served: Served) -> Stream:
    (connection,) = served.server._listener.connections
    return connection.stream


async def until(condition: Callable[[], bool]) -> None:
    """Let others run until something holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110  there is no event for these
            await asyncio.sleep(0.001)


async def trickle(client: Client, octets: bytes) -> bytes:
    """Send an octet now and then until the server closes; return what it said."""
    answer = asyncio.create_task(client.rest())
    while not (await asyncio.wait([answer], timeout=0.01))[0]:
        client.send(octets)
    return answer.result()


# region time


async def test_a_silent_client_is_seen_off() -> None:
    limits = Limits(command_seconds=0.05)
    async with (
        serving(ScriptedDesk(), limits=limits) as served,
        served.connect() as client,
    ):
        await client.reply()

        assert await client.rest() == TIMEOUT


async def test_a_command_that_trickles_is_not_waited_for() -> None:
    limits = Limits(command_seconds=0.1)
    async with (
        serving(ScriptedDesk(), limits=limits) as served,
        served.connect() as client,
    ):
        await client.reply()

        assert await trickle(client, b"N") == TIMEOUT


async def test_empty_commands_do_not_keep_a_session_open() -> None:
    limits = Limits(command_seconds=10, idle_seconds=0.1)
    async with (
        serving(ScriptedDesk(), limits=limits) as served,
        served.connect() as client,
    ):
        await client.reply()

        assert (await trickle(client, b"NOOP\r\n")).endswith(b"OK\r\n" + TIMEOUT)


async def test_content_that_trickles_is_not_waited_for() -> None:
    limits = Limits(data_seconds=0.1, data_rate=1000)
    desk = ScriptedDesk()
    async with serving(desk, limits=limits) as served, served.connect() as client:
        await client.begin_mail()

        assert await trickle(client, b"x") == TIMEOUT
    assert desk.contents[0].buffer() == b""


async def test_a_client_that_takes_no_replies_is_cut_off() -> None:
    limits = Limits(command_seconds=0.2, commands=1_000_000, unsent_replies=4 * KIB)
    async with (
        serving(ScriptedDesk(), limits=limits) as served,
        served.connect() as client,
    ):
        await client.reply()
        stream = stream_of(served)
        # asyncio would read for us, and take the replies.
        cast(asyncio.Transport, client.writer.transport).pause_reading()
        client.send(b"EHLO a\r\n" * 100_000)
        await until(lambda: stream.is_congested)
        unsent = stream._made.get_write_buffer_size()
        await until(lambda: served.server.connections == 0)

    assert unsent < 64 * KIB


# endregion
# region memory


class StuckDesk(ScriptedDesk):
    """Does not answer MAIL until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = asyncio.Event()

    async def sender(
        self, reverse_path: Address | None, *, peer: Peer, login: str | None
    ) -> None:
        await self.let_go.wait()


async def test_what_is_read_ahead_is_bounded() -> None:
    desk = StuckDesk()
    limits = Limits(read_ahead=16 * KIB, commands=1_000_000)
    async with serving(desk, limits=limits) as served, served.connect() as client:
        await client.begin()
        stream = stream_of(served)
        client.send(b"MAIL FROM:<>\r\n" + b"NOOP\r\n" * 1_000_000)
        await until(lambda: stream._read_paused)
        held = len(stream.pending)
        desk.let_go.set()
        client.writer.transport.abort()

    assert held <= 16 * KIB + 64 * KIB


async def test_reading_goes_on_when_the_desk_has_answered() -> None:
    desk = StuckDesk()
    limits = Limits(read_ahead=1 * KIB, commands=1_000_000)
    async with serving(desk, limits=limits) as served, served.connect() as client:
        await client.begin()
        client.send(b"MAIL FROM:<>\r\n" + b"NOOP\r\n" * 100_000 + b"QUIT\r\n")
        await until(lambda: stream_of(served)._read_paused)
        desk.let_go.set()
        answer = await client.rest()

    assert answer.count(b"\r\n") == 100_002


async def test_a_message_too_large_is_read_to_its_end_and_refused() -> None:
    limits = Limits(message_size=100_000)
    desk = ScriptedDesk()
    async with serving(desk, limits=limits) as served, served.connect() as client:
        await client.begin_mail()

        answer = await client.ask(b"x" * 3_000_000 + b"\r\n.\r\n")

        assert answer == "552 5.3.4 Message too large"
        assert await client.ask(b"NOOP\r\n") == "250 2.0.0 OK"
    assert desk.contents[0].size <= 100_000


async def test_a_refusal_in_the_middle_is_read_by_a_client_that_still_sends() -> None:
    limits = Limits(message_size=1000, swallowed=100_000)
    async with (
        serving(ScriptedDesk(), limits=limits) as served,
        served.connect() as client,
    ):
        await client.begin_mail()
        client.send(b"x" * 1_000_000)
        answer = await client.rest()

    assert answer == (
        b"552 5.3.4 Message too large\r\n421 4.7.0 Too much content after a refusal\r\n"
    )


# endregion
# region numbers


async def test_one_connection_too_many_is_turned_away() -> None:
    caps = ConnectionCaps(total=1)
    async with serving(ScriptedDesk(), caps=caps) as served:
        async with served.connect() as first:
            await first.reply()
            async with served.connect() as second:
                assert await second.rest() == (
                    b"421 4.3.2 Too many connections, try again later\r\n"
                )
            first.send(b"QUIT\r\n")
            await first.rest()
        await until(lambda: caps.count == 0)
        async with served.connect() as third:
            assert (await third.reply())[0].startswith("220")
    assert caps.count == 0


async def test_one_connection_too_many_from_one_address() -> None:
    caps = ConnectionCaps(per_address=1, exempt=())
    async with (
        serving(ScriptedDesk(), caps=caps) as served,
        served.connect() as first,
    ):
        await first.reply()
        async with served.connect() as second:
            assert await second.rest() == (
                b"421 4.7.0 Too many connections from your address\r\n"
            )
    assert caps.count == 0
    assert not caps._by_network


async def test_with_implicit_tls_nothing_is_said_in_the_clear() -> None:
    caps = ConnectionCaps(total=0)
    async with (
        serving(ScriptedDesk(), caps=caps, tls=True, implicit_tls=True) as served,
        served.connect() as client,
    ):
        assert await client.rest() == b""


async def test_a_thousand_recipients_and_no_more() -> None:
    desk = ScriptedDesk()
    async with serving(desk) as served, served.connect() as client:
        await client.begin()
        client.send(b"MAIL FROM:<>\r\n" + b"RCPT TO:<ada@example.org>\r\n" * 1001)
        replies = [(await client.reply())[0] for _ in range(1002)]
        await client.ask(b"DATA\r\n")
        await client.ask(b".\r\n")

    assert replies[-2:] == ["250 2.1.5 Recipient OK", "452 4.5.3 Too many recipients"]
    assert len(desk.mails[0].envelope.recipients) == 1000


async def test_errors_are_answered_late_and_end_the_session() -> None:
    limits = Limits(errors_before_delay=1, error_delay_seconds=0.02, errors=4)
    async with (
        serving(ScriptedDesk(), limits=limits) as served,
        served.connect() as client,
    ):
        await client.reply()
        loop = asyncio.get_running_loop()
        began = loop.time()
        client.send(b"X\r\n" * 10)
        answer = await client.rest()

    assert loop.time() - began > 0.02 + 0.04 + 0.06
    assert answer == (
        b"500 5.5.1 Command not recognized\r\n" * 4 + b"421 4.7.0 Too many errors\r\n"
    )


@pytest.mark.parametrize("size", [50_000, 999_999])
async def test_a_line_of_content_may_have_any_length(size: int) -> None:
    desk = ScriptedDesk()
    async with serving(desk) as served, served.connect() as client:
        await client.begin_mail()
        await client.ask(b"x" * size + b"\r\n.\r\n")

    assert desk.mails[0].content == b"x" * size + b"\r\n"


# endregion
