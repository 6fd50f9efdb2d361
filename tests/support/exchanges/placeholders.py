"""`{{name}}` in what is sent and what is awaited, and what may stand there besides."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pyotp

_INNERMOST = re.compile(r"\{\{([^{}]*)\}\}")
_WRITTEN: dict[str, Callable[[str], str]] = {
    "url": lambda text: quote(text, safe=""),
    "json": lambda text: json.dumps(text)[1:-1],
    "hex": lambda text: f"{int(text):X}",
}


class Unbound(Exception):
    """A step needs what no step before it has given."""


class Variables(dict[str, str]):
    """What is bound, by name.

    `url:NAME`, `json:NAME` and `hex:NAME` are a variable percent-encoded, escaped for
    JSON, and as an upper-case hexadecimal number; `b64:TEXT`, `totp:SECRET`, `now+N`
    (seconds, RFC 3339 in UTC) and `yyyymm` are made on the spot.
    """

    def __init__(
        self,
        given: Mapping[str, str] | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__(given or {})
        self._now = now

    def fill(self, text: str) -> str:
        """Replace what stands in braces, the innermost first; raises Unbound."""
        while "{{" in text:
            filled = _INNERMOST.sub(lambda found: self._value(found[1]), text)
            if filled == text:
                return text
            text = filled
        return text

    def _value(self, word: str) -> str:
        if word in self:
            return self[word]
        if word == "yyyymm":
            return self._now().strftime("%Y%m")
        if word.startswith("now+"):
            time = self._now() + timedelta(seconds=int(word[4:]))
            return time.strftime("%Y-%m-%dT%H:%M:%SZ")
        kind, _, given = word.partition(":")
        if kind == "totp":
            return pyotp.TOTP(given).at(self._now())
        if kind == "b64":
            return base64.b64encode(given.encode()).decode()
        if kind in _WRITTEN and given in self:
            return _WRITTEN[kind](self[given])
        raise Unbound(word)
