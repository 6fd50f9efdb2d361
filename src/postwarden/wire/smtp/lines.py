"""Command lines out of a stream of octets (RFC 5321 §2.3.8)."""

from postwarden.wire.smtp.problems import Malformed, Problem

MAX_COMMAND_LINE = 2048  # octets; RFC 5321 §4.5.3.1.4 plus all our extensions
MAX_AUTH_LINE = 12288  # octets, RFC 4954 §4


class Lines:
    """The lines of `pending`, which holds what has arrived and was not yet read.

    Others may append to it, and take from it while octets are content and not
    commands.
    """

    __slots__ = ("_discarding", "pending")

    def __init__(self, pending: bytearray) -> None:
        self.pending = pending
        self._discarding = False

    def take(self) -> bytes | None:
        """Return the next line without its CRLF, None while it is incomplete.

        Raises Malformed once per line that ends in a bare LF or is longer than
        any command may be; the stream goes on with the line after it. An endless
        line costs no memory.
        """
        pending = self.pending
        end = pending.find(b"\n")
        if end < 0:
            if len(pending) > MAX_AUTH_LINE:
                pending.clear()
                self._discarding = True
            return None
        line = bytes(pending[: end + 1])
        del pending[: end + 1]
        if self._discarding or len(line) > MAX_AUTH_LINE:
            self._discarding = False
            raise Malformed(Problem.LINE_TOO_LONG)
        # Only CRLF ends a line: RFC 5321 §2.3.8.
        if not line.endswith(b"\r\n"):
            raise Malformed(Problem.LINE)
        return line[:-2]

    def take_all(self) -> bytes:
        """Return everything that has arrived, as it is."""
        octets = bytes(self.pending)
        self.pending.clear()
        return octets
