"""One connection: what its octets say to a session, and what it answers."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from postwarden.model.envelopes import Peer
from postwarden.smtpd import arrival, replies
from postwarden.smtpd.caps import ConnectionCaps, Networks
from postwarden.smtpd.desk import Desk
from postwarden.smtpd.journal import note, report
from postwarden.smtpd.options import KIB, ListenerOptions, Service
from postwarden.smtpd.pace import Pace
from postwarden.smtpd.session import LmtpSession, Next, Replies, Session
from postwarden.smtpd.stream import Gone, Overdue, Stream
from postwarden.wire.smtp.lines import Lines
from postwarden.wire.smtp.problems import Malformed
from postwarden.wire.smtp.replies import Reply

TlsProvider = Callable[[], ssl.SSLContext | None]

_SESSIONS = {
    Service.SMTP: Session,
    Service.SUBMISSION: Session,
    Service.LMTP: LmtpSession,
}


@dataclass(slots=True)
class Listener:
    """What all connections of one listener share."""

    desk: Desk
    options: ListenerOptions
    caps: ConnectionCaps
    tls: TlsProvider
    proxies: Networks
    connections: set["Connection"] = field(default_factory=set)
    buffer: memoryview = field(default_factory=lambda: memoryview(bytearray(64 * KIB)))


class Connection:
    """Feeds a session one command after the other, as one task.

    The replies to a pipelined group leave together when nothing more of it has
    arrived (RFC 2920 §3.2). A connection begins with the transport of `stream`, or
    with an `accepted` socket that has yet to show something.
    """

    def __init__(
        self, listener: Listener, accepted: socket.socket | None = None
    ) -> None:
        self._listener = listener
        self._limits = listener.options.bounds
        self._loop = asyncio.get_running_loop()
        self._accepted = accepted
        self.stream = Stream(
            self._limits,
            listener.buffer,
            on_made=self._made,
            on_lost=self._lost,
        )
        self._lines = Lines(self.stream.pending)
        self._pace = Pace(self._limits)
        self._task: asyncio.Task[None] | None = None
        self._counted_as: str | None = None
        self._is_stopping = self._is_lost = False
        # Set when the transport is closed and the last call of the desk has ended.
        self.ended: asyncio.Future[None] = self._loop.create_future()
        if accepted is not None:
            self._begin()

    def stop(self) -> None:
        """End at the next moment when nothing is being received."""
        self._is_stopping = True
        if self.stream.is_made:
            self.stream.nudge()
        else:
            self.abort()

    def abort(self) -> None:
        """End now."""
        if self.stream.is_made:
            self.stream.abort()
        if self._task is not None:
            self._task.cancel()

    # region beginning and end

    def _made(self) -> None:
        if self._accepted is None:
            self._begin()

    def _begin(self) -> None:
        self._listener.connections.add(self)
        if self._listener.caps.enter():
            self._counted_as = ""
            work = self._run()
        else:
            work = self._turn_away()
        self._task = self._loop.create_task(work)
        self._task.add_done_callback(self._finished)

    def _lost(self) -> None:
        self._is_lost = True
        if self._counted_as is not None:
            self._listener.caps.leave()
            self._listener.caps.leave_address(self._counted_as)
        self._leave()

    def _finished(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            report(error)
        if not self.stream.is_made:
            if self._accepted is not None:
                self._accepted.close()
            self._lost()
        elif task.cancelled() or task.exception() is not None:
            self.stream.abort()
        self._leave()

    def _leave(self) -> None:
        if self._is_lost and (self._task is None or self._task.done()):
            self._listener.connections.discard(self)
            if not self.ended.done():
                self.ended.set_result(None)

    # endregion
    # region conversation

    async def _turn_away(self) -> None:
        if self._listener.options.implicit_tls:
            return  # nothing is said in the clear, and a handshake costs too much
        if self._accepted is not None:
            await arrival.connect(self._accepted, self.stream, None, self._limits)
        self._write((replies.TOO_MANY_CONNECTIONS,))
        self.stream.hang_up(in_mid_talk=False)

    async def _run(self) -> None:
        try:
            session = await self._meet()
        except Gone:
            if self.stream.is_made:
                self.stream.hang_up(in_mid_talk=False)
            return
        try:
            await self._converse(session)
            self.stream.hang_up(in_mid_talk=bool(self.stream.pending))
        except Gone:
            self.stream.hang_up(in_mid_talk=True)
        except Overdue:
            self.stream.abort()
        finally:
            session.close()

    async def _meet(self) -> Session:
        """Learn who is connected; raises Gone for whom we do not talk to."""
        accepted, options = self._accepted, self._listener.options
        if accepted is None:
            peer = arrival.peer_of(self.stream.peername, self.stream.sockname)
            self._admit(peer)
            return self._open(peer)
        peer = arrival.peer_at(accepted)
        if peer.ip and peer.ip in self._listener.proxies:
            peer = await arrival.read_proxy_header(accepted, peer, self._limits)
        context = self._context(peer) if options.implicit_tls else None
        if context is not None:
            self._admit(peer)
        await arrival.connect(accepted, self.stream, context, self._limits)
        if context is None:
            self._admit(peer)
        return self._open(replace(peer, tls=self.stream.tls))

    def _admit(self, peer: Peer) -> None:
        """Count a client by its address; raises Gone for one too many."""
        counted_as = self._listener.caps.enter_address(peer.ip)
        if counted_as is not None:
            self._counted_as = counted_as
            return
        if self.stream.is_made:
            self._write((replies.TOO_MANY_FROM_ADDRESS,))
        raise Gone

    def _context(self, peer: Peer) -> ssl.SSLContext:
        context = self._listener.tls()
        if context is None:
            note("smtp.tls-unavailable", peer=peer)
            raise Gone
        return context

    def _open(self, peer: Peer) -> Session:
        listener = self._listener
        return _SESSIONS[listener.options.service](
            listener.desk,
            listener.options,
            peer,
            offers_tls=lambda: listener.tls() is not None,
        )

    async def _converse(self, session: Session) -> None:
        """Talk until both sides know it has ended.

        Raises Gone when the client may still be talking, Overdue when it does not
        take our replies.
        """
        self._write((session.greeting(),))
        while True:
            answer = await self._step(session)
            if answer and session.delay:
                await asyncio.sleep(session.delay)
            self._write(answer)
            if self.stream.is_congested:
                await self.stream.flush(self._pace.command_deadline(self._loop.time()))
            if session.next is Next.TLS:
                tls = await self.stream.start_tls(self._context(session.peer))
                session.secure(replace(session.peer, tls=tls))
            elif session.next is Next.CLOSE:
                if session.was_seen_off:
                    raise Gone
                return
            elif self._is_stopping and not session.is_receiving:
                self._write((replies.SHUTTING_DOWN,))
                return

    async def _step(self, session: Session) -> Replies:
        """Do one thing with what has arrived, or wait for more."""
        if session.is_receiving:
            return await self._receive(session)
        try:
            line = self._lines.take()
        except Malformed as malformed:
            self._pace.took_command()
            return session.malformed(malformed.problem)
        if line is None:
            await self._more(session)
            return ()
        self._pace.took_command()
        return await session.command(line, pipelined=bool(self._lines.pending))

    async def _receive(self, session: Session) -> Replies:
        octets = self._lines.take_all()
        rest = session.receive(octets)
        self._pace.took_content(len(octets), is_complete=rest is not None)
        if rest is None:
            await self._more(session)
            return ()
        self._lines.pending += rest
        answer = await session.finish()
        self._pace.accepted(session.accepted)
        return answer

    async def _more(self, session: Session) -> None:
        began = self._loop.time()
        if session.is_receiving:
            deadline = self._pace.content_deadline(began)
        else:
            deadline = self._pace.command_deadline(began)
        try:
            await self.stream.more(deadline)
        except Overdue as error:
            self._write((replies.TIMEOUT,))
            raise Gone from error
        if not session.is_receiving:
            self._pace.waited(self._loop.time() - began)

    def _write(self, answer: tuple[Reply, ...]) -> None:
        for reply in answer:
            self.stream.write(reply.octets)

    # endregion
