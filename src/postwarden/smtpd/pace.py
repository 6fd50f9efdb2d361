"""How fast a client must be (RFC 5321 §4.5.3.2); times are seconds of the loop."""

from postwarden.smtpd.options import Limits


class Pace:
    """Deadlines for the next command and the next piece of content.

    A command must arrive whole in its time, and the waits for commands between
    two accepted mails have one budget, so that trickling octets or empty commands
    gain nothing. Content may come slowly, but never below a rate, nor for ever.
    """

    __slots__ = (
        "_accepted",
        "_asked_at",
        "_content_began",
        "_content_size",
        "_idle",
        "_limits",
    )

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._accepted = 0
        self._asked_at: float | None = None
        self._content_began: float | None = None
        self._content_size = 0
        self._idle = 0.0

    def command_deadline(self, now: float) -> float:
        if self._asked_at is None:
            self._asked_at = now
        return min(
            self._asked_at + self._limits.command_seconds,
            now + self._limits.idle_seconds - self._idle,
        )

    def content_deadline(self, now: float) -> float:
        """The next piece is due, and so is the average since content began."""
        limits = self._limits
        if self._content_began is None:
            self._content_began = now
        may_last = limits.content_seconds
        if limits.data_rate:
            earned = limits.data_seconds + self._content_size / limits.data_rate
            may_last = min(may_last, earned)
        return min(now + limits.data_seconds, self._content_began + may_last)

    def waited(self, seconds: float) -> None:
        """Charge a wait for a command."""
        self._idle += seconds

    def took_command(self) -> None:
        self._asked_at = None

    def took_content(self, size: int, *, is_complete: bool) -> None:
        self._content_size += size
        if is_complete:
            self._content_began = None
            self._content_size = 0

    def accepted(self, mails: int) -> None:
        """Hear how many mails were accepted so far; another clears the budget."""
        if mails > self._accepted:
            self._accepted = mails
            self._idle = 0.0
