"""Paths as James reads them: split first, decoded then, some parts decoded twice.

A segment ends at `;`, a `%2F` stays within it, and a `+` is a plus. What James calls
an address, a domain or a pattern it decodes once more, as a form is decoded: there a
`+` is a blank, and a plus is written `%252B`.
"""

import re
from urllib.parse import unquote_to_bytes

from postwarden.dialects.james.envelope import BadMessage, illegal

_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNDECODABLE = "URLDecoder: Illegal hex characters in escape (%) pattern"
_INCOMPLETE = "URLDecoder: Incomplete trailing escape (%) pattern"


class Undecodable(ValueError):
    """A `%` behind which there are no two hexadecimal digits."""


def segments_of(path: str) -> list[str]:
    """Split a path as it came; raises BadMessage for a `%` that encodes nothing.

    Empty segments count at the end only.
    """
    if _BAD_ESCAPE.search(path):
        raise BadMessage("a % encodes nothing")
    *inner, last = path.partition("#")[0].split("/")
    return [each.partition(";")[0] for each in inner if each] + [last.partition(";")[0]]


def shown(path: str) -> str:
    """Return a path as James names it when there is nothing: decoded, without dots."""
    decoded = unquote_to_bytes(path.partition("#")[0].encode("latin-1"))
    kept: list[str] = []
    for segment in decoded.decode(errors="replace").split("/"):
        if segment == ".." and len(kept) > 1:
            kept.pop()
        elif segment not in {".", ".."}:
            kept.append(segment)
    return "/".join(kept) or "/"


def decoded(segment: str) -> str:
    """Decode a segment once; raises Fault for octets that are no UTF-8."""
    octets = unquote_to_bytes(segment.encode("latin-1"))
    try:
        return octets.decode()
    except UnicodeDecodeError as error:
        bad = f"{octets[error.start]:02x}".capitalize()
        raise illegal(f"Not valid UTF8! byte {bad} in state 0") from error


def decoded_again(text: str) -> str:
    """Decode what is decoded already, as a form is; raises Undecodable."""
    if (bad := _BAD_ESCAPE.search(text)) is not None:
        digits = text[bad.end() : bad.end() + 2]
        if len(digits) < 2:
            raise Undecodable(_INCOMPLETE)
        raise Undecodable(f'{_UNDECODABLE} - Error at index 0 in: "{digits}"')
    octets = unquote_to_bytes(text.replace("+", " "))
    return octets.decode(errors="replace")
