"""Message identifiers: Message-ID, In-Reply-To, References, List-Id."""

import re
from typing import Final

from postwarden.wire.mime import charset
from postwarden.wire.mime.addresses import without_comments
from postwarden.wire.mime.headers import Header
from postwarden.wire.mime.limits import MAX_MESSAGE_ID, MAX_REFERENCES, Budget

_IN_ANGLES: Final = re.compile(rb"<([^<>]*+)>")


def message_id(header: Header, budget: Budget) -> str | None:
    """Return the Message-ID as `<id>`, None without one (RFC 5322 §3.6.4).

    White space from folding and comments are left out; the angle brackets
    somebody forgot are put back. An id too long to keep is none: cut short it
    would be another's.
    """
    raw = header.first(b"message-id")
    if not raw:
        return None
    written = _written(raw)
    found = _readable(written[:1])
    if written and not found:
        budget.note("message-id-too-long")
    return found[0] if found else None


def in_reply_to(header: Header) -> str | None:
    """Return the first id of In-Reply-To; old mailers write prose there."""
    raw = header.first(b"in-reply-to")
    if not raw or b"<" not in raw:
        return None
    found = _readable(_written(raw)[:1])
    return found[0] if found else None


def references(header: Header) -> tuple[str, ...]:
    """Return the ids of References, the last hundred, oldest first."""
    raw = b" ".join(header.every(b"references"))
    return tuple(_readable(_written(raw)[-MAX_REFERENCES:])) if b"<" in raw else ()


def list_id(header: Header) -> str | None:
    """Return the List-Id in lower case, without description (RFC 2919 §3)."""
    raw = header.first(b"list-id")
    if not raw:
        return None
    found = _readable(_written(raw)[:1])
    return found[0][1:-1].lower() or None if found else None


def _written(raw: bytes) -> list[bytes]:
    """Return what stands in angle brackets, else the first word."""
    in_angles: list[bytes] = _IN_ANGLES.findall(raw)
    return in_angles or without_comments(raw).split(None, 1)[:1]


def _readable(identifiers: list[bytes]) -> list[str]:
    return [
        f"<{identifier}>"
        for identifier in map(_plain, identifiers)
        if 0 < len(identifier) < MAX_MESSAGE_ID - 1
    ]


def _plain(octets: bytes) -> str:
    return charset.printable(charset.loosely(b"".join(octets.split()), None))
