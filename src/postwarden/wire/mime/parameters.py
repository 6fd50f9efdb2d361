"""Fields with parameters: Content-Type and Content-Disposition, RFC 2231."""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, takewhile
from typing import Final
from urllib.parse import unquote_to_bytes

from postwarden.wire.mime import charset, words
from postwarden.wire.mime.limits import MAX_PARAMETERS, Budget

_TOKEN: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_MEDIA_TYPE: Final = re.compile(rb"[ \t]*(%b)[ \t]*/[ \t]*(%b)" % (_TOKEN, _TOKEN))
_DISPOSITION: Final = re.compile(rb"[ \t]*(%b)" % _TOKEN)
_SEPARATOR: Final = re.compile(rb"[ \t;]++")
_NAME: Final = re.compile(rb"([^\s=;\"]++)[ \t]*+=[ \t]*+")
_QUOTED: Final = re.compile(rb'"([^"\\]*+(?:\\.[^"\\]*+)*+)"?')
_COMMENT: Final = re.compile(rb"(?<=[ \t;])\([^()\"]*\)")
_ESCAPED: Final = re.compile(rb'\\(["\\])')  # "C:\temp" keeps its backslashes
_SEGMENT: Final = re.compile(rb"\*(\d{1,3})(\*?)")
_MAY_HAVE_SPACES: Final = frozenset({b"name", b"filename"})


@dataclass(frozen=True, slots=True)
class Parameterised:
    """A field value such as `text/plain; charset=utf-8`.

    `value` is in lower case; the parameters are as written, unquoted, their
    names in lower case.
    """

    value: str
    parameters: tuple[tuple[bytes, bytes], ...] = ()

    def octets(self, name: bytes) -> bytes | None:
        """Return the first parameter of that name, as written."""
        for known, value in self.parameters:
            if known == name:
                return value
        return None

    def text(self, name: bytes) -> str | None:
        """Return a parameter decoded: RFC 2231 first, then RFC 2047."""
        if not self.parameters:
            return None
        extended = self._extended(name)
        if extended is not None:
            return extended
        plain = self.octets(name)
        return None if plain is None else words.decode_text(plain)

    def _extended(self, name: bytes) -> str | None:
        segments: dict[int, tuple[bytes, bool]] = {}
        for known, value in self.parameters:
            if not known.startswith(name + b"*"):
                continue
            if known == name + b"*":
                return _percent_text([(value, True)])
            number = _SEGMENT.fullmatch(known, len(name))
            if number:
                segments.setdefault(int(number[1]), (value, bool(number[2])))
        unbroken = takewhile(segments.__contains__, count())
        in_order = [segments[number] for number in unbroken]
        return _percent_text(in_order) if in_order else None


def _percent_text(segments: list[tuple[bytes, bool]]) -> str:
    """Join the segments of one value (RFC 2231 §3, §4.1)."""
    first, is_extended = segments[0]
    codec: str | None = None
    if is_extended and first.count(b"'") >= 2:
        label, _language, first = first.split(b"'", 2)
        codec = charset.codec_of(label.decode("latin-1"))
        segments = [(first, True), *segments[1:]]
    octets = b"".join(
        unquote_to_bytes(value) if encoded else value for value, encoded in segments
    )
    if not is_extended and b"=?" in octets:
        return words.decode_text(octets)
    return charset.printable(charset.loosely(octets, codec))


TEXT_PLAIN: Final = Parameterised("text/plain", ((b"charset", b"us-ascii"),))
MESSAGE: Final = Parameterised("message/rfc822")
OCTETS: Final = Parameterised("application/octet-stream")


def media_type(raw: bytes, budget: Budget) -> Parameterised | None:
    """Return a Content-Type (RFC 2045 §5.1), None if it is none."""
    if len(raw) <= 100 and b"boundary" not in raw:
        return _common_media_type(raw)
    return _parse(_MEDIA_TYPE, raw, budget)


@lru_cache(maxsize=1024)
def _common_media_type(raw: bytes) -> Parameterised | None:
    return _parse(_MEDIA_TYPE, raw, Budget())  # too short to exceed a bound


def disposition(raw: bytes, budget: Budget) -> Parameterised | None:
    """Return a Content-Disposition (RFC 2183 §2), None if it is none."""
    return _parse(_DISPOSITION, raw, budget)


def _parse(
    pattern: re.Pattern[bytes], raw: bytes, budget: Budget
) -> Parameterised | None:
    value = pattern.match(raw)
    if not value:
        return None
    name = b"/".join(value.groups()).decode("ascii").lower()
    return Parameterised(name, _parameters(raw[value.end() :], budget))


def _parameters(raw: bytes, budget: Budget) -> tuple[tuple[bytes, bytes], ...]:
    if b"=" not in raw:
        return ()
    if b"(" in raw:
        raw = _COMMENT.sub(b" ", raw)
    found: list[tuple[bytes, bytes]] = []
    position = 0
    while position < len(raw):
        separator = _SEPARATOR.match(raw, position)
        position = separator.end() if separator else position
        name = _NAME.match(raw, position)
        if not name:
            position = raw.find(b";", position) + 1 or len(raw)
            continue
        if len(found) == MAX_PARAMETERS:
            budget.note("too-many-parameters")
            break
        attribute = name[1].lower()
        value, position = _value(raw, name.end(), attribute)
        found.append((attribute, value))
    return tuple(found)


def _value(raw: bytes, position: int, attribute: bytes) -> tuple[bytes, int]:
    quoted = _QUOTED.match(raw, position)
    if quoted:
        return _ESCAPED.sub(rb"\1", quoted[1]), quoted.end()
    end = raw.find(b";", position)
    end = len(raw) if end == -1 else end
    value = raw[position:end].strip()
    # Only a file name is meant with the spaces somebody forgot to quote.
    if attribute.partition(b"*")[0] not in _MAY_HAVE_SPACES:
        value = value.split(None, 1)[0] if value else b""
    return value, end
