"""How long a session may go on without being of use (RFC 5321 §7.8)."""

from collections.abc import Sequence

from postwarden.smtpd import replies
from postwarden.smtpd.options import Limits
from postwarden.wire.smtp.replies import Reply

_SURPLUS = 20  # times the recipients of one mail that are refused without end


class Patience:
    """Counts between two accepted mails; an accepted mail clears them.

    `delay` is for how many seconds the last answer is to be kept back; `farewell`
    is the reply to see the session off with, once it is due. Only permanent
    refusals count as errors: a temporary one is our trouble, not the client's. A
    recipient too many is no command too many: who sends a mail to far more people
    than one mail may have must come to its content (RFC 5321 §4.5.3.1.10).
    """

    __slots__ = (
        "_accepted",
        "_commands",
        "_errors",
        "_limits",
        "_surplus",
        "delay",
        "farewell",
    )

    def __init__(self, limits: Limits) -> None:
        self.delay: float = 0
        self.farewell: Reply | None = None
        self._limits = limits
        self._accepted = self._commands = self._errors = self._surplus = 0

    def may_command(self) -> bool:
        """Count a command; false when it is one too many."""
        self._commands += 1
        if self._commands <= self._limits.commands + self._limits.recipients:
            return True
        self.end(replies.TOO_MANY_COMMANDS)
        return False

    def answered(
        self, answer: Sequence[Reply], *, accepted: int, failed_logins: int
    ) -> None:
        """Hear what was answered, and the counts of the session so far."""
        self.delay = 0
        if accepted > self._accepted:
            self._accepted = accepted
            self._commands = self._errors = self._surplus = 0
        most = _SURPLUS * self._limits.recipients
        if replies.TOO_MANY_RECIPIENTS in answer and self._surplus < most:
            self._surplus += 1
            self._commands -= 1
        if any(reply.is_permanent for reply in answer):
            self._refused()
        if failed_logins >= self._limits.failed_logins:
            self.end(replies.TOO_MANY_LOGINS)

    def end(self, farewell: Reply) -> None:
        """See the session off; the first reason is the one told."""
        if self.farewell is None:
            self.farewell = farewell

    def _refused(self) -> None:
        limits = self._limits
        self._errors += 1
        excess = max(0, self._errors - limits.errors_before_delay)
        self.delay = min(
            excess * limits.error_delay_seconds, limits.max_error_delay_seconds
        )
        if self._errors >= limits.errors:
            self.end(replies.TOO_MANY_ERRORS)
