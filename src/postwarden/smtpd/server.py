"""Listeners: bind, serve, stop without losing what is under way."""

import asyncio
import socket
import stat
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from postwarden.model.errors import Invalid
from postwarden.smtpd.arrival import accept_all
from postwarden.smtpd.caps import ConnectionCaps, Networks
from postwarden.smtpd.connection import Connection, Listener, TlsProvider
from postwarden.smtpd.desk import Desk
from postwarden.smtpd.options import ListenerOptions

_UNIX = "unix:"
_Endpoint: TypeAlias = Path | tuple[str, int]


class Server:
    """One listener.

    `caps` is shared by the servers of a process. `tls` is asked for a context at
    every handshake, so that certificates may be replaced while we serve; without
    it, or while it returns None, STARTTLS is not offered. Raises Invalid for an
    address or network that cannot be read.
    """

    def __init__(
        self,
        desk: Desk,
        options: ListenerOptions,
        *,
        caps: ConnectionCaps | None = None,
        tls: TlsProvider | None = None,
    ) -> None:
        self._options = options
        self._endpoint = _parse(options.address)
        try:
            proxies = Networks(options.proxy_networks)
        except ValueError as error:
            raise Invalid(str(error), field="proxy_networks") from error
        self._listener = Listener(
            desk=desk,
            options=options,
            caps=caps or ConnectionCaps(),
            tls=tls or (lambda: None),
            proxies=proxies,
        )
        self._servers: list[asyncio.Server] = []
        self._accepting: list[tuple[asyncio.Task[None], socket.socket]] = []

    @property
    def connections(self) -> int:
        return len(self._listener.connections)

    async def start(self) -> str:
        """Listen; return the address in use, with the port that was free.

        Raises OSError, as for an address that is taken.
        """
        if isinstance(self._endpoint, Path):
            sockets = [_unix_socket(self._endpoint, self._options.socket_mode)]
        else:
            sockets = await _tcp_sockets(*self._endpoint)
        try:
            for listening in sockets:
                await self._listen(listening)
        except OSError:
            await self._close()
            for listening in sockets:
                listening.close()
            raise
        return _format(sockets[0])

    async def _listen(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        backlog = self._options.backlog
        if self._options.implicit_tls or self._options.proxy_networks:
            listening.listen(backlog)
            accepting = loop.create_task(accept_all(listening, self._arrived))
            self._accepting.append((accepting, listening))
        elif listening.family == socket.AF_UNIX:
            self._servers.append(
                await loop.create_unix_server(
                    self._protocol, sock=listening, backlog=backlog
                )
            )
        else:
            self._servers.append(
                await loop.create_server(
                    self._protocol, sock=listening, backlog=backlog
                )
            )

    async def stop(self, graceful_seconds: float) -> None:
        """Stop listening, see idle sessions off, let mails under way end.

        What has not ended after `graceful_seconds` is cut off, unacknowledged.
        """
        await self._close()
        if isinstance(self._endpoint, Path):
            with suppress(FileNotFoundError):
                self._endpoint.unlink()
        connections = self._listener.connections
        for connection in list(connections):
            connection.stop()
        await self._drained(graceful_seconds)
        for connection in list(connections):
            connection.abort()
        await self._drained(1)

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        self._servers.clear()
        for accepting, listening in self._accepting:
            accepting.cancel()
            await asyncio.wait([accepting])
            listening.close()
        self._accepting.clear()

    async def _drained(self, seconds: float) -> None:
        """Wait until the last connection has ended, or for so long."""
        ended = [connection.ended for connection in self._listener.connections]
        if ended:
            await asyncio.wait(ended, timeout=seconds)

    def _protocol(self) -> asyncio.BaseProtocol:
        return Connection(self._listener).stream

    def _arrived(self, accepted: socket.socket) -> None:
        Connection(self._listener, accepted)


def _parse(address: str) -> _Endpoint:
    """Read `HOST:PORT`, `[::1]:PORT` or `unix:PATH`; raises Invalid."""
    if address.startswith(_UNIX) and len(address) > len(_UNIX):
        return Path(address.removeprefix(_UNIX))
    host, colon, port = address.rpartition(":")
    if not (colon and port.isascii() and port.isdigit() and int(port) <= 65535):
        raise Invalid(f"not an address to listen on: {address!r}", field="address")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _format(listening: socket.socket) -> str:
    name = listening.getsockname()
    if listening.family == socket.AF_UNIX:
        return f"{_UNIX}{name}"
    host, port = name[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def _tcp_sockets(host: str, port: int) -> list[socket.socket]:
    """Bind every address of a host; with port 0 only one, or the ports differ."""
    found = await asyncio.get_running_loop().getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, name in found[: 1 if port == 0 else None]:
            listening = socket.socket(family, kind, protocol)
            sockets.append(listening)
            listening.setblocking(False)
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listening.bind(name)
    except OSError:
        for listening in sockets:
            listening.close()
        raise
    return sockets


def _unix_socket(path: Path, mode: int) -> socket.socket:
    """Bind a unix socket in place of one that nobody listens on any more.

    Its mode is set before anybody can connect, which is from listening on.
    """
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.setblocking(False)
        _remove_stale(path)
        listening.bind(str(path))
        path.chmod(mode)
    except OSError:
        listening.close()
        raise
    return listening


def _remove_stale(path: Path) -> None:
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.stat().st_mode):
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()
