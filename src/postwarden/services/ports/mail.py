"""Mailboxes, messages, their copies, and the ledger."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from postwarden.model.ledger import Event, LedgerEvent, LedgerRow
from postwarden.model.mailboxes import (
    Copy,
    CopyState,
    DiscardKind,
    Flag,
    Mailbox,
    Order,
)
from postwarden.model.messages import Message, NewMessage
from postwarden.model.queries import Query
from postwarden.model.queries.terms import Similar


class Mailboxes(Protocol):
    """Mailboxes of accounts, with their counters."""

    def get(self, mailbox: int) -> Mailbox:
        """Raise NotFound for an unknown id."""
        ...

    def many(self, mailboxes: Iterable[int]) -> dict[int, Mailbox]: ...

    def find(self, account: int, name: str) -> Mailbox | None: ...

    def of_account(self, account: int) -> list[Mailbox]: ...

    def add(self, account: int, name: str, uid_validity: int) -> Mailbox:
        """Raise AlreadyExists when the account has one of that name."""
        ...

    def remove(self, mailbox: int) -> None: ...

    def update(self, mailboxes: Iterable[Mailbox]) -> None:
        """Write uid_next, highest_modseq and the counters."""
        ...

    def rename(self, mailbox: int, name: str) -> None:
        """Raise AlreadyExists when the account has one of that name."""
        ...

    def expunged(self, mailbox: int, since_modseq: int) -> list[tuple[int, int]]:
        """Return (uid, modseq) of what left the mailbox after `since_modseq`."""
        ...

    def left(self, mailbox: int, mark: "Mark", limit: int) -> list["Left"]:
        """Return what left the mailbox behind a mark, in order of (modseq, uid)."""
        ...

    def forget_expunged(self, mailbox: int, limit: int) -> int:
        """Forget rows of the journal of a mailbox that goes; return how many."""
        ...

    def record_expunged(self, rows: Iterable[tuple[int, int, int, int]]) -> None:
        """Write (mailbox, uid, modseq, item) rows of the expunge journal."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mark:
    """A place in the history of a mailbox (RFC 7162): all up to here is known.

    What one batch changed has one MODSEQ, so a mark within it has the UID too.
    """

    modseq: int
    uid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """An item that left a mailbox; None is one that left before that was kept."""

    uid: int
    modseq: int
    item: int | None


