"""Which term means something where; docs/query.md shows this table."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from postwarden.model.errors import Invalid
from postwarden.model.queries.formatting import term_of
from postwarden.model.queries.terms import Leaf, Query, TermUse, TextField, Words
from postwarden.model.queries.trees import leaves


class Scope(StrEnum):
    """What a query is about: copies, or the events of the ledger (TRACE)."""

    FIND = "find"
    CASE = "case"
    VAULT = "vault"
    HOLD = "hold"
    TRACE = "trace"


_ANYWHERE: Final = frozenset(Scope)
_COPIES: Final = frozenset({Scope.FIND, Scope.CASE, Scope.VAULT})

SCOPES: Final[Mapping[str, frozenset[Scope]]] = MappingProxyType(
    {
        "from": _ANYWHERE,
        "to": _ANYWHERE,
        "cc": _ANYWHERE,
        "subject": _ANYWHERE,
        "body": _ANYWHERE - {Scope.HOLD},
        "message-id": _ANYWHERE,
        "rcpt": _ANYWHERE,
        "envelope-from": _ANYWHERE,
        "account": _ANYWHERE,
        "domain": _ANYWHERE,
        "in": _ANYWHERE - {Scope.HOLD},
        "before": _ANYWHERE,
        "after": _ANYWHERE,
        "older": _ANYWHERE - {Scope.HOLD},
        "newer": _ANYWHERE - {Scope.HOLD},
        "larger": _ANYWHERE,
        "smaller": _ANYWHERE,
        "has:attachment": _ANYWHERE,
        "filename": _ANYWHERE - {Scope.HOLD},
        "attachment-sha256": _ANYWHERE,
        "sha256": _ANYWHERE,
        "similar": _ANYWHERE,
        "is:read": _COPIES,
        "is:unread": _COPIES,
        "is:flagged": _COPIES,
        "is:answered": _COPIES,
        "is:live": _COPIES - {Scope.VAULT},
        "is:contained": _COPIES,
        "is:vaulted": _COPIES,
        "is:held": _COPIES,
        "event": frozenset({Scope.TRACE}),
        "ip": _ANYWHERE,
        "trace": _ANYWHERE,
    }
)
"""Every term, with the scopes in which it means something."""


_NOT_YET: Final = "mail is held as it arrives, before its text is indexed"


def check_scope(query: Query, scope: Scope) -> None:
    """Raise Invalid, naming the term, if one means nothing in this scope.

    Of a hold: copies that arrive later are held too, and what is held must not
    depend on flags, mailboxes or the day somebody looks.
    """
    for use in _uses(query):
        if scope not in SCOPES[use.name]:
            shown = use.name if ":" in use.name else f"{use.name}:"
            where = f" at position {use.position}" if use.position else ""
            raise Invalid(
                f"{shown}{where} means nothing in {scope}: {_reason(use.name, scope)}",
                field=use.name.partition(":")[0],
            )
    if scope is Scope.HOLD and any(map(_is_bare_word, leaves(query))):
        raise Invalid(
            f"a bare word means nothing in {scope}: {_NOT_YET}; write subject:",
            field="body",
        )


def _is_bare_word(leaf: Leaf) -> bool:
    return isinstance(leaf, Words) and leaf.field is TextField.TEXT


def _uses(query: Query) -> Iterator[TermUse]:
    """Yield the terms as they were written, then those a tree has besides."""
    yield from query.terms
    for leaf in leaves(query):
        if name := term_of(leaf):
            yield TermUse(name, 0)


def _reason(name: str, scope: Scope) -> str:
    if name == "event":
        return "events are found with trace"
    if name in {"body", "filename"}:
        return _NOT_YET
    if scope is Scope.HOLD:
        return "a hold is made of facts that never change"
    if scope is Scope.TRACE:
        return "the ledger has events, which are in no state"
    return "what is live does not lie in the vault"
