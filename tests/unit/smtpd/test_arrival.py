"""Accepting by hand."""

import asyncio
import socket

import pytest
from structlog.testing import capture_logs

from postwarden.smtpd import arrival
from postwarden.smtpd.arrival import accept_all, peer_at, peer_of
from postwarden.smtpd.stream import Gone


async def test_accepting_goes_on_after_a_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As when a client has left already, or file descriptors have run out."""
    monkeypatch.setattr(arrival, "_EXHAUSTED_SECONDS", 0)
    loop = asyncio.get_running_loop()
    ours, theirs = socket.socketpair()
    failures = [ConnectionAbortedError(), OSError(24, "Too many open files")]
    arrived: asyncio.Queue[socket.socket] = asyncio.Queue()

    async def accept(listening: socket.socket) -> tuple[socket.socket, object]:
        if failures:
            raise failures.pop(0)
        if arrived.empty():
            return ours, None
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(loop, "sock_accept", accept)
    with capture_logs() as logs:
        task = asyncio.create_task(accept_all(ours, arrived.put_nowait))
        assert await arrived.get() is ours
        task.cancel()
        await asyncio.wait([task])

    assert [log["event"] for log in logs] == ["smtp.accept-failed"]
    ours.close()
    theirs.close()


def test_a_socket_of_nobody_is_gone() -> None:
    with socket.socket() as unconnected, pytest.raises(Gone):
        peer_at(unconnected)


def test_who_is_connected() -> None:
    peer = peer_of(("::ffff:192.0.2.1", 4, 0, 0), ("198.51.100.1", 25))

    assert (peer.ip, peer.port) == ("192.0.2.1", 4)
    assert (peer.local_ip, peer.local_port) == ("198.51.100.1", 25)
    assert peer_of("", "/run/lmtp").ip == ""
    assert peer_of(None, None).port == 0
