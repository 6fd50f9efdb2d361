"""SMTP replies as values (RFC 5321 §4.2) with enhanced codes (RFC 3463 §2)."""

import re
from dataclasses import dataclass, field

MAX_REPLY_LINE = 512  # octets with CRLF, RFC 5321 §4.5.3.1.5

_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply; a text with line feeds makes it a reply of several lines.

    `enhanced` is None where none may stand: in the greeting, in the answer to
    HELO and EHLO, and in 3yz replies (RFC 2034 §4). `octets` is the wire form:
    characters that could break a line or leave ASCII become `?`, and a line too
    long is cut, so that no text from a stranger can forge a second reply.
    """

    code: int
    enhanced: str | None
    text: str
    octets: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        lines = self.text.split("\n")
        last = len(lines) - 1
        octets = b"".join(
            self._line(text, final=number == last) for number, text in enumerate(lines)
        )
        object.__setattr__(self, "octets", octets)

    def _line(self, text: str, *, final: bool) -> bytes:
        start = f"{self.code}{' ' if final else '-'}"
        if self.enhanced is not None:
            start += f"{self.enhanced} "
        line = start + _UNPRINTABLE.sub("?", text)
        return line.encode("ascii")[: MAX_REPLY_LINE - 2] + b"\r\n"

    @property
    def is_permanent(self) -> bool:
        """Whether this says never to try the same again (RFC 5321 §4.2.1)."""
        return self.code >= 500
