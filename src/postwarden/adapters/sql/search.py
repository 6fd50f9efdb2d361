"""QUERY compiled to SQL: one statement for copies, one for ledger events.

What is true of a message wherever it lies becomes one sub-select over messages,
so that the engine starts from the few messages that match and reaches their
copies or events by index. Values are parameters, never text of the statement.
No ORDER BY: it would invite the engine to walk the whole table in order.
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.statements import Prepared, instant
from postwarden.model.addresses import domain_range
from postwarden.model.mailboxes import CopyState, Flag
from postwarden.model.networks import ip_range
from postwarden.model.queries.terms import (
    AddressField,
    AddressMatch,
    After,
    All,
    And,
    AttachmentSha256,
    Before,
    Event,
    HasAttachment,
    InMailbox,
    Ip,
    Is,
    Larger,
    MessageId,
    Node,
    Not,
    NullReversePath,
    Or,
    Query,
    Sha256,
    Similar,
    Smaller,
    TextField,
    TraceId,
    Trait,
    Words,
)
from postwarden.model.queries.trees import all_of
from postwarden.services.ports.mail import References, SimilarSets

Condition = sa.ColumnElement[bool]

_m = tables.messages.c
_c = tables.copies.c
_l = tables.ledger.c
_r = tables.receptions.c
_p = tables.reception_recipients.c
_h = tables.header_addresses.c
_a = tables.accounts.c
_b = tables.mailboxes.c
_f = tables.attachments.c

_texts = sa.table("texts", sa.column("rowid"), sa.column("texts"), schema="search")
_COLUMNS = {
    TextField.TEXT: "{subject body}",
    TextField.SUBJECT: "subject",
    TextField.BODY: "body",
    TextField.AUTHOR: "author",
    TextField.TO: "header_to",
    TextField.CC: "cc",
    TextField.FILENAME: "filenames",
}
_HEADER_FIELDS = {
    AddressField.AUTHOR: "from",
    AddressField.TO: "to",
    AddressField.CC: "cc",
}
_FLAGS = {
    Trait.READ: Flag.SEEN,
    Trait.FLAGGED: Flag.FLAGGED,
    Trait.ANSWERED: Flag.ANSWERED,
}
_STATES = {
    Trait.LIVE: CopyState.LIVE,
    Trait.CONTAINED: CopyState.CONTAINED,
    Trait.VAULTED: CopyState.VAULTED,
}
_MANY = 100  # conditions in one AND or OR
_LAST = "\U0010ffff"
_NOTHING = sa.literal(0) == sa.literal(1)


def _equal(column: sa.ColumnElement[Any], value: object) -> Condition:
    condition: Condition = column == value
    return condition


def key_condition(key: sa.ColumnElement[str], match: AddressMatch) -> Condition:
    """Compare a column of `Address.key`s; whole keys and domains are ranges."""
    local_key, domain = match.local_key, match.domain
    if not match.prefix:
        assert domain is not None  # noqa: S101  only a prefix leaves it open
        if local_key is not None:
            return _equal(key, f"{domain}/{local_key}")
        first, last = domain_range(domain)
        return sa.and_(key >= first, key < last)
    local = sa.func.substr(key, sa.func.instr(key, "/") + 1)
    if domain is None:
        assert local_key is not None  # noqa: S101  a prefix of something
        return _equal(sa.func.substr(local, 1, len(local_key)), local_key)
    in_domain = _prefixed(key, domain, prefix=True)
    return in_domain if local_key is None else sa.and_(in_domain, local == local_key)


def _prefixed(column: sa.ColumnElement[str], value: str, *, prefix: bool) -> Condition:
    """Compare a column with a value, or with the beginning of one: a range."""
    if not prefix:
        return _equal(column, value)
    begun = value.rstrip(_LAST)
    if not begun:
        return column >= value
    following = chr(ord(begun[-1]) + 1)
    if following == "\ud800":  # surrogates are no characters
        following = "\ue000"
    return sa.and_(column >= value, column < begun[:-1] + following)


def _joined(
    join: Callable[..., Condition], conditions: Sequence[Condition]
) -> Condition:
    """Join conditions, many of them in groups: SQLite bounds an expression's depth."""
    if len(conditions) <= _MANY:
        return join(*conditions)
    groups = (conditions[n : n + _MANY] for n in range(0, len(conditions), _MANY))
    return join(*(join(*group).is_(sa.true()) for group in groups))


