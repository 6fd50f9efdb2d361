"""Query text into a tree (docs/query.md is the reference for those who write it).

query    = any-of
any-of   = all-of *("OR" all-of)
all-of   = operand *(["AND"] operand)
operand  = ["-"] ( "(" any-of ")" / [term ":"] value )
value    = (characters / quoted) ["*"]
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Final, NoReturn

from postwarden.model.errors import Invalid
from postwarden.model.queries.formatting import WITH_VALUE, format_query
from postwarden.model.queries.lexer import (
    MAX_OCTETS,
    Kind,
    Token,
    refuse,
    tokens_of,
)
from postwarden.model.queries.readers import READERS, read_words
from postwarden.model.queries.terms import All, Node, Query, TermUse, TextField
from postwarden.model.queries.trees import (
    all_of,
    any_of,
    is_everything,
    negated,
)

MAX_DEPTH: Final = 50

_TERMS: Final = " ".join(f"{name}:" for name in READERS)
_OTHER_NAMES: Final = {
    "attachment": "filename",
    "bcc": "rcpt",
    "folder": "in",
    "mailbox": "in",
    "recipient": "rcpt",
    "sender": "envelope-from",
    "since": "after",
    "size": "larger",
    "until": "before",
    "user": "account",
}


def parse(text: str | Sequence[str], *, now: datetime) -> Query:
    """Read a query; raises Invalid with the term, the position and a hint.

    `text` is one string, or the words of a command line, which are joined with
    spaces. `now` is aware; `older:` and `newer:` count from it.
    """
    if now.tzinfo is None:
        raise ValueError("now has no time zone")
    joined = text if isinstance(text, str) else " ".join(text)
    query = _Parsing(joined, now.astimezone(UTC)).query()
    # Folded text can be longer than what was written, and so can times.
    if len(format_query(query).encode()) > MAX_OCTETS:
        raise Invalid(f"written out, a query has at most {MAX_OCTETS} octets")
    return query


class _Parsing:
    """One reading of one text, by recursive descent with bounded depth."""

    def __init__(self, text: str, now: datetime) -> None:
        self._now = now
        self._tokens = tokens_of(text)
        self._token = next(self._tokens)
        self._depth = 0
        self._uses: list[TermUse] = []
        self._all: Token | None = None
        self._bare: Token | None = None

    def query(self) -> Query:
        if self._at(Kind.END):
            raise Invalid("the query is empty; for everything, say all")
        root = self._any_of()
        if not self._at(Kind.END):
            refuse(") closes nothing", self._token.position)
        if self._all and self._bare:
            refuse(
                'all means everything; for the word write "all", else leave it out',
                self._all.position,
            )
        if is_everything(root):
            if not self._all:
                raise Invalid("this matches everything; if that is meant, say all")
            root = All()
        return Query(root, tuple(self._uses))

    def _at(self, *kinds: Kind) -> bool:
        return self._token.kind in kinds

    def _take(self) -> Token:
        token = self._token
        if not self._at(Kind.END):
            self._token = next(self._tokens)
        return token

    def _any_of(self) -> Node:
        parts = [self._all_of()]
        while self._at(Kind.OR):
            self._take()
            parts.append(self._all_of())
        return any_of(parts)

    def _all_of(self) -> Node:
        parts = [self._operand()]
        while self._at(Kind.AND, Kind.OPERAND, Kind.OPEN):
            if self._at(Kind.AND):
                self._take()
            parts.append(self._operand())
        return all_of(parts)

    def _operand(self) -> Node:
        token = self._take()
        if token.kind is Kind.OPERAND:
            node = self._read(token)
        elif token.kind is Kind.OPEN:
            node = self._group(token)
        else:
            refuse("a term is missing here", token.position)
        if not token.negated:
            return node
        if node == All():
            refuse('this matches nothing; for the word write -"all"', token.position)
        return negated(node)

    def _group(self, opening: Token) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            refuse(f"parentheses nest at most {MAX_DEPTH} deep", opening.position)
        node = self._any_of()
        if self._take().kind is not Kind.CLOSE:
            refuse("( is not closed", opening.position)
        self._depth -= 1
        return node

    def _read(self, token: Token) -> Node:
        if token.name is None:
            return self._read_bare(token)
        reader = READERS.get(token.name)
        if reader is None:
            _refuse_name(token.name, token.position)
        _require_text(token)
        try:
            node = reader(token.value, self._now)
        except Invalid as error:
            refuse(_shortened(str(error)), token.position, token.name)
        name = token.name
        if name in WITH_VALUE:
            name = f"{name}:{token.value.text.strip().casefold()}"
        self._uses.append(TermUse(name, token.position))
        return node

    def _read_bare(self, token: Token) -> Node:
        plain = not token.value.quoted and not token.value.wildcard
        if plain and token.value.text.casefold() == "all":
            self._all = token
            return All()
        self._bare = token
        _require_text(token)
        try:
            return read_words(TextField.TEXT, token.value)
        except Invalid as error:
            refuse(str(error), token.position)


def _require_text(token: Token) -> None:
    if token.value.wildcard and not token.value.text:
        refuse(
            "* continues something; for everything, say all", token.position, token.name
        )
    if token.name and not token.value.text:
        refuse("a value must follow, without a space", token.position, token.name)


def _refuse_name(name: str, position: int) -> NoReturn:
    likely = [_OTHER_NAMES[name]] if name in _OTHER_NAMES else []
    likely += get_close_matches(name, READERS) if len(name) < 32 else []
    hint = f"did you mean {likely[0]}:?" if likely else f"terms are {_TERMS}."
    term = _shortened(name)
    refuse(f'no such term; {hint} As text it is "{term}:..."', position, term)


def _shortened(text: str) -> str:
    return text if len(text) <= 400 else f"{text[:400]}..."