class Messages(Protocol):
    """Messages, stored once however many mailboxes hold them."""

    def find(self, sha256: bytes) -> Message | None:
        """Return the message with these bytes, else one that was emptied."""
        ...

    def add(self, message: NewMessage) -> Message:
        """Store a message, or return the one with these bytes.

        Once emptied, the same bytes make another message.
        """
        ...

    def many(self, messages: Iterable[int]) -> dict[int, Message]: ...

    def with_message_id(self, message_id: str, *, limit: int = 1000) -> list[Message]:
        """Return the messages with this Message-ID; it may be forged or reused."""
        ...

    def known_in(self, messages: Sequence[int], domains: Collection[str]) -> set[int]:
        """Return which of `messages` these domains know of.

        They do when an account there has a copy in any state, or an event of the
        ledger is about such an account or a forward path there.
        """
        ...

    def rendering(self, message: int) -> tuple[bytes, bytes, bytes]:
        """Return ENVELOPE, BODYSTRUCTURE and the header block."""
        ...

    def details(self, messages: Iterable[int]) -> dict[int, "MessageDetails"]:
        """Return what a query can ask of messages beside what `many` gives."""
        ...

    def carrying(self, references: "References") -> dict[int, Message]:
        """Return messages that carry one of `references` as an attachment."""
        ...

    def related(self, message_ids: Sequence[str]) -> int:
        """Count the messages that refer to one of `message_ids`."""
        ...

    def page(self, *, after: int, limit: int) -> list[Message]:
        """Return messages in order of their ids, emptied ones left out."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """What makes a message one of these: any of the sets may name it.

    `messages` are ids of messages themselves.
    """

    sha256s: frozenset[bytes] = frozenset()
    fingerprints: frozenset[bytes] = frozenset()
    content_fingerprints: frozenset[bytes] = frozenset()
    message_ids: frozenset[str] = frozenset()
    messages: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDetails:
    """What is stored of a message in rows of their own.

    `header_addresses` are (field, address key) pairs, `attachments` the SHA-256 of
    each attachment, `header` is the header block.
    """

    header_addresses: tuple[tuple[str, str], ...] = ()
    attachments: tuple[bytes, ...] = ()
    header: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyFacts:
    """A copy with the names and facts that people ask for.

    `hold` are the ids of the holds that mark it.
    """

    id: int
    account: int
    address: str
    mailbox: str
    mailbox_id: int
    uid: int
    flags: Flag
    keywords: tuple[str, ...]
    internal_date: datetime
    state: CopyState
    message: int
    size: int
    sha256: bytes
    message_id: str | None
    fingerprint: bytes | None
    content_fingerprint: bytes | None
    subject: str
    author: str
    reception: int | None
    recipient: int | None
    trace_id: str | None
    hold: tuple[int, ...] = ()
    vaulted_at: datetime | None = None
    expires_at: datetime | None = None
    modseq: int = 0
    discarded: DiscardKind | None = None
    item: int | None = None
    item_uid: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """How much has come to the end of its retention; `held` is kept all the same."""

    copies: int
    octets: int
    messages: int
    accounts: int
    held: int


class Copies(Protocol):
    """The location index: which copy of which message lies where."""

    def add(self, copies: Sequence[Copy]) -> list[Copy]:
        """Store new copies; their ids are given here."""
        ...

    def many(self, copies: Sequence[int]) -> dict[int, Copy]: ...

    def of_items(self, items: Sequence[int]) -> dict[int, int]:
        """Return which copy each item is now; those that are none are left out."""
        ...

    def update(self, copies: Iterable[Copy]) -> None:
        """Write all that may change: all but message, dates, size and envelope."""
        ...

    def in_mailbox(self, mailbox: int, *, after_uid: int = 0, limit: int) -> list[Copy]:
        """Return live copies in order of UID."""
        ...

    def listed(
        self, mailbox: int, order: Order, *, offset: int, limit: int
    ) -> Sequence[int]:
        """Return the ids of live copies in an order, beginning with the `offset`th.

        By UID and by internal date it reads no more than it passes.
        """
        ...

    def arranged(
        self, copies: Sequence[int], order: Order, *, offset: int, limit: int
    ) -> Sequence[int]:
        """Like `listed`, of the copies given; unknown ids are left out."""
        ...

    def holding(self, mailbox: int, messages: Sequence[int]) -> set[int]:
        """Return which of `messages` have a live copy in `mailbox`."""
        ...

    def search(
        self, query: Query, *, states: Sequence[CopyState], similar: "SimilarSets"
    ) -> Sequence[int]:
        """Return the ids of all copies that match, ascending.

        `similar` gives the resolved references of each `similar:` term. Only a
        read reaches the full text: to search for words while writing is a bug.
        """
        ...

    def matching(
        self, mailboxes: Sequence[int], query: Query, *, similar: "SimilarSets"
    ) -> Sequence[int]:
        """Return the ids of live copies in some mailboxes that match, ascending.

        It costs what the query finds, or what lies in the mailboxes, not the store.
        """
        ...

    def changed(self, mailbox: int, mark: Mark, limit: int) -> Sequence[int]:
        """Return live copies changed behind a mark, in order of (modseq, uid)."""
        ...

    def discarded(
        self,
        account: int,
        kind: DiscardKind,
        *,
        mailbox: int | None = None,
        offset: int,
        limit: int,
    ) -> Sequence[int]:
        """Return copies in the vault that their owner discarded, the newest first."""
        ...

    def count_discarded(
        self, account: int, kind: DiscardKind, *, mailbox: int | None = None
    ) -> int: ...

    def facts(self, copies: Sequence[int]) -> list[CopyFacts]:
        """Return facts in the order of the ids given; unknown ids are left out."""
        ...

    def expired(self, now: datetime, limit: int) -> list[Copy]:
        """Return copies that have expired and are not held, the longest due first."""
        ...

    def expired_extent(self, now: datetime) -> Overdue:
        """Count what has expired."""
        ...

    def in_vault(
        self, account: int, *, after: Copy | None = None, limit: int
    ) -> list[Copy]:
        """Return vaulted copies of an account behind `after`, the oldest first."""
        ...

    def has_any(self, account: int) -> bool:
        """Whether an account has a copy, in whatever state."""
        ...

    def remove(self, copies: Iterable[int]) -> None:
        """Forget copies; `placement.destroy` is who may."""
        ...

    def count(self, copies: Sequence[int]) -> tuple[int, int, int]:
        """Return how many messages, copies and accounts these ids are."""
        ...


SimilarSets = Mapping[Similar, References]


@dataclass(frozen=True, slots=True, kw_only=True)
class PastEvent:
    """What retention asks of an event."""

    id: int
    time: datetime
    event: Event
    message: int | None


class Ledger(Protocol):
    """Everything that happened, in the order of writing."""

    def record(self, events: Iterable[LedgerEvent]) -> None: ...

    def search(self, query: Query, *, similar: SimilarSets) -> Sequence[int]:
        """Return the ids of all events that match, in the order of writing."""
        ...

    def by_time(self, events: Sequence[int]) -> Sequence[int]:
        """Return those events that are there, oldest first.

        What is imported is written long after it happened.
        """
        ...

    def rows(self, events: Sequence[int]) -> list[LedgerRow]:
        """Return events in the order of the ids given; unknown ids are left out."""
        ...

    def count(self, events: Sequence[int]) -> tuple[int, int, int]:
        """Return how many messages, copies and accounts these events name."""
        ...

    def page(self, *, after: int = 0, limit: int) -> list[PastEvent]:
        """Return events behind the id `after`, in the order of writing."""
        ...

    def needed(self, messages: Sequence[int]) -> set[int]:
        """Return those messages that a hold keeps, or that a case still works on."""
        ...

    def remove(self, events: Sequence[int]) -> None:
        """Forget events for good."""
        ...