def _flat_first(parts: Sequence[Node]) -> list[Node]:
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


def _holds_of_none(node: Node) -> bool:
    """Whether a condition on messages is true where there is no message."""
    match node:
        case And(parts):
            return all(map(_holds_of_none, parts))
        case Or(parts):
            return any(map(_holds_of_none, parts))
        case Not(part):
            return not _holds_of_none(part)
        case _:
            return isinstance(node, All)


class MessageSearch:
    """Conditions on messages, wherever they lie."""

    def __init__(self, similar: SimilarSets) -> None:
        self._similar = similar

    def condition(self, node: Node) -> Condition | None:
        """Return the condition, None when `node` asks for more than the message."""
        match node:
            case All():
                return sa.true()
            case And(parts) | Or(parts):
                conditions = [self.condition(part) for part in _flat_first(parts)]
                known = [each for each in conditions if each is not None]
                if len(known) < len(conditions):
                    return None
                return _joined(sa.and_ if isinstance(node, And) else sa.or_, known)
            case Not(part):
                inner = self.condition(part)
                return None if inner is None else inner.is_not(sa.true())
            case _:
                return self._leaf(node)

    def _leaf(self, leaf: Node) -> Condition | None:
        match leaf:
            case Words(field, words, prefix):
                phrase = f'{_COLUMNS[field]} : "{" ".join(words)}"'
                wanted = phrase + ("*" if prefix else "")
                return _m.id.in_(
                    sa.select(_texts.c.rowid).where(_texts.c.texts.op("MATCH")(wanted))
                )
            case AddressMatch(field) if field in _HEADER_FIELDS:
                return _m.id.in_(
                    sa.select(_h.message).where(
                        key_condition(_h.key, leaf), _h.field == _HEADER_FIELDS[field]
                    )
                )
            case MessageId(value, prefix):
                return _prefixed(_m.message_id, value, prefix=prefix)
            case Similar():
                return self._alike(self._similar.get(leaf, References()))
            case _:
                return self._measure(leaf)

    def _measure(self, leaf: Node) -> Condition | None:
        match leaf:
            case Sha256(digest):
                return _equal(_m.sha256, bytes.fromhex(digest))
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
            return _NOTHING
        return _m.id.in_(sa.union(*chosen) if len(chosen) > 1 else chosen[0])


class _PlaceSearch:
    """Conditions on rows that have a message, an account and a place in time."""

    message: sa.ColumnElement[Any]
    account: sa.ColumnElement[Any]
    time: sa.ColumnElement[Any]

    def __init__(self, similar: SimilarSets) -> None:
        self._messages = MessageSearch(similar)

    def condition(self, node: Node) -> Condition:
        match node:
            case All():
                return sa.true()
            case And(parts):
                return self._conjunction(parts)
            case _ if (inner := self._messages.condition(node)) is not None:
                return self._of_message(node, inner)
            case Or(parts):
                return _joined(sa.or_, [*map(self.condition, _flat_first(parts))])
            case Not(part):
                return self.condition(part).is_not(sa.true())
            case _:
                return self._leaf(node)

    def _conjunction(self, parts: Sequence[Node]) -> Condition:
        """All conditions on the message in one sub-select, the others beside it."""
        of_message = [p for p in parts if self._messages.condition(p) is not None]
        others = [p for p in parts if p not in of_message]
        conditions = [*map(self.condition, _flat_first(others))]
        node = all_of(of_message)
        inner = self._messages.condition(node)
        if of_message and inner is not None:
            conditions.append(self._of_message(node, inner))
        return _joined(sa.and_, conditions)

    def _of_message(self, node: Node, inner: Condition) -> Condition:
        """Say `node`, whose condition on messages is `inner`, of a row's message."""
        if not _holds_of_none(node):
            return self.message.in_(sa.select(_m.id).where(inner))
        # What holds where there is no message holds of all but some messages.
        others = sa.select(_m.id).where(inner.is_not(sa.true()))
        return self.message.in_(others).is_not(sa.true())

    def _leaf(self, leaf: Node) -> Condition:
        match leaf:
            case AddressMatch(AddressField.ACCOUNT):
                return self.account.in_(
                    sa.select(_a.id).where(key_condition(_a.key, leaf))
                )
            case Before(moment):
                return self.time < instant(moment)
            case After(moment):
                return self.time >= instant(moment)
            case _:
                return self._own(leaf)

    def _own(self, leaf: Node) -> Condition:
        raise NotImplementedError


