"""QUERY compiled to SQL: one statement for copies, one for ledger events.

What is true of a message wherever it lies becomes one sub-select over messages,
so that the engine starts from the few messages that match and reaches their
copies or events by index. Values are parameters, never text of the statement.
No ORDER BY: it would invite the engine to walk the whole table in order.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from postwarden.adapters.sql import tables
from postwarden.adapters.sql.log_search import LogRowSearch
from postwarden.adapters.sql.message_search import (
    NOTHING,
    Condition,
    MessageSearch,
    equal,
    flat_first,
    holds_of_none,
    is_narrow,
    joined,
    key_condition,
    prefixed,
)
from postwarden.adapters.sql.portable import members
from postwarden.adapters.sql.statements import Prepared, ids_json, instant
from postwarden.model.mailboxes import CopyState, Flag
from postwarden.model.networks import ip_range
from postwarden.model.queries.terms import (
    HEADER_FIELDS,
    AddressField,
    AddressMatch,
    After,
    All,
    And,
    Before,
    Event,
    InMailbox,
    Ip,
    Is,
    Node,
    Not,
    NullReversePath,
    Or,
    Query,
    TraceId,
    Trait,
)
from postwarden.model.queries.trees import all_of, negated
from postwarden.services.ports.mail import SimilarSets

_m = tables.messages.c
_c = tables.copies.c
_l = tables.ledger.c
_r = tables.receptions.c
_p = tables.reception_recipients.c
_a = tables.accounts.c
_b = tables.mailboxes.c

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


class _PlaceSearch(ABC):
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
            case _ if self._messages.condition(node) is not None:
                return self._of_message(node)
            case Or(parts):
                return joined(sa.or_, [*map(self.condition, flat_first(parts))])
            case Not(part):
                return self.condition(part).is_not(sa.true())
            case _:
                return self._leaf(node)

    def _conjunction(self, parts: Sequence[Node]) -> Condition:
        """All conditions on the message in one sub-select, the others beside it."""
        of_message = [p for p in parts if self._messages.condition(p) is not None]
        others = [p for p in parts if p not in of_message]
        conditions = [*map(self.condition, flat_first(others))]
        if of_message:
            conditions.append(self._of_message(all_of(of_message)))
        return joined(sa.and_, conditions)

    def _of_message(self, node: Node) -> Condition:
        """Say `node`, which asks only of the message, of a row's message."""
        if not holds_of_none(node):
            return self.message.in_(self._those(node))
        # What holds where there is no message holds of all but some messages.
        return self.message.in_(self._those(negated(node))).is_not(sa.true())

    def _those(self, node: Node) -> sa.SelectBase:
        """Return what `message` is for the messages of which `node` is true."""
        condition = self._messages.condition(node)
        return sa.select(_m.id).where(NOTHING if condition is None else condition)

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

    @abstractmethod
    def _own(self, leaf: Node) -> Condition: ...


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
            case Is(trait):
                return _is(trait)
            case InMailbox(name_key, prefix):
                return _c.mailbox_id.in_(
                    sa.select(_b.id).where(
                        prefixed(_b.name_key, name_key, prefix=prefix)
                    )
                )
            case AddressMatch(AddressField.FORWARD_PATH):
                return self._sent_to(leaf)
            case _:
                found = _reception_condition(leaf)
                if found is None:  # event: a copy is none
                    return NOTHING
                return _c.reception.in_(sa.select(_r.id).where(found))

    def _sent_to(self, match: AddressMatch) -> Condition:
        """The recipient that brought this copy, not another of its envelope."""
        named = key_condition(_p.key, match)
        brought = sa.and_(_p.reception == _c.reception, _p.position == _c.recipient)
        return sa.and_(
            _c.reception.in_(sa.select(_p.reception).where(named)),
            sa.exists().where(brought, named),
        )


class MailboxSearch(CopySearch):
    """Conditions on the live copies of some mailboxes.

    A query that names a few messages starts from them; any other looks at each copy
    in the mailboxes and reads its message by key.
    """

    def __init__(self, similar: SimilarSets) -> None:
        super().__init__(similar)
        self._from_messages = False

    def statement_in(self, query: Query, mailboxes: Sequence[int]) -> Prepared:
        """Return a statement that yields the ids of matching copies, unordered."""
        self._from_messages = is_narrow(query.root)
        mailbox: sa.ColumnElement[Any] = _c.mailbox_id
        if self._from_messages:
            mailbox = mailbox + 0  # no index has that, so the engine comes by message
        live = _c.state == sa.literal_column("'live'")  # for the partial indexes
        given = sa.literal(ids_json(mailboxes), sa.Text)
        there = mailbox.in_(members(given, _c.mailbox_id.type))
        return Prepared(sa.select(_c.id).where(live, there, self.condition(query.root)))

    def _of_message(self, node: Node) -> Condition:
        inner = self._messages.condition(node)
        if self._from_messages or inner is None:
            return super()._of_message(node)
        # Every copy is of a message.
        return sa.exists().where(_m.id == _c.message, inner)


