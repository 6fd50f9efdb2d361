"""Reverse and forward paths (RFC 5321 §4.1.2, RFC 6531 §3.3)."""

import re
from dataclasses import dataclass

from postwarden.wire.smtp.problems import Malformed, Problem

# `<`, a source route that is read and ignored (RFC 5321 §4.1.1.3), a mailbox, `>`.
# Every repetition is of one class of characters, so matching is linear.
_PATH = re.compile(
    r"<"
    r"(?:@[^\s<>:,@\"\\]+(?:,@[^\s<>:,@\"\\]+)*:)?"
    r"(?P<mailbox>"
    r"(?:\"(?:[^\"\\]|\\.)*\"|[^\s<>@\"\\:,]+)"
    r"(?:@(?:\[[^\s<>@\"\\\[\]]+\]|[^\s<>@\"\\:,\[\]]+))?"
    r")?>"
)


@dataclass(frozen=True, slots=True)
class Path:
    """What stood between the angle brackets, without a source route.

    `mailbox` is empty for the null path, and otherwise `local-part@domain` as it
    was written, or a local part alone.
    """

    mailbox: str

    @property
    def is_null(self) -> bool:
        return not self.mailbox

    @property
    def is_postmaster(self) -> bool:
        """Whether this is `<postmaster>`, the one path that needs no domain."""
        return self.mailbox.lower() == "postmaster"  # RFC 5321 §4.1.1.3

    @property
    def is_ascii(self) -> bool:
        return self.mailbox.isascii()


def parse_path(text: str, problem: Problem) -> tuple[Path, str]:
    """Read a path at the start of `text`; return it and what follows.

    Raises Malformed with `problem`. The local part and domain are only told apart
    from their surroundings here; whether they are valid is for the caller.
    """
    match = _PATH.match(text)
    if match is None:
        raise Malformed(problem)
    return Path(match["mailbox"] or ""), text[match.end() :]
