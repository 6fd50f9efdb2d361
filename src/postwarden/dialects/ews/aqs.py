"""Advanced Query Syntax: the words that people type, as far as mail goes.

    from:ada (subject:"quarterly report" OR budget) -received:2026-01-01..2026-01-31

Terms next to each other must all match. Words match whole words, and the beginning of
the last one unless they are quoted; AND, OR and NOT are words in capitals.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from postwarden.dialects.ews.codes import Code
from postwarden.dialects.ews.failures import Failed
from postwarden.dialects.ews.restrictions import Restriction
from postwarden.model.addresses import Address
from postwarden.model.errors import Invalid
from postwarden.model.queries import (
    NOTHING,
    AddressField,
    AddressMatch,
    After,
    All,
    Before,
    HasAttachment,
    Is,
    Larger,
    Node,
    Smaller,
    TextField,
    Trait,
    Words,
    all_of,
    any_of,
    negated,
    words_of,
)

MAX_LENGTH: Final = 2000  # characters
MAX_TERMS: Final = 100
MAX_DEPTH: Final = 20

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<paren>[()])|(?P<minus>-(?=\S))"
    r'|(?:(?P<field>[A-Za-z]+):\s*)?(?:"(?P<quoted>[^"]*)"|(?P<word>[^\s()"]+)))'
)
_DAY: Final = timedelta(days=1)
_TEXTS: Final = {
    "subject": TextField.SUBJECT,
    "body": TextField.BODY,
    "from": TextField.AUTHOR,
    "to": TextField.TO,
    "cc": TextField.CC,
    "attachment": TextField.FILENAME,
    "attachmentnames": TextField.FILENAME,
}
_ADDRESSES: Final = {
    "from": AddressField.AUTHOR,
    "to": AddressField.TO,
    "cc": AddressField.CC,
}
_KINDS: Final = frozenset({"email", "mail", "item", "note"})


def restriction_of_words(text: str) -> Restriction:
    """Return what a QueryString finds, which the store knows; raises Failed."""
    query = parsed(text)
    return Restriction(
        accepts=lambda _: True, query=query, is_exact=True, is_words=True
    )


def parsed(text: str) -> Node:
    """Read a QueryString; raises Failed for what is none."""
    if len(text) > MAX_LENGTH:
        raise _wrong("it is too long")
    return _Parser(text.strip()).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[re.Match[str]] = []
        position = 0
        while position < len(text):
            token = _TOKEN.match(text, position)
            if token is None:
                raise _wrong(f"nothing begins with {text[position:][:20]!r}")
            self._tokens.append(token)
            position = token.end()
        if len(self._tokens) > MAX_TERMS:
            raise _wrong("it has too many terms")
        self._at = 0

    def whole(self) -> Node:
        found = self._any(0) if self._tokens else All()
        if self._at < len(self._tokens):
            raise _wrong("a parenthesis is closed that was not opened")
        return found

    @property
    def _next(self) -> str:
        """The next token if it is a parenthesis, a minus or a bare word."""
        if self._at >= len(self._tokens):
            return ")"
        token = self._tokens[self._at]
        if token["field"]:
            return ""
        return token["paren"] or token["minus"] or token["word"] or ""

    def _any(self, depth: int) -> Node:
        parts = [self._all(depth)]
        while self._next == "OR":
            self._at += 1
            parts.append(self._all(depth))
        return any_of(parts)

    def _all(self, depth: int) -> Node:
        parts = [self._one(depth)]
        while self._next not in {")", "OR"}:
            if self._next == "AND":
                self._at += 1
            parts.append(self._one(depth))
        return all_of(parts)

    def _one(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise _wrong("it is nested too deep")
        match self._next:
            case "NOT" | "-":
                self._at += 1
                found = self._one(depth + 1)
                return NOTHING if found == All() else negated(found)
            case "(":
                self._at += 1
                found = self._any(depth + 1)
                if self._at >= len(self._tokens):
                    raise _wrong("a parenthesis is not closed")
                self._at += 1
                return found
            case ")" | "OR" | "AND":
                raise _wrong("a term is missing")
            case _:
                token = self._tokens[self._at]
                self._at += 1
                return _term(token["field"], token["quoted"], token["word"])


def _term(field: str | None, quoted: str | None, word: str | None) -> Node:
    text, is_phrase = (word or "", False) if quoted is None else (quoted, True)
    if field is None:
        return _words(TextField.TEXT, text, is_phrase=is_phrase)
    name = field.lower()
    if name in _TEXTS:
        return _in_field(name, text, is_phrase=is_phrase)
    if name == "participants":
        names = ("from", "to", "cc")
        return any_of(_in_field(each, text, is_phrase=is_phrase) for each in names)
    if name in _OTHERS:
        return _OTHERS[name](text)
    raise _wrong(f"there is no property {field[:40]!r}")


def _in_field(name: str, text: str, *, is_phrase: bool) -> Node:
    if name in _ADDRESSES:
        try:
            domain, _, local_key = Address.parse(text).key.partition("/")
        except Invalid:
            pass
        else:
            return AddressMatch(_ADDRESSES[name], local_key, domain)
    return _words(_TEXTS[name], text, is_phrase=is_phrase)


def _words(field: TextField, text: str, *, is_phrase: bool) -> Node:
    words = tuple(words_of(text.removesuffix("*")))
    return Words(field, words, prefix=not is_phrase) if words else NOTHING


def _received(text: str) -> Node:
    begin, dots, end = text.partition("..")
    if dots:
        return all_of([After(_day(begin)), Before(_day(end) + _DAY)])
    comparison = re.match(r"[<>]=?", text)
    if comparison is None:
        day = _day(text)
        return all_of([After(day), Before(day + _DAY)])
    day = _day(text[comparison.end() :])
    queries: dict[str, Node] = {
        ">": After(day + _DAY),
        ">=": After(day),
        "<": Before(day),
        "<=": Before(day + _DAY),
    }
    return queries[comparison[0]]


def _day(text: str) -> datetime:
    for form in ("%Y-%m-%d", "%m/%d/%Y"):
        try:
            found = datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        if 1900 <= found.year < 9000:
            return found
    raise _wrong(f"{text[:20]!r} is no day: write 2026-11-27")


def _size(text: str) -> Node:
    found = re.fullmatch(r"([<>])=?(\d{1,15})", text, re.ASCII)
    if found is None:
        raise _wrong("a size is written >1000 or <1000")
    octets = int(found[2])
    return Larger(octets) if found[1] == ">" else Smaller(octets)


def _boolean(node: Node) -> Callable[[str], Node]:
    def read(text: str) -> Node:
        if text.lower() not in {"true", "false", "yes", "no"}:
            raise _wrong(f"{text[:20]!r} is neither true nor false")
        return node if text.lower() in {"true", "yes"} else negated(node)

    return read


def _kind(text: str) -> Node:
    return All() if text.lower() in _KINDS else NOTHING


_OTHERS: Final[dict[str, Callable[[str], Node]]] = {
    "received": _received,
    "size": _size,
    "kind": _kind,
    "hasattachment": _boolean(HasAttachment()),
    "hasattachments": _boolean(HasAttachment()),
    "isread": _boolean(Is(Trait.READ)),
    "read": _boolean(Is(Trait.READ)),
    "isflagged": _boolean(Is(Trait.FLAGGED)),
}


def _wrong(what: str) -> Failed:
    return Failed(Code.INVALID_OPERATION, f"The query string cannot be read: {what}.")
