"""Query text into tokens: parentheses, operators, and operands with their values."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, NoReturn

from postwarden.model.errors import Invalid

MAX_OCTETS: Final = 16 * 1024
MAX_TERMS: Final = 500

_NAME: Final = re.compile(r"([^\W\d_](?:[^\W_]|-)*):")
_PLAIN: Final = re.compile(r'[^\s()"]*')
_PLAIN_VALUE: Final = re.compile(r'[^\s()"*]+\Z')
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL)
_SPECIAL: Final = re.compile(r'\\(["\\*])|\*')
_REFUSED: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
_FOREIGN: Final = frozenset("\u2010\u2011\u2012\u2013\u2014\u2212\u201c\u201d\u201e")
"""What word processors make of `-` and `"`."""


class Kind(Enum):
    OPEN = auto()
    CLOSE = auto()
    OR = auto()
    AND = auto()
    OPERAND = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Value:
    """What a term is given, escapes resolved and the wildcard taken off."""

    text: str
    wildcard: bool = False
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Token:
    kind: Kind
    position: int
    """In characters, from 1."""
    negated: bool = False
    """Of OPEN and OPERAND: a `-` stands before it."""
    name: str | None = None
    """Of OPERAND: the term in lower case, None for a bare word or phrase."""
    value: Value = Value("")


def refuse(message: str, position: int, term: str | None = None) -> NoReturn:
    """Raise Invalid for what stands at a position."""
    subject = f"{term}: at" if term else "at"
    raise Invalid(f"{subject} position {position}: {message}", field=term)


def tokens_of(text: str) -> Iterator[Token]:
    """Yield the tokens of a query, the last one END; raises Invalid."""
    if len(text.encode(errors="surrogatepass")) > MAX_OCTETS:
        raise Invalid(f"a query has at most {MAX_OCTETS} octets")
    if found := _REFUSED.search(text):
        refuse("a control character, or not UTF-8", found.start() + 1)
    operands = 0
    index = _after_space(text, 0)
    while index < len(text):
        token, index = _token(text, index)
        operands += token.kind is Kind.OPERAND
        if operands > MAX_TERMS:
            refuse(f"a query has at most {MAX_TERMS} terms", token.position)
        yield token
        index = _after_space(text, index)
    yield Token(Kind.END, len(text) + 1)


def needs_quotes(value: str) -> bool:
    """Whether a value, to be read as it is, must stand in quotation marks."""
    return value[:1] in _FOREIGN or not _PLAIN_VALUE.match(value)


def _after_space(text: str, index: int) -> int:
    while text[index : index + 1].isspace():
        index += 1
    return index


def _token(text: str, start: int) -> tuple[Token, int]:
    """Return the token that begins at `start`, and where it ends."""
    if text[start] == ")":
        return Token(Kind.CLOSE, start + 1), _ended(text, start + 1)
    negated = text[start] == "-"
    index = start + negated
    following = text[index : index + 1]
    if negated and (following in {"", "-", ")"} or following.isspace()):
        refuse("write - once, directly before what it negates: -is:read", start + 1)
    if following == "(":
        return Token(Kind.OPEN, start + 1, negated=negated), index + 1
    if following in _FOREIGN:
        refuse(f'write - and " instead of {following!r}', index + 1)
    return _operand(text, start, index, negated=negated)


def _operand(text: str, start: int, index: int, *, negated: bool) -> tuple[Token, int]:
    name = None
    if named := _NAME.match(text, index):
        name, index = named[1].lower(), named.end()
    value, end = _value(text, index, name)
    position = start + 1
    if name is None and not value.quoted and not value.wildcard:
        if value.text in {"OR", "AND"} and not negated:
            return Token(Kind[value.text], position), end
        if value.text in {"OR", "AND", "NOT"}:
            refuse(
                f'negate with -, as in -is:read; for the word write "{value.text}"',
                position,
            )
    return Token(Kind.OPERAND, position, negated, name, value), end


def _value(text: str, index: int, name: str | None) -> tuple[Value, int]:
    """Return the value that begins at `index`, and where it ends."""
    position = index + 1
    if text[index : index + 1] in _FOREIGN:
        refuse(f'write - and " instead of {text[index]!r}', position, name)
    if text[index : index + 1] != '"':
        plain = _PLAIN.match(text, index)
        end = plain.end() if plain else index
        return _plain(text[index:end], position, name), _ended(text, end, name)
    quoted = _QUOTED.match(text, index)
    if quoted is None:
        refuse("the quotation mark is not closed", position, name)
    content, wildcard = _unescaped(quoted[1], position + 1, name)
    end = quoted.end()
    if text[end : end + 1] == "*":
        wildcard, end = True, end + 1
    return Value(content, wildcard, quoted=True), _ended(text, end, name)


def _plain(text: str, position: int, name: str | None) -> Value:
    content = text.removesuffix("*")
    if "*" in content:
        _refuse_star(position + content.index("*"), name)
    return Value(content, wildcard=content != text)


def _unescaped(text: str, position: int, name: str | None) -> tuple[str, bool]:
    """Return the content of quotation marks, and whether a wildcard ends it."""
    wildcard = False

    def meant(special: re.Match[str]) -> str:
        nonlocal wildcard
        if special[1]:
            return special[1]
        if special.end() < len(text):
            _refuse_star(position + special.start(), name)
        wildcard = True
        return ""

    content = _SPECIAL.sub(meant, text)
    return content, wildcard


def _refuse_star(position: int, name: str | None) -> NoReturn:
    refuse(
        "* stands only at the end, as in ada*; a domain is written @example.org,"
        ' and the character itself "\\*" in quotation marks',
        position,
        name,
    )


def _ended(text: str, end: int, name: str | None = None) -> int:
    """Return `end` if an operand or `)` may end there."""
    following = text[end : end + 1]
    if following and following != ")" and not following.isspace():
        refuse(
            f"a space is missing before {following}, or quotation marks around the"
            ' value: subject:"a (b)"',
            end + 1,
            name,
        )
    return end
