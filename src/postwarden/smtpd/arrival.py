"""What a connection must show before it may speak: a PROXY header, a handshake.

Sockets are accepted here by hand. A transport of the event loop begins to read at
once, and what it reads beyond the header, a TLS handshake, could not be given back.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace

from postwarden.model.envelopes import Peer
from postwarden.smtpd.caps import parse_ip
from postwarden.smtpd.journal import note
from postwarden.smtpd.options import Limits
from postwarden.smtpd.stream import Gone, Stream
from postwarden.wire.proxy import ProxyError, ProxyReader

_EXHAUSTED_SECONDS = 1  # before we try again when we are out of file descriptors


async def accept_all(
    listening: socket.socket, arrived: Callable[[socket.socket], None]
) -> None:
    """Hand every new connection to `arrived`, until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            accepted, _ = await loop.sock_accept(listening)
        except ConnectionError:  # it left before we looked
            continue
        except OSError as error:
            note("smtp.accept-failed", reason=str(error))
            await asyncio.sleep(_EXHAUSTED_SECONDS)
            continue
        arrived(accepted)


def peer_of(peername: object, sockname: object) -> Peer:
    """Say who is connected, from what a socket says."""
    ip, port = _endpoint(peername)
    local_ip, local_port = _endpoint(sockname)
    return Peer(ip=ip, port=port, local_ip=local_ip, local_port=local_port)


def peer_at(accepted: socket.socket) -> Peer:
    """Say who is connected to a socket; raises Gone when nobody is any more."""
    try:
        return peer_of(accepted.getpeername(), accepted.getsockname())
    except OSError as error:
        raise Gone from error


async def read_proxy_header(
    accepted: socket.socket, peer: Peer, limits: Limits
) -> Peer:
    """Return whom the PROXY header names, or the proxy that speaks for itself.

    Not an octet behind the header is read. Raises Gone.
    """
    reader = ProxyReader()
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(limits.proxy_seconds):
            while not reader.is_complete:
                octets = await loop.sock_recv(accepted, reader.wanted)
                if not octets:
                    raise Gone
                reader.feed(octets)
    except (ProxyError, OSError) as error:  # TimeoutError is an OSError
        note("smtp.proxy-refused", peer=peer, reason=str(error) or "timeout")
        raise Gone from error
    header = reader.header
    if header is None:
        return peer
    return replace(
        peer,
        ip=str(parse_ip(header.ip)),
        port=header.port,
        local_ip=str(parse_ip(header.local_ip)),
        local_port=header.local_port,
    )


async def connect(
    accepted: socket.socket,
    stream: Stream,
    context: ssl.SSLContext | None,
    limits: Limits,
) -> None:
    """Let `stream` have the socket, after a TLS handshake if there is a context.

    Raises Gone when the handshake fails or takes too long.
    """
    seconds: dict[str, float] = {}
    if context is not None:
        seconds["ssl_handshake_timeout"] = limits.tls_handshake_seconds
        seconds["ssl_shutdown_timeout"] = limits.close_seconds
    try:
        await asyncio.get_running_loop().connect_accepted_socket(
            lambda: stream, accepted, ssl=context, **seconds
        )
    except OSError as error:  # SSLError is among them
        raise Gone from error


def _endpoint(name: object) -> tuple[str, int]:
    """Read the name of a socket; nothing for one of unix."""
    if isinstance(name, tuple) and len(name) >= 2:
        return str(parse_ip(str(name[0]))), int(name[1])
    return "", 0
