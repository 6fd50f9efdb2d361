"""A transport as a coroutine sees it: bounded both ways, with deadlines."""

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

from postwarden.smtpd.alarm import Alarm
from postwarden.smtpd.options import Limits

_WRITE_TOGETHER = 16 * 1024  # replies gathered before they leave


class Gone(Exception):
    """The peer has left, or has been seen off; nothing more can be said."""


class Overdue(Exception):
    """The peer was waited for until its deadline."""


class Stream(asyncio.BufferedProtocol):
    """What arrives is in `pending`; `more` waits for it, `write` answers.

    `on_made` and `on_lost` are called when the connection begins and when it has
    ended. `buffer` may be shared by all streams of a loop: what is read into it is
    copied out before the next read.
    """

    def __init__(
        self,
        limits: Limits,
        buffer: memoryview,
        *,
        on_made: Callable[[], None],
        on_lost: Callable[[], None],
    ) -> None:
        self.pending = bytearray()
        self._limits = limits
        self._buffer = buffer
        self._on_made, self._on_lost = on_made, on_lost
        self._loop = asyncio.get_running_loop()
        self._alarm = Alarm(self._loop, self._ring)
        self._closer: asyncio.TimerHandle | None = None
        self._out: list[bytes] = []
        self._out_size = 0
        self._waiter: asyncio.Future[None] | None = None
        self._is_lost = self._is_closing = self._is_nudged = self._is_overdue = False
        self._is_at_end = self._read_paused = self._write_paused = False
        self._transport: asyncio.Transport | None = None

    # region called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Those of uvloop are not of asyncio's class, only of its shape.
        self._adopt(cast(asyncio.Transport, transport))
        self._on_made()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._is_closing:
            return
        pending = self.pending
        pending += self._buffer[:nbytes]
        if len(pending) > self._limits.read_ahead and not self._read_paused:
            self._read_paused = True
            self._made.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """Keep a plain connection open to answer what has arrived; TLS cannot."""
        self._is_at_end = True
        self._wake()
        return not (self._is_closing or self._is_tls)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._is_lost:
            return
        self._is_lost = True
        self._alarm.cancel()
        if self._closer is not None:
            self._closer.cancel()
        self._wake()
        self._on_lost()

    def pause_writing(self) -> None:
        self._write_paused = True

    def resume_writing(self) -> None:
        self._write_paused = False
        self._wake()

    # endregion

    @property
    def is_made(self) -> bool:
        """Whether there is a transport, or was one."""
        return self._transport is not None

    @property
    def peername(self) -> object:
        return self._made.get_extra_info("peername")

    @property
    def sockname(self) -> object:
        return self._made.get_extra_info("sockname")

    @property
    def tls(self) -> str | None:
        """Protocol and cipher, None in the clear."""
        secured: ssl.SSLObject | None = self._made.get_extra_info("ssl_object")
        if secured is None:
            return None
        cipher = secured.cipher()
        return f"{secured.version()} {cipher[0] if cipher else ''}".rstrip()

    @property
    def _made(self) -> asyncio.Transport:
        if self._transport is None:
            raise Gone
        return self._transport

    async def more(self, deadline: float) -> None:
        """Send what is to be sent and return when more has arrived.

        Returns early when nudged. Raises Gone when nothing more can come, Overdue
        at the deadline.
        """
        size = len(self.pending)
        await self.flush(deadline)
        if len(self.pending) == size and not self._is_nudged:
            if self._is_at_end:
                raise Gone
            if self._read_paused:
                self._read_paused = False
                self._made.resume_reading()
            await self._wait(deadline)
        self._is_nudged = False

    def nudge(self) -> None:
        """Make the current or the next call of `more` return."""
        self._is_nudged = True
        self._wake()

    def write(self, octets: bytes) -> None:
        """Send octets, together with what is written soon after."""
        self._out.append(octets)
        self._out_size += len(octets)
        if self._out_size > _WRITE_TOGETHER:
            self._write_out()

    async def flush(self, deadline: float) -> None:
        """Send all and wait until the peer takes it; raises Gone, Overdue."""
        self._write_out()
        while self._write_paused:
            await self._wait(deadline)

    @property
    def is_congested(self) -> bool:
        return self._write_paused

    async def start_tls(self, context: ssl.SSLContext) -> str | None:
        """Shake hands as the server; return protocol and cipher. Raises Gone.

        What had arrived in the clear is dropped: whoever sent it, it was not said
        under TLS (RFC 3207 §4.2).
        """
        self._write_out()
        self.pending.clear()
        try:
            transport = await self._loop.start_tls(
                self._made,
                self,
                context,
                server_side=True,
                ssl_handshake_timeout=self._limits.tls_handshake_seconds,
                ssl_shutdown_timeout=self._limits.close_seconds,
            )
        except OSError as error:  # SSLError and TimeoutError are among them
            self._lose(error)
            raise Gone from error
        if transport is None or self._is_lost:
            self._lose(None)
            raise Gone
        self._adopt(transport)
        self._read_paused = self._write_paused = False
        return self.tls

    def hang_up(self, *, in_mid_talk: bool) -> None:
        """Send what is left and close; give up after `close_seconds`.

        `in_mid_talk` says that the peer may still be sending. A socket closed on
        unread octets resets the connection, and the peer may never see our last
        reply: so what comes is thrown away until it has closed as well.
        """
        if self._is_lost or self._is_closing:
            return
        self._write_out()
        self._is_closing = True
        self.pending.clear()
        self._closer = self._loop.call_later(self._limits.close_seconds, self.abort)
        if in_mid_talk and not (self._is_at_end or self._is_tls):
            self._made.write_eof()
            self._made.resume_reading()
        else:
            self._made.close()

    def abort(self) -> None:
        self._made.abort()

    @property
    def _is_tls(self) -> bool:
        return not self._made.can_write_eof()

    def _adopt(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        transport.set_write_buffer_limits(high=self._limits.unsent_replies)

    def _lose(self, error: OSError | None) -> None:
        """End a connection whose handshake failed: no loop tells us of its end."""
        self._made.abort()
        self.connection_lost(error)

    def _write_out(self) -> None:
        out, self._out, self._out_size = self._out, [], 0
        if out and not self._is_lost:
            self._made.write(b"".join(out))

    async def _wait(self, deadline: float) -> None:
        if self._is_lost:
            raise Gone
        self._waiter = self._loop.create_future()
        self._alarm.set(deadline)
        try:
            await self._waiter
        finally:
            self._waiter = None
            self._alarm.clear()
        if self._is_lost:
            raise Gone
        if self._is_overdue:
            self._is_overdue = False
            raise Overdue

    def _ring(self) -> None:
        self._is_overdue = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
