"""Requests to one system over HTTP: few at a time, bounded, patient with the busy.

Nothing is followed: a redirect could lead an administrator's login anywhere.
"""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError, SSLError

from postwarden.model.errors import Invalid, Unavailable

ATTEMPTS = 6  # of one request
LARGEST = 256 * 1024 * 1024  # octets of an answer
LONGEST_WAIT = 120.0  # seconds before an attempt, whatever a system asks for
_FIRST_WAIT = 0.5  # seconds; doubled from attempt to attempt
_BUSY = frozenset({408, 429, 502, 503, 504})
_READ = 64 * 1024  # octets at a time

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """What came back; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Busy:
    """The system wants to be left alone, for so many seconds if it says."""

    reason: str
    seconds: float | None = None


MAX_CONCURRENCY = 16

Judge = Callable[[HttpAnswer], Busy | None]
"""Says whether an answer means: come back later."""


class HttpClient:
    """Speaks to one system at one URL."""

    def __init__(
        self,
        url: str,
        *,
        authorities: str | None = None,
        concurrency: int = 4,
        seconds: float = 60,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """`authorities` (PEM) are trusted instead of the machine's."""
        self.url = url
        self._host = urlsplit(url).hostname or url
        self._sleep = sleep
        self._threads = ThreadPoolExecutor(concurrency, "postwarden-connector")
        self._pool = urllib3.PoolManager(
            num_pools=2,
            maxsize=concurrency,
            block=True,
            retries=False,
            timeout=urllib3.Timeout(connect=min(seconds, 20), read=seconds),
            ssl_context=ssl.create_default_context(cadata=authorities),
        )

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        busy: Judge = lambda _: None,
        is_repeatable: bool = True,
    ) -> HttpAnswer:
        """Ask once, and again while the system is busy or cannot be reached.

        What is not repeatable is asked again only when the system itself said that
        it did nothing. Raises Unavailable in the end.
        """
        loop = asyncio.get_running_loop()
        wait, reason = _FIRST_WAIT, ""
        for attempt in range(ATTEMPTS):
            if attempt:
                await self._sleep(min(wait, LONGEST_WAIT))
                wait = max(wait, _FIRST_WAIT * 2**attempt) * random.uniform(1, 1.2)  # noqa: S311  no secret
            try:
                answer = await loop.run_in_executor(
                    self._threads, self._exchange, method, url, headers or {}, body
                )
            except SSLError as error:
                raise Unavailable(f"{self._host}: {_reason(error)}") from error
            except HTTPError as error:
                reason = _reason(error)
                if not is_repeatable:
                    break
                continue
            state = busy(answer) or _busy(answer)
            if state is None:
                return answer
            reason = state.reason
            wait = state.seconds if state.seconds is not None else wait
        raise Unavailable(f"{self._host} gives no answer: {reason}")

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> HttpAnswer:
        answer = self._pool.request(
            method,
            url,
            body=body,
            headers=dict(headers),
            redirect=False,
            preload_content=False,
        )
        try:
            content = bytearray()
            for part in answer.stream(_READ):
                content += part
                if len(content) > LARGEST:
                    raise HTTPError(f"an answer of more than {LARGEST} octets")
        finally:
            answer.release_conn()
        return HttpAnswer(
            status=answer.status,
            headers={name.lower(): value for name, value in answer.headers.items()},
            content=bytes(content),
        )

    async def close(self) -> None:
        """Close all connections, when what is under way has ended."""
        self._threads.shutdown(wait=False)
        self._pool.clear()


def _busy(answer: HttpAnswer) -> Busy | None:
    if answer.status not in _BUSY:
        return None
    after = answer.headers.get("retry-after", "")
    seconds = float(after) if after.isascii() and after.isdigit() else None
    return Busy(f"HTTP status {answer.status}", seconds)


def _reason(error: HTTPError) -> str:
    """Return what went wrong in one line, without the address."""
    cause: BaseException = error
    while cause.__cause__ is not None or cause.__context__ is not None:
        cause = cause.__cause__ or cause.__context__ or cause
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {cause.verify_message}"
    if isinstance(cause, TimeoutError):
        return "no answer in time"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return str(error).partition(":")[0] or type(error).__name__


def concurrency_of(options: Mapping[str, str]) -> int:
    """Return how many requests may be under way; raises Invalid."""
    text = options.get("concurrency", "4")
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= MAX_CONCURRENCY):
        raise Invalid(f"concurrency is 1 to {MAX_CONCURRENCY}", field="concurrency")
    return int(text)
