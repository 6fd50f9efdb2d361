"""What a QUERY asks of messages, wherever they lie, compiled to SQL."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.indexed_words import has_words
from postwarden.adapters.sql.portable import position
from postwarden.model.addresses import domain_range
from postwarden.model.queries.terms import (
    HEADER_FIELDS,
    AddressMatch,
    All,
    And,
    AttachmentSha256,
    HasAttachment,
    Larger,
    MessageId,
    Node,
    Not,
    Or,
    Sha256,
    Similar,
    Smaller,
    TextField,
    Words,
)
from postwarden.services.ports.mail import References, SimilarSets

Condition = sa.ColumnElement[bool]

_m = tables.messages.c
_h = tables.header_addresses.c
_f = tables.attachments.c

_FIELDS = {
    TextField.TEXT: ("subject", "body"),
    TextField.SUBJECT: ("subject",),
    TextField.BODY: ("body",),
    TextField.AUTHOR: ("author",),
    TextField.TO: ("header_to",),
    TextField.CC: ("cc",),
    TextField.FILENAME: ("filenames",),
}
_MANY = 100  # conditions in one AND or OR
_LAST = "\U0010ffff"
NOTHING = sa.literal(0) == sa.literal(1)


def equal(column: sa.ColumnElement[Any], value: object) -> Condition:
    condition: Condition = column == value
    return condition


def key_condition(key: sa.ColumnElement[str], match: AddressMatch) -> Condition:
    """Compare a column of `Address.key`s; whole keys and domains are ranges."""
    local_key, domain = match.local_key, match.domain
    if not match.prefix:
        assert domain is not None  # noqa: S101  only a prefix leaves it open
        if local_key is not None:
            return equal(key, f"{domain}/{local_key}")
        first, last = domain_range(domain)
        return sa.and_(key >= first, key < last)
    local = sa.func.substr(key, position(key, "/") + 1, type_=sa.Text)
    if domain is None:
        assert local_key is not None  # noqa: S101  a prefix of something
        return equal(sa.func.substr(local, 1, len(local_key)), local_key)
    in_domain = prefixed(key, domain, prefix=True)
    return in_domain if local_key is None else sa.and_(in_domain, local == local_key)


def prefixed(column: sa.ColumnElement[str], value: str, *, prefix: bool) -> Condition:
    """Compare a column with a value, or with the beginning of one: a range."""
    if not prefix:
        return equal(column, value)
    begun = value.rstrip(_LAST)
    if not begun:
        return column >= value
    following = chr(ord(begun[-1]) + 1)
    if following == "\ud800":  # surrogates are no characters
        following = "\ue000"
    return sa.and_(column >= value, column < begun[:-1] + following)


def joined(
    join: Callable[..., Condition], conditions: Sequence[Condition]
) -> Condition:
    """Join conditions, many of them in groups: SQLite bounds an expression's depth."""
    if len(conditions) <= _MANY:
        return join(*conditions)
    groups = (conditions[n : n + _MANY] for n in range(0, len(conditions), _MANY))
    return join(*(join(*group).is_(sa.true()) for group in groups))


def flat_first(parts: Sequence[Node]) -> list[Node]:
    """Return the parts with the deepest last, where it adds least to the depth."""
    return sorted(parts, key=_depth)


def _depth(node: Node) -> int:
    match node:
        case And(parts) | Or(parts):
            return 1 + max(map(_depth, parts))
        case Not(part):
            return 1 + _depth(part)
        case _:
            return 0


def holds_of_none(node: Node) -> bool:
    """Whether a condition on messages is true where there is no message."""
    match node:
        case And(parts):
            return all(map(holds_of_none, parts))
        case Or(parts):
            return any(map(holds_of_none, parts))
        case Not(part):
            return not holds_of_none(part)
        case _:
            return isinstance(node, All)


def is_narrow(node: Node) -> bool:
    """Whether an index of messages says which few a condition is about."""
    match node:
        case And(parts):
            return any(map(is_narrow, parts))
        case Or(parts):
            return all(map(is_narrow, parts))
        case AddressMatch(field):
            return field in HEADER_FIELDS
        case _:
            return isinstance(
                node, MessageId | Sha256 | AttachmentSha256 | Similar | Words
            )


class TreeSearch(ABC):
    """Conditions on what a tree asks of a message, and of nothing else."""

    def condition(self, node: Node) -> Condition | None:
        """Return the condition, None when `node` asks for more than the message."""
        match node:
            case All():
                return sa.true()
            case And(parts) | Or(parts):
                conditions = [self.condition(part) for part in flat_first(parts)]
                known = [each for each in conditions if each is not None]
                if len(known) < len(conditions):
                    return None
                return joined(sa.and_ if isinstance(node, And) else sa.or_, known)
            case Not(part):
                inner = self.condition(part)
                return None if inner is None else inner.is_not(sa.true())
            case _:
                return self._leaf(node)

    @abstractmethod
    def _leaf(self, leaf: Node) -> Condition | None: ...


class MessageSearch(TreeSearch):
    """Conditions on messages, wherever they lie."""

    def __init__(self, similar: SimilarSets) -> None:
        self._similar = similar

    def _leaf(self, leaf: Node) -> Condition | None:
        match leaf:
            case Words(field, words, prefix):
                return has_words(_m.id, _FIELDS[field], words, prefix=prefix)
            case AddressMatch(field) if field in HEADER_FIELDS:
                return _m.id.in_(
                    sa.select(_h.message).where(
                        key_condition(_h.key, leaf), _h.field == field.value
                    )
                )
            case MessageId(value, prefix):
                return prefixed(_m.message_id, value, prefix=prefix)
            case Similar():
                return self._alike(self._similar.get(leaf, References()))
            case _:
                return self._measure(leaf)

    def _measure(self, leaf: Node) -> Condition | None:
        match leaf:
            case Sha256(digest):
                return equal(_m.sha256, bytes.fromhex(digest))
            case AttachmentSha256(digest):
                return _m.id.in_(
                    sa.select(_f.message).where(_f.sha256 == bytes.fromhex(digest))
                )
            case HasAttachment():
                return _m.attachments > 0
            case Larger(octets):
                return _m.size > octets
            case Smaller(octets):
                return _m.size < octets
            case _:
                return None

    def _alike(self, references: References) -> Condition:
        alike = {
            _m.sha256: references.sha256s,
            _m.fingerprint: references.fingerprints,
            _m.content_fingerprint: references.content_fingerprints,
            _m.message_id: references.message_ids,
            _m.id: references.messages,
        }
        chosen = [
            sa.select(_m.id).where(column.in_(sorted(values)))
            for column, values in alike.items()
            if values
        ]
        if not chosen:
            return NOTHING
        return _m.id.in_(sa.union(*chosen) if len(chosen) > 1 else chosen[0])
