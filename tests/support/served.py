"""A listener of this process, for clients that know nothing of asyncio."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from postwarden.bootstrap import Platform
from postwarden.cli.listeners import bound_socket
from postwarden.cli.web import WebDesk, WebServer


@dataclass(frozen=True, slots=True)
class Served:
    """Where it listens; `run` lets a coroutine run beside it."""

    address: str
    loop: asyncio.AbstractEventLoop


@contextmanager
def served(platform: Platform, tls: ssl.SSLContext) -> Iterator[Served]:
    """Serve all dialects on a free port of loopback under TLS, in a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    desk = WebDesk(platform)
    try:
        server = WebServer(
            desk.app_for("https", "127.0.0.1:0", encrypted=True), tls=tls, grace=1
        )
        listening = bound_socket("127.0.0.1:0")
        address = asyncio.run_coroutine_threadsafe(
            _started(server, listening), loop
        ).result(10)
        yield Served(address, loop)
        desk.close()
        asyncio.run_coroutine_threadsafe(_stopped(server), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _started(server: WebServer, listening: object) -> str:
    return server.start(listening)  # type: ignore[arg-type]  # a socket


async def _stopped(server: WebServer) -> None:
    await server.stop()
    for _ in range(10):  # transports close in the rounds that follow
        await asyncio.sleep(0)
