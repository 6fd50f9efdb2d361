"""A listener for one test, and a client that speaks to it octet by octet."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import trustme

from postwarden.smtpd.caps import ConnectionCaps
from postwarden.smtpd.desk import Desk
from postwarden.smtpd.options import ListenerOptions
from postwarden.smtpd.server import Server

HOSTNAME = "mx.example.org"
PATIENCE = 10  # seconds a test waits for what must come at once


@cache
def _authority() -> trustme.CA:
    return trustme.CA()


@cache
def server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _authority().issue_cert(HOSTNAME).configure_cert(context)
    return context


def client_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    _authority().configure_trust(context)
    return context


@dataclass
class Client:
    """One connection. `ask` sends octets and returns the lines of one reply."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, octets: bytes) -> None:
        self.writer.write(octets)

    async def reply(self) -> list[str]:
        """Read one reply, all its lines, without their line ends."""
        lines: list[str] = []
        async with asyncio.timeout(PATIENCE):
            while not lines or lines[-1][3:4] == "-":
                line = await self.reader.readline()
                if not line:
                    raise ConnectionError(f"closed after {lines}")
                lines.append(line.decode("ascii").removesuffix("\r\n"))
        return lines

    async def ask(self, octets: bytes) -> str:
        """Send octets and return the last line of the one reply to them."""
        self.send(octets)
        return (await self.reply())[-1]

    async def rest(self) -> bytes:
        """Return all that comes until the server closes."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.read()

    async def closed_in_silence(self) -> bool:
        """Whether the server closes or resets, without a word."""
        try:
            return await self.rest() == b""
        except ConnectionResetError:
            return True

    async def start_tls(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self.writer.start_tls(client_context(), server_hostname=HOSTNAME)

    async def begin(self, hello: bytes = b"EHLO client.example\r\n") -> None:
        """Read the greeting and say hello."""
        await self.reply()
        await self.ask(hello)

    async def begin_mail(self) -> None:
        """Come as far as the first octet of content."""
        await self.begin()
        await self.ask(b"MAIL FROM:<bob@example.net>\r\n")
        await self.ask(b"RCPT TO:<ada@example.org>\r\n")
        assert (await self.ask(b"DATA\r\n")).startswith("354")

    async def close(self) -> None:
        self.writer.close()
        with suppress(OSError):
            await self.writer.wait_closed()


@dataclass
class Served:
    """A running listener."""

    server: Server
    address: str

    @property
    def host(self) -> str:
        return self.address.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    @asynccontextmanager
    async def connect(self, *, tls: bool = False) -> AsyncIterator[Client]:
        if self.address.startswith("unix:"):
            streams = await asyncio.open_unix_connection(
                self.address.removeprefix("unix:")
            )
        else:
            streams = await asyncio.open_connection(
                self.host,
                self.port,
                ssl=client_context() if tls else None,
                server_hostname=HOSTNAME if tls else None,
            )
        client = Client(*streams)
        try:
            yield client
        finally:
            await client.close()


@asynccontextmanager
async def serving(
    desk: Desk,
    *,
    tls: bool = False,
    caps: ConnectionCaps | None = None,
    address: str = "127.0.0.1:0",
    **options: Any,
) -> AsyncIterator[Served]:
    """Serve on loopback; `options` are those of ListenerOptions."""
    server = Server(
        desk,
        ListenerOptions(address=address, hostname=HOSTNAME, **options),
        caps=caps,
        tls=server_context if tls else None,
    )
    served = Served(server, await server.start())
    try:
        yield served
    finally:
        await server.stop(1)
    assert server.connections == 0