class CopySearch(_PlaceSearch):
    """Conditions on copies."""

    message = _c.message
    account = _c.account_id
    time = _c.internal_date

    def statement(self, query: Query, states: Sequence[CopyState]) -> Prepared:
        """Return a statement that yields the ids of matching copies, unordered."""
        in_state = _c.state.in_([state.value for state in states])
        return Prepared(sa.select(_c.id).where(in_state, self.condition(query.root)))

    def _own(self, leaf: Node) -> Condition:
        match leaf:
            case Is(trait) if trait in _FLAGS:
                return _c.flags.op("&")(int(_FLAGS[trait])) != 0
            case Is(trait) if trait in _STATES:
                return _equal(_c.state, _STATES[trait].value)
            case InMailbox(name_key, prefix):
                return _c.mailbox_id.in_(
                    sa.select(_b.id).where(
                        _prefixed(_b.name_key, name_key, prefix=prefix)
                    )
                )
            case AddressMatch(AddressField.FORWARD_PATH):
                return self._sent_to(leaf)
            case _:
                found = _reception_condition(leaf)
                if found is None:  # `is:held`: nothing is held yet; event: no event
                    return _NOTHING
                return _c.reception.in_(sa.select(_r.id).where(found))

    def _sent_to(self, match: AddressMatch) -> Condition:
        """The recipient that brought this copy, not another of its envelope."""
        named = key_condition(_p.key, match)
        brought = sa.and_(_p.reception == _c.reception, _p.position == _c.recipient)
        return sa.and_(
            _c.reception.in_(sa.select(_p.reception).where(named)),
            sa.exists().where(brought, named),
        )


class LedgerSearch(_PlaceSearch):
    """Conditions on ledger events."""

    message = _l.message
    account = _l.account_id
    time = _l.time

    def statement(self, query: Query) -> Prepared:
        """Return a statement that yields the ids of matching events, unordered."""
        return Prepared(sa.select(_l.id).where(self.condition(query.root)))

    def _own(self, leaf: Node) -> Condition:
        match leaf:
            case Event(name):
                return _equal(_l.event, name)
            case InMailbox(name_key, prefix):
                return _prefixed(_l.mailbox_key, name_key, prefix=prefix)
            case Ip(network):
                first, last = ip_range(network)
                return _l.client_key.between(first, last)
            case _:
                return _envelope_condition(leaf)


def _envelope_condition(leaf: Node) -> Condition:
    match leaf:
        case TraceId(value):
            return _equal(_l.trace_id, value)
        case NullReversePath():
            return _equal(_l.reverse_path, "")
        case AddressMatch(AddressField.FORWARD_PATH):
            return key_condition(_l.forward_key, leaf)
        case AddressMatch(AddressField.REVERSE_PATH):
            return key_condition(_l.reverse_key, leaf)
        case _:
            return _NOTHING


def _reception_condition(leaf: Node) -> Condition | None:
    match leaf:
        case TraceId(value):
            return _equal(_r.trace_id, value)
        case NullReversePath():
            return _equal(_r.reverse_path, "")
        case AddressMatch(AddressField.REVERSE_PATH):
            return key_condition(_r.reverse_key, leaf)
        case Ip(network):
            first, last = ip_range(network)
            return _r.client_key.between(first, last)
        case _:
            return None
