"""A client that sends mails over SMTP or LMTP as fast as the server takes them.

Like smtp-source it waits for each reply; unlike it, each mail is another one. Every
session sends its share over one connection, and no mail is made while time runs.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import cast

import uvloop

LONGEST = 120.0  # seconds that sending may take


class Unaccepted(Exception):
    """The server gave another reply than a client that sends mail wants."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it goes over the wire."""

    recipient: str
    content: bytes


@dataclass(slots=True, kw_only=True)
class Sent:
    """What became of the letters: how long all took, and each, in seconds."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return len(self.waits) / self.seconds

    def wait(self, share: float) -> float:
        """Return a quantile of the seconds that one mail took."""
        ordered = sorted(self.waits)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class _Session(asyncio.Protocol):
    """One connection; it takes letters from a queue that all share."""

    def __init__(self, letters: "deque[Letter]", hello: bytes, sent: Sent) -> None:
        self._letters, self._hello, self._sent = letters, hello, sent
        self.ended = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._steps: deque[tuple[bytes, bytes]] = deque([(b"220", hello)])
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not of asyncio's class.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n")) >= 0:
            line, self._buffer = self._buffer[:end], self._buffer[end + 2 :]
            if line[3:4] != b"-":
                self._replied(line)

    def _replied(self, line: bytes) -> None:
        assert self._transport is not None
        if not self._steps:
            self._next(line)
            return
        wanted, command = self._steps.popleft()
        if not line.startswith(wanted):
            self._fail(line)
            return
        self._transport.write(command)

    def _next(self, line: bytes) -> None:
        """Take the reply to EHLO or to a mail, and begin the next one."""
        assert self._transport is not None
        if not line.startswith(b"250"):
            self._fail(line)
            return
        if self._began:
            self._sent.waits.append(time.perf_counter() - self._began)
        if not self._letters:
            self._transport.write(b"QUIT\r\n")
            self._transport.close()
            return
        letter = self._letters.popleft()
        self._steps.extend(
            (
                (b"250", f"RCPT TO:<{letter.recipient}>\r\n".encode()),
                (b"250", b"DATA\r\n"),
                (b"354", letter.content + b".\r\n"),
            )
        )
        self._began = time.perf_counter()
        self._transport.write(b"MAIL FROM:<ada@example.net>\r\n")

    def _fail(self, line: bytes) -> None:
        assert self._transport is not None
        self._transport.abort()
        if not self.ended.done():
            self.ended.set_exception(Unaccepted(line.decode("ascii", "replace")))

    def connection_lost(self, exc: Exception | None) -> None:
        if self.ended.done():
            return
        if exc is None and not self._steps:
            self.ended.set_result(None)
        else:
            self.ended.set_exception(Unaccepted("the connection was lost"))


def send(
    port: int, letters: Iterable[Letter], *, sessions: int, lmtp: bool = False
) -> Sent:
    """Send all letters to a port of loopback; raises Unaccepted, TimeoutError."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_send(port, deque(letters), sessions, lmtp=lmtp))


async def _send(
    port: int, letters: "deque[Letter]", sessions: int, *, lmtp: bool
) -> Sent:
    sent, count = Sent(), len(letters)
    hello = b"LHLO bench.example\r\n" if lmtp else b"EHLO bench.example\r\n"
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    async with asyncio.timeout(LONGEST):
        opened = [
            await loop.create_connection(
                lambda: _Session(letters, hello, sent), "127.0.0.1", port
            )
            for _ in range(sessions)
        ]
        await asyncio.gather(*(session.ended for _, session in opened))
    sent.seconds = time.perf_counter() - begun
    if len(sent.waits) != count:
        raise Unaccepted(f"{len(sent.waits)} of {count} mails were accepted")
    return sent


def shared_out(contents: Iterable[bytes], recipients: Sequence[str]) -> list[Letter]:
    """Address mails to recipients in turn."""
    return [
        Letter(recipients[number % len(recipients)], content)
        for number, content in enumerate(contents)
    ]
