"""One conversation: lines and content in, replies out, no sockets (RFC 5321 §4.1)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from enum import Enum
from typing import ClassVar, TypeAlias

from postwarden.model.envelopes import Peer
from postwarden.model.errors import MailError
from postwarden.smtpd import replies
from postwarden.smtpd.authentication import Authentication, LoggedIn, mechanisms
from postwarden.smtpd.desk import Desk
from postwarden.smtpd.journal import report
from postwarden.smtpd.mailing import Mailing
from postwarden.smtpd.options import ListenerOptions
from postwarden.smtpd.patience import Patience
from postwarden.smtpd.transaction import Caller
from postwarden.wire.smtp import commands
from postwarden.wire.smtp.lines import MAX_COMMAND_LINE
from postwarden.wire.smtp.problems import Malformed, Problem
from postwarden.wire.smtp.replies import Reply

Replies: TypeAlias = tuple[Reply, ...]


class Next(Enum):
    """What is to follow when the replies so far have been sent."""

    GO_ON = "go on"
    TLS = "a TLS handshake, then `secure`"
    CLOSE = "hang up"


class Session:
    """SMTP on port 25 and submission (RFC 5321, RFC 6409).

    It is given lines and, while `is_receiving`, content, and awaits nothing but
    the desk. `next` says what must happen around it, `delay` for how many seconds
    its replies are to be kept back.
    """

    protocol: ClassVar[str] = "ESMTP"
    answers_each: ClassVar[bool] = False
    verbs: ClassVar[Mapping[str, "Handler"]]

    def __init__(
        self,
        desk: Desk,
        options: ListenerOptions,
        peer: Peer,
        *,
        offers_tls: Callable[[], bool] = lambda: False,
    ) -> None:
        self.next = Next.GO_ON
        self._options = options
        self._offers_tls = offers_tls
        self._caller = Caller(peer=peer)
        self._mailing = Mailing(
            desk, options, protocol=self.protocol, answers_each=self.answers_each
        )
        self._authentication = Authentication(desk, options)
        self._pipelined = False
        self._patience = Patience(options.bounds)

    @property
    def peer(self) -> Peer:
        return self._caller.peer

    @property
    def was_seen_off(self) -> bool:
        """Whether we end it, unasked."""
        return self._patience.farewell is not None

    @property
    def delay(self) -> float:
        return self._patience.delay

    @property
    def accepted(self) -> int:
        """How many mails were accepted so far."""
        return self._mailing.accepted

    @property
    def is_receiving(self) -> bool:
        """Whether what comes next is content."""
        return self._mailing.intake is not None

    def greeting(self) -> Reply:
        return replies.greeting(self._options.hostname, self.protocol)

    async def command(self, line: bytes, *, pipelined: bool = False) -> Replies:
        """Answer a line, which comes without its CRLF; nothing before a chunk.

        `pipelined` says that more has arrived behind it.
        """
        self._pipelined = pipelined
        return await self._guard(self._line(line), width=1)

    def malformed(self, problem: Problem) -> Replies:
        """Answer what was no line at all; it ends an authentication, too."""
        reply = replies.PROBLEMS[problem]
        if self._authentication.is_open:
            self._authentication.cancel()
            if problem is Problem.LINE_TOO_LONG:
                reply = replies.LOGIN_LINE_TOO_LONG  # RFC 4954 §4
        return self._tally((reply,))

    def receive(self, octets: bytes) -> bytes | None:
        """Take content; None if more is to come, else what follows it.

        Then `finish` gives the replies.
        """
        intake = self._mailing.intake
        if intake is None:
            return octets
        rest = intake.feed(octets)
        if intake.incoming.is_flooded:
            self._patience.end(replies.TOO_MUCH_CONTENT)
            return b""
        return rest if intake.is_complete else None

    async def finish(self) -> Replies:
        """Answer content that has arrived in full, or that we stop reading."""
        return await self._guard(
            self._mailing.finish(self._caller), width=self._mailing.width
        )

    def secure(self, peer: Peer) -> None:
        """Begin anew under TLS with nothing known (RFC 3207 §4.2)."""
        self._caller = Caller(peer=peer)
        self._mailing.reset()
        self._authentication.cancel()
        self.next = Next.GO_ON

    def close(self) -> None:
        """Let go of a mail that was not accepted."""
        self._mailing.reset()

    async def _guard(self, work: Awaitable[Replies], *, width: int) -> Replies:
        """Turn every exception into replies; ours are not the client's fault."""
        try:
            answer = await work
        except Malformed as malformed:
            answer = (replies.PROBLEMS[malformed.problem],)
        except MailError as error:
            answer = (replies.reply_for(error),)
        except Exception as error:  # noqa: BLE001  the one place of this edge
            report(error, peer=self.peer)
            answer = (replies.OUR_FAULT,) * width
        return self._tally(answer)

    def _tally(self, answer: Replies) -> Replies:
        patience = self._patience
        patience.answered(
            answer,
            accepted=self.accepted,
            failed_logins=self._authentication.failures,
        )
        if patience.farewell is None:
            return answer
        self.next = Next.CLOSE
        return (*answer, patience.farewell)

    async def _line(self, line: bytes) -> Replies:
        if self._authentication.is_open:
            return (self._login(await self._authentication.respond(line)),)
        if len(line) > MAX_COMMAND_LINE and line[:5].upper() != b"AUTH ":
            raise Malformed(Problem.LINE_TOO_LONG)
        if not self._patience.may_command():
            return ()
        command = commands.parse_command(line)
        handler = self.verbs.get(command.verb)
        if handler is None:
            return (replies.UNKNOWN_COMMAND,)
        reply = await handler(self, command.argument)
        return () if reply is None else (reply,)

    # region commands

    async def helo(self, argument: str) -> Reply:
        """RFC 5321 §4.1.1.1."""
        return self._hello(argument, is_extended=False)

    async def ehlo(self, argument: str) -> Reply:
        """RFC 5321 §4.1.1.1."""
        return self._hello(argument, is_extended=True)

    def _hello(self, argument: str, *, is_extended: bool) -> Reply:
        helo = commands.parse_helo(argument)
        self._caller = replace(self._caller, helo=helo, is_extended=is_extended)
        self._mailing.reset()
        keywords = self._keywords() if is_extended else ()
        return replies.hello(self._options.hostname, keywords)

    def _keywords(self) -> tuple[str, ...]:
        keywords = [
            "PIPELINING",
            f"SIZE {self._options.bounds.message_size}",
            "8BITMIME",
            "SMTPUTF8",
            "CHUNKING",
            "ENHANCEDSTATUSCODES",
            "DSN",
        ]
        if self.peer.tls is None and self._offers_tls():
            keywords.append("STARTTLS")
        if self._offers_auth:
            keywords.append(f"AUTH {' '.join(mechanisms(self._options))}")
        return tuple(keywords)

    @property
    def _offers_auth(self) -> bool:
        return self._options.offers_authentication and self.peer.tls is not None

    async def mail(self, argument: str) -> Reply:
        return await self._mailing.mail(
            argument, self._caller, auth_offered=self._offers_auth
        )

    async def rcpt(self, argument: str) -> Reply:
        return await self._mailing.rcpt(argument, self._caller)

    async def data(self, argument: str) -> Reply:
        try:
            return self._mailing.data(argument)
        finally:
            # What was sent behind DATA without waiting is content if we take it.
            # If we do not, it must not be read as commands (RFC 2920 §3.1).
            if self._pipelined and not self.is_receiving:
                self._patience.end(replies.IMPROPER_PIPELINING)

    async def bdat(self, argument: str) -> None:
        try:
            self._mailing.bdat(argument)
        finally:
            if not self.is_receiving:
                self._patience.end(replies.CHUNK_UNREADABLE)

    async def rset(self, argument: str) -> Reply:
        """RFC 5321 §4.1.1.5."""
        _check_empty(argument)
        self._mailing.reset()
        return replies.OK

    async def noop(self, argument: str) -> Reply:
        """RFC 5321 §4.1.1.9; any string may follow."""
        return replies.OK

    async def vrfy(self, argument: str) -> Reply:
        """RFC 5321 §3.5.3, §7.3: who exists is not told."""
        if not argument:
            raise Malformed(Problem.ARGUMENTS)
        return replies.CANNOT_VERIFY

    async def help(self, argument: str) -> Reply:
        """RFC 5321 §4.1.1.8."""
        return replies.HELP

    async def quit(self, argument: str) -> Reply:
        """RFC 5321 §4.1.1.10."""
        _check_empty(argument)
        self.next = Next.CLOSE
        return replies.BYE

    async def not_implemented(self, argument: str) -> Reply:
        """Known from other standards, not offered (RFC 5321 §4.2.4)."""
        return replies.NOT_IMPLEMENTED

    async def not_smtp(self, argument: str) -> None:
        """A browser was made to post here; nothing that follows is meant for us."""
        self._patience.end(replies.NOT_SMTP)

    async def starttls(self, argument: str) -> Reply:
        """RFC 3207 §4."""
        _check_empty(argument)
        if self.peer.tls is not None:
            return replies.ALREADY_TLS
        if not self._offers_tls():
            return replies.NOT_IMPLEMENTED
        self.next = Next.TLS
        return replies.START_TLS

    async def auth(self, argument: str) -> Reply:
        """RFC 4954 §4."""
        refusal = self._auth_refusal()
        if refusal is not None:
            return refusal
        return self._login(await self._authentication.begin(argument, self.peer))

    def _auth_refusal(self) -> Reply | None:
        if not self._options.offers_authentication:
            return replies.NOT_IMPLEMENTED
        if self.peer.tls is None:
            return replies.LOGIN_NEEDS_TLS
        if not self._caller.is_extended:
            return replies.HELO_FIRST
        if self._caller.login is not None:
            return replies.ALREADY_LOGGED_IN
        if self._mailing.is_open:
            return replies.NOT_IN_MAIL
        return None

    def _login(self, outcome: Reply | LoggedIn) -> Reply:
        if not isinstance(outcome, LoggedIn):
            return outcome
        self._caller = replace(self._caller, login=outcome.login)
        return replies.LOGGED_IN

    # endregion


def _check_empty(argument: str) -> None:
    if argument:
        raise Malformed(Problem.ARGUMENTS)


Handler: TypeAlias = Callable[[Session, str], Awaitable[Reply | None]]

_SHARED: dict[str, Handler] = {
    "MAIL": Session.mail,
    "RCPT": Session.rcpt,
    "DATA": Session.data,
    "BDAT": Session.bdat,
    "RSET": Session.rset,
    "NOOP": Session.noop,
    "VRFY": Session.vrfy,
    "HELP": Session.help,
    "QUIT": Session.quit,
    "STARTTLS": Session.starttls,
    "AUTH": Session.auth,
    **dict.fromkeys(
        ("EXPN", "TURN", "ATRN", "ETRN", "SEND", "SOML", "SAML"),
        Session.not_implemented,
    ),
    **dict.fromkeys(
        ("GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT"), Session.not_smtp
    ),
}
Session.verbs = {"HELO": Session.helo, "EHLO": Session.ehlo, **_SHARED}


class LmtpSession(Session):
    """LMTP (RFC 2033): another hello, and an answer for each recipient."""

    protocol = "LMTP"
    answers_each = True
    verbs: ClassVar[Mapping[str, Handler]] = {"LHLO": Session.ehlo, **_SHARED}
