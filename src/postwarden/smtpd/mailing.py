"""MAIL, RCPT, DATA, BDAT and what comes of them (RFC 5321 §3.3, RFC 3030)."""

from postwarden.model.addresses import Address, domain_name
from postwarden.model.envelopes import Content, EnvelopeRecipient
from postwarden.model.errors import Invalid, MailError
from postwarden.smtpd import replies
from postwarden.smtpd.desk import Accepted, Desk
from postwarden.smtpd.options import ListenerOptions, Service
from postwarden.smtpd.transaction import (
    Caller,
    ChunkIntake,
    DataIntake,
    Incoming,
    Intake,
    Transaction,
)
from postwarden.wire.smtp import commands
from postwarden.wire.smtp.paths import Path
from postwarden.wire.smtp.problems import Malformed, Problem
from postwarden.wire.smtp.replies import Reply


class Mailing:
    """The mail transactions of one session, one after the other.

    `protocol` is its name in the clear and in ASCII. With `answers_each` the
    reply to content is one per recipient (RFC 2033 §4.2). Methods raise Malformed
    and MailError in place of returning a refusal.
    """

    def __init__(
        self,
        desk: Desk,
        options: ListenerOptions,
        *,
        protocol: str,
        answers_each: bool,
    ) -> None:
        self.intake: Intake | None = None
        self.accepted = 0  # mails so far
        self._desk, self._options = desk, options
        self._protocol, self._answers_each = protocol, answers_each
        self._transaction: Transaction | None = None

    @property
    def is_open(self) -> bool:
        """Whether a mail is being sent (RFC 4954 §4: no AUTH meanwhile)."""
        return self._transaction is not None

    @property
    def width(self) -> int:
        """How many replies the content will have."""
        if self._answers_each and self._transaction is not None and self._ends_mail:
            return len(self._transaction.recipients)
        return 1

    @property
    def _ends_mail(self) -> bool:
        return self.intake is not None and self.intake.is_last

    def reset(self) -> None:
        """Forget the mail, if any (RFC 5321 §4.1.1.5)."""
        transaction, self._transaction, self.intake = self._transaction, None, None
        if transaction is not None:
            transaction.close()

    async def mail(self, argument: str, caller: Caller, *, auth_offered: bool) -> Reply:
        """RFC 5321 §4.1.1.2."""
        if caller.helo is None:
            return replies.HELO_FIRST
        if self._transaction is not None:
            return replies.NESTED_MAIL
        if self._options.service is Service.SUBMISSION and caller.login is None:
            # RFC 6409 §4.3
            return replies.LOGIN_FIRST if caller.peer.tls else replies.STARTTLS_FIRST
        mail = commands.parse_mail(
            argument, extended=caller.is_extended, authentication=auth_offered
        )
        if mail.size is not None and mail.size > self._options.bounds.message_size:
            return replies.TOO_LARGE  # RFC 1870 §6.1
        reverse_path = None
        if not mail.path.is_null:
            reverse_path = _address(mail.path, Problem.REVERSE_PATH)
        await self._desk.sender(reverse_path, peer=caller.peer, login=caller.login)
        self._transaction = Transaction(reverse_path=reverse_path, mail=mail)
        return replies.SENDER_OK

    async def rcpt(self, argument: str, caller: Caller) -> Reply:
        """RFC 5321 §4.1.1.3."""
        transaction = self._transaction
        if transaction is None:
            return replies.MAIL_FIRST
        if transaction.incoming is not None:
            return replies.CHUNKS_BEGUN
        rcpt = commands.parse_rcpt(
            argument, extended=caller.is_extended, smtputf8=transaction.mail.smtputf8
        )
        if len(transaction.recipients) >= self._options.bounds.recipients:
            return replies.TOO_MANY_RECIPIENTS  # RFC 5321 §4.5.3.1.10
        recipient = EnvelopeRecipient(
            forward_path=self._forward_path(rcpt.path),
            notify=rcpt.notify,
            original_recipient=rcpt.original_recipient,
        )
        await self._desk.recipient(
            recipient,
            reverse_path=transaction.reverse_path,
            peer=caller.peer,
            login=caller.login,
        )
        transaction.recipients.append(recipient)
        return replies.RECIPIENT_OK

    def _forward_path(self, path: Path) -> Address:
        if path.is_postmaster:  # RFC 5321 §4.5.1
            return Address("postmaster", domain_name(self._options.hostname))
        return _address(path, Problem.FORWARD_PATH)

    def data(self, argument: str) -> Reply:
        """RFC 5321 §4.1.1.4."""
        if argument:
            raise Malformed(Problem.ARGUMENTS)
        transaction = self._transaction
        if transaction is None:
            return replies.MAIL_FIRST
        if transaction.incoming is not None:
            return replies.CHUNKS_BEGUN  # RFC 3030 §2
        if not transaction.recipients:
            return replies.RECIPIENT_FIRST
        transaction.incoming = Incoming(self._desk.content(), self._options.bounds)
        self.intake = DataIntake(transaction.incoming)
        return replies.START_DATA

    def bdat(self, argument: str) -> None:
        """RFC 3030 §2. Never answers: a chunk must first be taken off the stream.

        Raises Malformed for a size that cannot be read, and with it is lost where
        the chunk ends.
        """
        size, is_last = commands.parse_bdat(argument)
        transaction = self._transaction
        if transaction is None or not transaction.recipients:
            refusal = replies.RECIPIENT_FIRST if transaction else replies.MAIL_FIRST
            incoming = Incoming(None, self._options.bounds, refusal=refusal)
            is_last = False
        elif transaction.incoming is None:
            incoming = transaction.incoming = self._open()
        else:
            incoming = transaction.incoming
        incoming.announce(size)
        self.intake = ChunkIntake(size, incoming, is_last=is_last)

    def _open(self) -> Incoming:
        try:
            return Incoming(self._desk.content(), self._options.bounds)
        except MailError as error:
            refusal = replies.reply_for(error)
            return Incoming(None, self._options.bounds, refusal=refusal)

    async def finish(self, caller: Caller) -> tuple[Reply, ...]:
        """Answer the content that `intake` has taken."""
        intake, self.intake = self.intake, None
        if intake is None:
            return ()
        incoming = intake.incoming
        transaction = self._transaction
        if not intake.is_last or transaction is None:
            return (incoming.refusal or replies.CHUNK_OK,)
        self._transaction = None
        try:
            if incoming.content is None:
                return self._spread(incoming.refusal or replies.OUR_FAULT, transaction)
            return await self._accept(transaction, incoming.content, caller)
        except MailError as error:
            return self._spread(replies.reply_for(error), transaction)
        finally:
            transaction.close()

    async def _accept(
        self, transaction: Transaction, content: Content, caller: Caller
    ) -> tuple[Reply, ...]:
        accepted = await self._desk.accept(
            transaction.envelope(caller, self._protocol), content
        )
        self.accepted += 1
        if not self._answers_each:
            return (replies.accepted(accepted.trace_id),)
        if len(accepted.outcomes) != len(transaction.recipients):
            raise RuntimeError("the desk answered for another number of recipients")
        return tuple(_outcome(accepted, error) for error in accepted.outcomes)

    def _spread(self, reply: Reply, transaction: Transaction) -> tuple[Reply, ...]:
        return (reply,) * (len(transaction.recipients) if self._answers_each else 1)


def _outcome(accepted: Accepted, error: MailError | None) -> Reply:
    if error is None:
        return replies.accepted(accepted.trace_id)
    return replies.reply_for(error)


def _address(path: Path, problem: Problem) -> Address:
    """Read the mailbox of a path, which here must have a domain."""
    try:
        return Address.parse(path.mailbox)
    except Invalid as error:
        raise Malformed(problem) from error
