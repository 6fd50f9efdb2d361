"""One mail between MAIL and the reply to its content (RFC 5321 §3.3)."""

from dataclasses import dataclass, field
from typing import Protocol

from postwarden.model.addresses import Address
from postwarden.model.envelopes import Content, Envelope, EnvelopeRecipient, Peer
from postwarden.model.errors import MailError
from postwarden.smtpd import replies
from postwarden.smtpd.options import Limits
from postwarden.wire.smtp.commands import Mail
from postwarden.wire.smtp.data import DataDecoder
from postwarden.wire.smtp.replies import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who is at the other end, as far as it has told or proven."""

    peer: Peer
    helo: str | None = None
    is_extended: bool = False  # said EHLO or LHLO
    login: str | None = None

    def protocol(self, base: str, *, smtputf8: bool) -> str:
        """Return the word for `with` in Received (RFC 3848, RFC 6531 §4.3)."""
        if not self.is_extended:
            return "SMTP"
        secured = "S" if self.peer.tls else ""
        authenticated = "A" if self.login else ""
        kind = f"UTF8{base.removeprefix('E')}" if smtputf8 else base
        return f"{kind}{secured}{authenticated}"


class Incoming:
    """The content of a mail as it arrives.

    A refusal ends storing but not reading: the sender hears of it at the true end
    of the content, where it listens. What is read after a refusal is bounded; then
    `is_flooded` says to hang up. `content` is None from the refusal on.
    """

    __slots__ = ("_limits", "_swallowed", "content", "refusal")

    def __init__(
        self, content: Content | None, limits: Limits, *, refusal: Reply | None = None
    ) -> None:
        self.content = content
        self.refusal = refusal
        self._limits = limits
        self._swallowed = 0

    @property
    def is_flooded(self) -> bool:
        return self._swallowed > self._limits.swallowed

    def announce(self, size: int) -> None:
        """Hear that `size` octets will come; refuse at once what cannot fit."""
        if self.content and self.content.size + size > self._limits.message_size:
            self.refuse(replies.TOO_LARGE)  # RFC 1870 §6.1
        if self.refusal is not None and size > self._limits.swallowed:
            self._swallowed += size

    def write(self, octets: bytes) -> None:
        content = self.content
        if content is None:
            self._swallowed += len(octets)
        elif content.size + len(octets) > self._limits.message_size:
            self.refuse(replies.TOO_LARGE)
        else:
            try:
                content.write(octets)
            except MailError as error:
                self.refuse(replies.reply_for(error))

    def refuse(self, reply: Reply) -> None:
        """Keep the first refusal and let go of what was stored."""
        if self.refusal is None:
            self.refusal = reply
        self.close()

    def close(self) -> None:
        content, self.content = self.content, None
        if content is not None:
            content.close()


class Intake(Protocol):
    """Where octets go while they are content and not commands."""

    incoming: Incoming
    is_last: bool
    is_complete: bool

    def feed(self, octets: bytes) -> bytes:
        """Take octets; return those that follow the content."""
        ...


class DataIntake:
    """The content that follows DATA."""

    __slots__ = ("_decoder", "incoming", "is_complete", "is_last")

    def __init__(self, incoming: Incoming) -> None:
        self.incoming = incoming
        self.is_last = True
        self.is_complete = False
        self._decoder = DataDecoder()

    def feed(self, octets: bytes) -> bytes:
        content, rest = self._decoder.feed(octets)
        if content:
            self.incoming.write(content)
        if self._decoder.bare:
            # RFC 5321 §2.3.8, §4.1.1.4: never sent alone, never a line end.
            self.incoming.refuse(replies.BARE_LINE_END)
        if rest is None:
            return b""
        self.is_complete = True
        return rest


class ChunkIntake:
    """The octets of one BDAT (RFC 3030 §2); counted, so nothing in them ends it."""

    __slots__ = ("_left", "incoming", "is_complete", "is_last")

    def __init__(self, size: int, incoming: Incoming, *, is_last: bool) -> None:
        self.incoming = incoming
        self.is_last = is_last
        self.is_complete = size == 0
        self._left = size

    def feed(self, octets: bytes) -> bytes:
        chunk, rest = octets[: self._left], octets[self._left :]
        self._left -= len(chunk)
        self.is_complete = self._left == 0
        if chunk:
            self.incoming.write(chunk)
        return rest


@dataclass(slots=True, kw_only=True)
class Transaction:
    """What MAIL, RCPT and BDAT have said so far."""

    reverse_path: Address | None
    mail: Mail
    recipients: list[EnvelopeRecipient] = field(default_factory=list)
    incoming: Incoming | None = None

    def envelope(self, caller: Caller, base_protocol: str) -> Envelope:
        mail = self.mail
        return Envelope(
            reverse_path=self.reverse_path,
            recipients=tuple(self.recipients),
            helo=caller.helo or "",
            protocol=caller.protocol(base_protocol, smtputf8=mail.smtputf8),
            peer=caller.peer,
            login=caller.login,
            size_hint=mail.size,
            body=mail.body,
            smtputf8=mail.smtputf8,
            ret=mail.ret,
            envid=mail.envid,
        )

    def close(self) -> None:
        if self.incoming is not None:
            self.incoming.close()
