"""The web side of `serve`: which apps a listener has, and the server under them."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from postwarden.bootstrap import Platform
from postwarden.cli.dialects import DIALECTS, Site, native_house
from postwarden.dialects import health
from postwarden.dialects.kit.asgi import Application
from postwarden.dialects.kit.mounting import Mounted
from postwarden.dialects.native import metrics
from postwarden.model.networks import is_loopback

_CONNECTIONS = 1000  # at a time; others are told to come back (503)
_HEAD = 2 * 1024 * 1024  # octets of a request's head that are read at all


class WebDesk:
    """Builds the apps of the listeners; `apart` are dialects with their own."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._closing = asyncio.Event()
        self._metrics = metrics.Metrics()
        self.apart: set[str] = set()

    def app_for(self, name: str, address: str, *, encrypted: bool) -> Application:
        """Return what answers on a listener.

        Administration takes TLS, or stays on this machine.
        """
        rest = health.build(self._platform.store, self._platform.blobs)
        local = is_loopback(address)
        if not (encrypted or local):
            return rest
        site = Site(
            platform=self._platform,
            local=local,
            closing=self._closing,
            heard=self._metrics.heard,
        )
        apps: dict[str, Application] = {
            metrics.PATH: metrics.build(native_house(site), self._metrics)
        }
        for dialect in DIALECTS.values():
            is_alone = name == dialect.name
            if is_alone or (name not in DIALECTS and dialect.name not in self.apart):
                prefixes = (is_alone and dialect.alone) or dialect.prefixes
                apps.update(dict.fromkeys(prefixes, dialect.build(site)))
        return Mounted(apps, rest=rest)

    def close(self) -> None:
        """Let streams that would never end do so."""
        self._closing.set()


class WebServer:
    """A server on one socket."""

    def __init__(
        self, app: Application, *, tls: ssl.SSLContext | None, grace: float
    ) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            proxy_headers=False,  # the kit knows whom to believe
            timeout_graceful_shutdown=int(grace),
            http=_BoundedProtocol,
            ws="none",
            limit_concurrency=_CONNECTIONS,
        )
        config.load()
        if tls is not None:
            config.ssl = tls
        self._server = _Server(config)
        self._task: asyncio.Task[None] | None = None

    def start(self, listening: socket.socket) -> str:
        """Serve on a bound socket; return its address."""
        self._task = asyncio.create_task(self._server.serve(sockets=[listening]))
        host, port = listening.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def stop(self) -> None:
        """Finish what was accepted and close."""
        self._server.should_exit = True
        if self._task is not None:
            await self._task


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: `serve` stops all listeners together."""
        yield


class _BoundedProtocol(HttpToolsProtocol):
    """Gives up on a head that does not end; the parser would take any amount."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._head = 0

    def data_received(self, data: bytes) -> None:
        self._head += len(data)
        super().data_received(data)
        if self._head > _HEAD and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_headers_complete(self) -> None:
        self._head = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._head = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._head = 0
        super().on_message_complete()
