"""The way out to webhooks: one POST, to an address that was checked, and no further.

A name is resolved once, every address it has must be allowed, and the connection goes
to one of these: what the name says a moment later does not matter. Redirects are not
followed, no proxy of the environment is used, certificates are verified.
"""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from postwarden.model.networks import IPAddress, is_public, is_within
from postwarden.services.ports.webhooks import Answer

READ = 4096  # octets of an answer
EXCERPT = 200  # characters of it that are kept
THREADS = 8
_PORTS = {"https": 443, "http": 80}

Resolver = Callable[[str, int], Sequence[str]]


class NotAllowed(Exception):
    """The address is none that a webhook may have."""


def addresses_of(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host, as the system resolves it."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]).partition("%")[0] for each in found]


class Urllib3WebhookClient:
    """See `services.ports.WebhookClient`."""

    def __init__(
        self,
        *,
        seconds: float = 10,
        private: Sequence[str] = (),
        authorities: Path | None = None,
        resolve: Resolver = addresses_of,
    ) -> None:
        """`private` are networks that may be reached though they are not public."""
        self._seconds = seconds
        self._private = tuple(private)
        self._authorities = authorities
        self._resolve = resolve
        self._threads = ThreadPoolExecutor(THREADS, "postwarden-webhook")

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """See `services.ports.WebhookClient.post`."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._threads, self._post, url, dict(headers), body
        )

    def close(self) -> None:
        """Wait for what is under way, which takes no longer than it may."""
        self._threads.shutdown()

    def _post(self, url: str, headers: dict[str, str], body: bytes) -> Answer:
        begun = time.monotonic()
        try:
            status, excerpt = self._exchange(urlsplit(url), headers, body)
        except NotAllowed as error:
            return Answer(status=None, error=str(error))
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            spent = time.monotonic() - begun
            late = spent >= self._seconds
            reason = f"no answer within {self._seconds:g} s" if late else _reason(error)
            return Answer(status=None, error=reason, seconds=spent)
        spent = time.monotonic() - begun
        return Answer(status=status, excerpt=excerpt, seconds=spent)

    def _exchange(
        self, parts: SplitResult, headers: dict[str, str], body: bytes
    ) -> tuple[int, str]:
        host = parts.hostname or ""
        port = parts.port or _PORTS[parts.scheme]
        address = self._checked(parts.scheme, host, port)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with (
            closing(self._connection(parts.scheme, host, address, port)) as connection,
            self._ending_in_time(connection),
        ):
            connection.request(
                "POST",
                target,
                body,
                {**headers, "Host": parts.netloc, "Connection": "close"},
                preload_content=False,
                decode_content=False,
            )
            answer = connection.getresponse()
            content = b""
            with suppress(HTTPError, HTTPException, OSError):  # the status says all
                content = answer.read(READ)
            return answer.status, _excerpt(content)

    def _checked(self, scheme: str, host: str, port: int) -> str:
        """Return an address of a host when all it has are allowed."""
        found = [ip_address(text) for text in self._resolve(host, port)]
        if not found:
            raise NotAllowed(f"{host} has no address")
        for address in found:
            self._check(scheme, host, address)
        return str(found[0])

    def _check(self, scheme: str, host: str, address: IPAddress) -> None:
        if is_within(address, self._private):
            return
        if not is_public(address):
            raise NotAllowed(
                f"{host} is not on the Internet; webhooks.allow_private can allow it"
            )
        if scheme != "https":
            raise NotAllowed("plain HTTP goes to networks in webhooks.allow_private")

    def _connection(
        self, scheme: str, host: str, address: str, port: int
    ) -> HTTPConnection:
        if scheme == "http":
            return HTTPConnection(address, port, timeout=self._seconds)
        return HTTPSConnection(
            address,
            port,
            timeout=self._seconds,
            ssl_context=ssl.create_default_context(cafile=self._authorities),
            server_hostname=host,
        )

    @contextmanager
    def _ending_in_time(self, connection: HTTPConnection) -> Iterator[None]:
        """Cut the line when time is over, however slowly somebody talks."""
        timer = threading.Timer(self._seconds, _cut, [connection])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _cut(connection: HTTPConnection) -> None:
    line = connection.sock
    if line is not None:
        with suppress(OSError):  # it has ended by itself
            line.shutdown(socket.SHUT_RDWR)


def _reason(error: Exception) -> str:
    """Return what went wrong in one line, without the address that was tried."""
    cause = error.__cause__ or error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate is not valid: {cause.verify_message}"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return f"no HTTP answer ({type(error).__name__})"


def _excerpt(content: bytes) -> str:
    text = " ".join(content.decode("utf-8", "replace").split())
    return "".join(c if c.isprintable() else "?" for c in text)[:EXCERPT]
