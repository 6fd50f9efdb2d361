"""Hear of commits, here or by another process: LISTEN on a connection of its own."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg

from postwarden.adapters.sql.postgres.connection import connect
from postwarden.model.errors import Unavailable

CHANNEL = "postwarden_commits"
_LOOK = 0.2  # seconds until a closing store is noticed
_AGAIN = 1.0  # seconds between attempts to reach a server that is gone


class Listener:
    """Listens as soon as the first watch asks; wakes every watch."""

    def __init__(self, url: str, own: Callable[[], int]) -> None:
        """Listen at `url`; `own` says which backend writes for this process.

        Of its commits `wake` is told directly, and sooner.
        """
        self._url = url
        self._own = own
        self._watches: set[PostgresWatch] = set()
        self._closing = threading.Event()
        self._listening = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def heard(self, loop: asyncio.AbstractEventLoop) -> Iterator["PostgresWatch"]:
        """Return a watch that hears of each commit from now on."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._listen, name="postwarden-listener", daemon=True
                )
                self._thread.start()
        # A server that is away for now: the watch is woken when it is back.
        self._listening.wait(_AGAIN)
        watch = PostgresWatch(loop)
        self._watches.add(watch)
        try:
            yield watch
        finally:
            self._watches.discard(watch)

    def close(self) -> None:
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def _listen(self) -> None:
        while not self._closing.is_set():
            with suppress(psycopg.Error, Unavailable), connect(self._url) as raw:
                raw.execute(f"LISTEN {CHANNEL}")
                self._listening.set()
                self.wake()  # for what was committed while nobody listened
                while not self._closing.is_set():
                    for told in raw.notifies(timeout=_LOOK, stop_after=1):
                        if told.pid != self._own():
                            self.wake()
            self._closing.wait(_AGAIN)

    def wake(self) -> None:
        """Wake every watch; any thread may."""
        for watch in tuple(self._watches):
            watch.wake()


class PostgresWatch:
    """See `services.ports.Watch`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._event = asyncio.Event()

    def wake(self) -> None:
        """Hear of a commit; called by the listener's thread."""
        if self._event.is_set():  # who has not looked yet will see this commit too
            return
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, seconds: float | None = None) -> bool:
        """See `services.ports.Watch.wait`."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True
