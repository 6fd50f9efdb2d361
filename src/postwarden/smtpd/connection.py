"""One connection: what its octets say to a session, and what it answers."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from postwarden.model.envelopes import Peer
from postwarden.smtpd import replies
from postwarden.smtpd.caps import ConnectionCaps, Networks, parse_ip
from postwarden.smtpd.desk import Desk
from postwarden.smtpd.journal import note, report
from postwarden.smtpd.options import KIB, ListenerOptions, Service
from postwarden.smtpd.pace import Pace
from postwarden.smtpd.session import LmtpSession, Next, Replies, Session
from postwarden.smtpd.stream import Gone, Overdue, Stream
from postwarden.wire.proxy import ProxyError, ProxyReader
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
    arrived (RFC 2920 §3.2).
    """

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self.stream = Stream(
            listener.options.bounds,
            listener.buffer,
            on_made=self._begin,
            on_lost=self._lost,
        )
        self._lines = Lines(self.stream.pending)
        self._pace = Pace(listener.options.bounds)
        self._task: asyncio.Task[None] | None = None
        self._counted_as: str | None = None
        self._is_stopping = self._is_lost = False
        # Set when the transport is closed and the last call of the desk has ended.
        self.ended: asyncio.Future[None] = self._loop.create_future()

    def stop(self) -> None:
        """End at the next moment when nothing is being received."""
        self._is_stopping = True
        self.stream.nudge()

    def abort(self) -> None:
        """End now."""
        self.stream.abort()
        if self._task is not None:
            self._task.cancel()

    # region beginning and end

    def _begin(self) -> None:
        listener = self._listener
        listener.connections.add(self)
        if not listener.caps.enter():
            self._turn_away(replies.TOO_MANY_CONNECTIONS)
            return
        self._counted_as = ""
        if self._is_proxied or listener.options.implicit_tls:
            self.stream.allow(0)
        self._task = self._loop.create_task(self._run())
        self._task.add_done_callback(self._finished)

    @property
    def _is_proxied(self) -> bool:
        ip, _ = self.stream.peername
        return bool(ip) and ip in self._listener.proxies

    def _turn_away(self, reply: Reply) -> None:
        if not self._listener.options.implicit_tls:
            self.stream.write(reply.octets)
        self.stream.hang_up(in_mid_talk=False)

    def _lost(self) -> None:
        self._is_lost = True
        if self._counted_as is not None:
            self._listener.caps.leave()
            self._listener.caps.leave_address(self._counted_as)
        self._leave()

    def _finished(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            report(error)
            self.stream.abort()
        self._leave()

    def _leave(self) -> None:
        if self._is_lost and (self._task is None or self._task.done()):
            self._listener.connections.discard(self)
            if not self.ended.done():
                self.ended.set_result(None)

    # endregion
    # region conversation

    async def _run(self) -> None:
        try:
            peer = await self._meet()
            session = self._open(peer)
        except (Gone, Overdue):
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

    async def _meet(self) -> Peer:
        """Return who is connected, by the PROXY header where one must come."""
        ip, port = self.stream.peername
        local_ip, local_port = self.stream.sockname
        peer = Peer(
            ip=str(parse_ip(ip)) if ip else "",
            port=port,
            local_ip=str(parse_ip(local_ip)) if local_ip else "",
            local_port=local_port,
        )
        if not self._is_proxied:
            return peer
        deadline = self._loop.time() + self._listener.options.bounds.proxy_seconds
        reader = ProxyReader()
        try:
            while not reader.is_complete:
                self.stream.allow(reader.wanted)
                await self.stream.more(deadline)
                reader.feed(self._lines.take_all())
        except ProxyError as error:
            note("smtp.proxy-refused", peer=peer, reason=str(error))
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

    def _open(self, peer: Peer) -> Session:
        listener = self._listener
        self._counted_as = listener.caps.enter_address(peer.ip)
        if self._counted_as is None:
            self._counted_as = ""
            if not listener.options.implicit_tls:
                self.stream.write(replies.TOO_MANY_FROM_ADDRESS.octets)
            raise Gone
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
        if self._listener.options.implicit_tls:
            await self._secure(session)
        else:
            self.stream.allow(None)
        self._write((session.greeting(),))
        while True:
            answer = await self._step(session)
            if answer and session.delay:
                await asyncio.sleep(session.delay)
            self._write(answer)
            if self.stream.is_congested:
                await self.stream.flush(self._pace.command_deadline(self._loop.time()))
            if session.next is Next.TLS:
                await self._secure(session)
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

    async def _secure(self, session: Session) -> None:
        context = self._listener.tls()
        if context is None:
            note("smtp.tls-unavailable", peer=session.peer)
            raise Gone
        tls = await self.stream.start_tls(context)
        session.secure(replace(session.peer, tls=tls))

    def _write(self, answer: Replies) -> None:
        for reply in answer:
            self.stream.write(reply.octets)

    # endregion