def _is(trait: Trait) -> Condition:
    if trait in _FLAGS:
        return _c.flags.op("&")(int(_FLAGS[trait])) != 0
    if trait in _STATES:
        return equal(_c.state, _STATES[trait].value)
    return _c.id.in_(sa.select(tables.hold_marks.c.copy))  # is:held


class LedgerSearch(_PlaceSearch):
    """Conditions on ledger events.

    A query that names a few messages starts from them. One that says nothing of these
    but how large they are would start from a great many; where its other conditions
    leave few events, it starts there and reads the message of each by key.
    """

    message = _l.message
    account = _l.account_id
    time = _l.time
    FEW = 20_000

    def __init__(self, similar: SimilarSets) -> None:
        super().__init__(similar)
        self._from_events = False

    def statement(self, query: Query, *, from_events: bool = False) -> Prepared:
        """Return a statement that yields the ids of matching events, unordered."""
        self._from_events = from_events
        return Prepared(sa.select(_l.id).where(self.condition(query.root)))

    def events_beside(self, query: Query) -> Prepared | None:
        """Return a statement that yields FEW events or less that a query may find.

        By what it says of events alone, as far as there are indexes for that. None
        when it says nothing of the kind, or names messages.
        """
        parts = query.root.parts if isinstance(query.root, And) else ()
        of_message = any(self._messages.condition(part) is not None for part in parts)
        indexed = [part for part in parts if _is_indexed(part)]
        if not of_message or not indexed or is_narrow(query.root):
            return None
        conditions = [*map(self.condition, flat_first(indexed))]
        # Where the index is for a moment, both its ends belong together.
        conditions += [
            self.condition(part) for part in parts if isinstance(part, Before)
        ]
        found = sa.select(_l.id).where(joined(sa.and_, conditions))
        return Prepared(found.limit(self.FEW))

    def _of_message(self, node: Node) -> Condition:
        if not self._from_events:
            return super()._of_message(node)
        if not holds_of_none(node):
            return self._is_of(node)
        return self._is_of(negated(node)).is_not(sa.true())

    def _is_of(self, node: Node) -> Condition:
        """Say of an event's message, or log row, by way of its key."""
        condition = self._messages.condition(node)
        inner = NOTHING if condition is None else condition
        mine = sa.exists().where(_m.id == _l.message, inner)
        logged = LogRowSearch().condition(node)
        if logged is None or logged is NOTHING:
            return mine
        row = tables.log_rows.c.id == -_l.message
        return joined(sa.or_, [mine, sa.exists().where(row, logged)])

    def _those(self, node: Node) -> sa.SelectBase:
        """With the rows of other systems' logs, which are named by negative ids."""
        logged = LogRowSearch().condition(node)
        if logged is None or logged is NOTHING:
            return super()._those(node)
        rows = sa.select(-tables.log_rows.c.id).where(logged)
        return sa.union_all(super()._those(node), rows)

    def _own(self, leaf: Node) -> Condition:
        match leaf:
            case Event(name):
                return equal(_l.event, name)
            case InMailbox(name_key, prefix):
                return prefixed(_l.mailbox_key, name_key, prefix=prefix)
            case Ip(network):
                first, last = ip_range(network)
                return _l.client_key.between(first, last)
            case _:
                return _envelope_condition(leaf)


def _is_indexed(node: Node) -> bool:
    """Whether an index of the ledger says which events a condition is about."""
    if isinstance(node, AddressMatch):
        return node.field not in HEADER_FIELDS
    return isinstance(node, After | TraceId | Ip)


def _envelope_condition(leaf: Node) -> Condition:
    match leaf:
        case TraceId(value):
            return equal(_l.trace_id, value)
        case NullReversePath():
            return equal(_l.reverse_path, "")
        case AddressMatch(AddressField.FORWARD_PATH):
            return key_condition(_l.forward_key, leaf)
        case AddressMatch(AddressField.REVERSE_PATH):
            return key_condition(_l.reverse_key, leaf)
        case _:
            return NOTHING


def _reception_condition(leaf: Node) -> Condition | None:
    match leaf:
        case TraceId(value):
            return equal(_r.trace_id, value)
        case NullReversePath():
            return equal(_r.reverse_path, "")
        case AddressMatch(AddressField.REVERSE_PATH):
            return key_condition(_r.reverse_key, leaf)
        case Ip(network):
            first, last = ip_range(network)
            return _r.client_key.between(first, last)
        case _:
            return None
