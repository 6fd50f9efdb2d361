"""Address lists of header fields (RFC 5322 §3.4, obsolete forms of §4.4 too)."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from postwarden.wire.mime import charset, words
from postwarden.wire.mime.limits import MAX_ADDRESS, Budget

_TOKEN: Final = re.compile(
    rb"(?P<space>[ \t\r\n]++)"
    rb"|(?P<quoted>\"[^\"\\]*+(?:\\.[^\"\\]*+)*+(?:\"|\\?\Z))"
    rb"|(?P<comment>\()"
    rb"|(?P<special>[<>:;@]|,[, \t\r\n]*+)"
    rb"|(?P<literal>\[[^\[\]]*+\])"
    rb"|(?P<atom>[^ \t\r\n\"(<>,:;@\[]++|\[++)",
    re.DOTALL,
)
_PARENTHESIS: Final = re.compile(rb"\\.|[()]", re.DOTALL)
_ESCAPED: Final = re.compile(rb"\\(.)", re.DOTALL)


class HeaderAddress(NamedTuple):
    """One entry of an address list, in the form of RFC 9051 §7.5.2 ENVELOPE.

    A group begins with an entry that has only `local`, its name, and ends
    with one that has nothing. All is octets as written, `name` unquoted.
    """

    name: bytes | None
    route: bytes | None
    local: bytes | None
    domain: bytes | None

    @property
    def address(self) -> str | None:
        """`local-part@domain` as written; None for what is no address."""
        if not self.local or not self.domain:
            return None
        raw = self.local + b"@" + self.domain
        return charset.printable(charset.loosely(raw, None))


GROUP_END: Final = HeaderAddress(None, None, None, None)


class _Word(NamedTuple):
    kind: str
    octets: bytes
    is_spaced: bool  # white space or a comment stands before it


def parse_addresses(raw: bytes, budget: Budget) -> list[HeaderAddress]:
    """Return the entries of an unfolded address list; broken ones as they read."""
    budget.address_octets -= len(raw)
    if budget.address_octets < 0 or budget.addresses <= 0:
        budget.note("too-many-addresses")
        return []
    return _AddressList(raw, budget).entries


class _AddressList:
    def __init__(self, raw: bytes, budget: Budget) -> None:
        self.entries: list[HeaderAddress] = []
        self._budget = budget
        self._in_group = False
        self._start_entry()
        for word in _words(raw):
            if word.kind == "special":
                self._special(word)
            elif word.kind == "comment":
                self._comment = word.octets
            else:
                self._current.append(word)
            if budget.addresses <= 0:
                budget.note("too-many-addresses")
                break
        else:
            self._end_entry()
        self._end_group()

    def _start_entry(self) -> None:
        self._phrase: list[_Word] = []
        self._angle: list[_Word] | None = None
        self._current = self._phrase
        self._comment = b""
        self._has_at = False

    def _special(self, word: _Word) -> None:
        match word.octets:
            case b"<" if self._angle is None:
                self._angle = self._current = []
            case b">":
                self._current = self._phrase
            case b"@":
                self._current.append(word)
                self._has_at = True
            case b":" if self._current is self._angle:
                self._current.append(word)
            case b":" if self._may_start_group():
                self._start_group()
            case b"," if self._is_in_route():
                self._current.append(word)
            case b",":
                self._end_entry()
            case b";":
                self._end_entry()
                self._end_group()
            case _:
                pass  # a stray special says nothing

    def _is_in_route(self) -> bool:
        """Tell whether hosts of an obs-route are being listed (RFC 5322 §4.4)."""
        angle = self._angle
        return bool(angle) and self._current is angle and angle[0].octets == b"@"

    def _may_start_group(self) -> bool:
        """Tell whether a colon ends a group's name, not an address' rubbish."""
        return not (self._in_group or self._has_at or self._angle is not None)

    def _start_group(self) -> None:
        name = _joined(self._phrase)
        self._add(HeaderAddress(None, None, name, None))
        self._in_group = True
        self._start_entry()

    def _end_group(self) -> None:
        if self._in_group:
            self.entries.append(GROUP_END)
            self._in_group = False

    def _end_entry(self) -> None:
        if self._angle is not None:
            route, local, domain = _angle_address(self._angle)
            name = _joined(self._phrase) or None
            self._add(HeaderAddress(name, route, local, domain))
        elif self._phrase:
            before, local, domain = _bare_address(self._phrase)
            name = _joined(before) or self._comment or None
            self._add(HeaderAddress(name, None, local, domain))
        self._start_entry()

    def _add(self, entry: HeaderAddress) -> None:
        if len(entry.local or b"") + len(entry.domain or b"") >= MAX_ADDRESS:
            self._budget.note("address-too-long")
            return
        self._budget.addresses -= 1
        self.entries.append(entry)


def _words(raw: bytes) -> Iterator[_Word]:
    position = 0
    is_spaced = False
    while token := _TOKEN.match(raw, position):
        position = token.end()
        kind = token.lastgroup or ""
        if kind == "comment":
            end = comment_end(raw, position)
            yield _Word(kind, raw[position : end - 1].strip(), is_spaced)
            position = end
        elif kind == "special":
            yield _Word(kind, token[0][:1], is_spaced)
        elif kind != "space":
            yield _Word(kind, token[0], is_spaced)
        is_spaced = kind in {"space", "comment"}


def comment_end(raw: bytes, position: int) -> int:
    """Return the offset after a comment; `position` is after its first `(`."""
    depth = 1
    for parenthesis in _PARENTHESIS.finditer(raw, position):
        if parenthesis[0] == b"(":
            depth += 1
        elif parenthesis[0] == b")":
            depth -= 1
            if not depth:
                return parenthesis.end()
    return len(raw) + 1  # never closed: all the rest, as if it were


def without_comments(raw: bytes) -> bytes:
    """Return a value with a space for each comment (RFC 5322 §3.2.2)."""
    if b"(" not in raw:
        return raw
    pieces: list[bytes] = []
    position = 0
    while True:
        start = raw.find(b"(", position)
        if start == -1:
            return b" ".join([*pieces, raw[position:]])
        pieces.append(raw[position:start])
        position = min(comment_end(raw, start + 1), len(raw))


def unquoted(octets: bytes) -> bytes:
    """Return a quoted-string without its quotes (RFC 5322 §3.2.4)."""
    if not octets.startswith(b'"'):
        return octets
    inner = octets[1:-1] if len(octets) > 1 and octets[-1:] == b'"' else octets[1:]
    return _ESCAPED.sub(rb"\1", inner)


def _joined(phrase: list[_Word]) -> bytes:
    pieces: list[bytes] = []
    for word in phrase:
        if word.is_spaced and pieces:
            pieces.append(b" ")
        pieces.append(unquoted(word.octets))
    return b"".join(pieces)


def _angle_address(inner: list[_Word]) -> tuple[bytes | None, bytes, bytes]:
    """Split what stands in angle brackets into route, local part and domain."""
    route: bytes | None = None
    colons = [i for i, word in enumerate(inner) if word.octets == b":"]
    if colons and inner[0].octets == b"@":  # RFC 5322 §4.4 obs-route
        route = b"".join(word.octets for word in inner[: colons[-1]])
        inner = inner[colons[-1] + 1 :]
    at = _last_at(inner)
    if at is None:
        return route, b"".join(word.octets for word in inner), b""
    local = b"".join(word.octets for word in inner[:at])
    return route, local, b"".join(word.octets for word in inner[at + 1 :])


def _bare_address(phrase: list[_Word]) -> tuple[list[_Word], bytes, bytes]:
    """Split words without angle brackets: words before, local part, domain."""
    at = _last_at(phrase)
    if at is None:
        return [], _joined(phrase), b""
    start = at
    while start and (start == at or _belongs(phrase, start)):
        start -= 1
    end = at + 1
    while end < len(phrase) and (end == at + 1 or _belongs(phrase, end)):
        end += 1
    local = b"".join(word.octets for word in phrase[start:at])
    return phrase[:start], local, b"".join(w.octets for w in phrase[at + 1 : end])


def _belongs(phrase: list[_Word], index: int) -> bool:
    """Tell whether a word continues the one before it (RFC 5322 §4.4 dots)."""
    word, before = phrase[index], phrase[index - 1]
    is_dotted = word.octets.startswith(b".") or before.octets.endswith(b".")
    return not word.is_spaced or is_dotted


def _last_at(phrase: list[_Word]) -> int | None:
    for index in range(len(phrase) - 1, -1, -1):
        if phrase[index].octets == b"@" and phrase[index].kind == "special":
            return index
    return None


def author_key(entry: HeaderAddress) -> str:
    """Return what two spellings of one author share; for fingerprints."""
    name = words.decode_text(entry.name or b"")
    local = words.decode_text(unquoted(entry.local or b""))
    domain = words.decode_text(entry.domain or b"").lower()
    return f"{' '.join(name.split())} <{local}@{domain}>"
