"""What a query is once it is read: a tree of And, Or and Not over leaves."""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import Final, TypeAlias


class TextField(StrEnum):
    """Where words are looked for; the value is the name of the term."""

    TEXT = "text"
    """Subject or body: what a bare word means. Nobody writes `text:`."""
    SUBJECT = "subject"
    BODY = "body"
    AUTHOR = "from"
    TO = "to"
    CC = "cc"
    FILENAME = "filename"


class AddressField(StrEnum):
    """Whose address is compared; the value is the name of the term."""

    AUTHOR = "from"
    TO = "to"
    CC = "cc"
    FORWARD_PATH = "rcpt"
    REVERSE_PATH = "envelope-from"
    ACCOUNT = "account"


HEADER_FIELDS: Final = frozenset(
    {AddressField.AUTHOR, AddressField.TO, AddressField.CC}
)
"""Those in the message itself; each has the name of its header field."""


class Trait(StrEnum):
    """What `is:` asks of a copy; `is:unread` is the negation of READ."""

    READ = "read"
    FLAGGED = "flagged"
    ANSWERED = "answered"
    LIVE = "live"
    CONTAINED = "contained"
    VAULTED = "vaulted"
    HELD = "held"


STATES: Final = frozenset({Trait.LIVE, Trait.CONTAINED, Trait.VAULTED})
"""The traits that are states: a copy is in exactly one of them."""


class SimilarTo(StrEnum):
    """How `similar:` names the message to compare with."""

    SHA256 = "sha256"
    MESSAGE_ID = "message-id"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class All:
    """Everything; only ever a whole query."""


@dataclass(frozen=True, slots=True)
class Words:
    """A phrase of whole words; with `prefix`, the last is the beginning of a word.

    The words are as `words_of` gives them, at least one.
    """

    field: TextField
    words: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class AddressMatch:
    """An address by its two parts, which are as `Address.key` has them.

    ======================  =========  ===========  ======
    written                 local_key  domain       prefix
    ======================  =========  ===========  ======
    `ada@example.org`       ada        example.org  False
    `@example.org`          None       example.org  False
    `ad*` (the local part)  ad         None         True
    `ada@exam*`             ada        exam         True
    `ada@*`                 ada        (empty)      True
    `@exam*`                None       exam         True
    ======================  =========  ===========  ======

    So `prefix` is about the domain where there is one, else about the local part.
    """

    field: AddressField
    local_key: str | None
    domain: str | None
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class NullReversePath:
    """Sent with the empty reverse path `<>` (RFC 5321 §4.5.5)."""


@dataclass(frozen=True, slots=True)
class MessageId:
    """A Message-ID as `message_id_key` has it, or the beginning of one."""

    value: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Sha256:
    """The SHA-256 of the stored message, 64 lower-case hexadecimal digits."""

    digest: str


@dataclass(frozen=True, slots=True)
class AttachmentSha256:
    """The SHA-256 of an attachment's decoded content, lower-case hexadecimal."""

    digest: str


@dataclass(frozen=True, slots=True)
class Similar:
    """Classes exact, same and variant of one message.

    FILE holds a path as text; who can read the file rewrites the leaf.
    """

    kind: SimilarTo
    value: str


@dataclass(frozen=True, slots=True)
class HasAttachment:
    """At least one attachment."""


@dataclass(frozen=True, slots=True)
class Larger:
    """More octets than this."""

    octets: int


@dataclass(frozen=True, slots=True)
class Smaller:
    """Fewer octets than this."""

    octets: int


@dataclass(frozen=True, slots=True)
class Before:
    """Earlier than this instant (aware, UTC)."""

    instant: datetime


@dataclass(frozen=True, slots=True)
class After:
    """At this instant (aware, UTC) or later."""

    instant: datetime


@dataclass(frozen=True, slots=True)
class InMailbox:
    """A mailbox name as `mailbox_key` has it, or the beginning of one."""

    name_key: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Is:
    trait: Trait


@dataclass(frozen=True, slots=True)
class Ip:
    """The client's address lies in this network, as `networks.ip_range` has it."""

    network: IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class TraceId:
    value: str


@dataclass(frozen=True, slots=True)
class Event:
    """The ledger event has this name, one of `ledger.Event`."""

    name: str


MessageLeaf: TypeAlias = (
    Words
    | MessageId
    | Sha256
    | AttachmentSha256
    | Similar
    | HasAttachment
    | Larger
    | Smaller
)
"""What is true of a message wherever it lies."""
CopyLeaf: TypeAlias = Before | After | InMailbox | Is
"""What is true of one copy, or of the place and time of one event."""
TransportLeaf: TypeAlias = AddressMatch | NullReversePath | Ip | TraceId | Event
"""Who sent it to whom, and how."""
Leaf: TypeAlias = All | MessageLeaf | CopyLeaf | TransportLeaf
Node: TypeAlias = "And | Or | Not | Leaf"


@dataclass(frozen=True, slots=True)
class And:
    """At least two parts, none of them And or All, none twice (`all_of`)."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least two parts, none of them Or or All, none twice (`any_of`)."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """A part that is neither Not nor All (`negated`)."""

    part: Node


@dataclass(frozen=True, slots=True)
class TermUse:
    """A term as somebody wrote it."""

    name: str
    """Lower case, without colon; of `is:` and `has:` with the value: `is:read`."""
    position: int
    """Where in the text, counted in characters from 1."""


@dataclass(frozen=True, slots=True)
class Query:
    """A tree, and the terms it was written with (which do not make it another)."""

    root: Node
    terms: tuple[TermUse, ...] = field(default=(), compare=False)


def message_id_key(text: str) -> str:
    """Return a Message-ID without white space around it and without `<` and `>`."""
    stripped = text.strip()
    if stripped.startswith("<") and stripped.endswith(">"):
        return stripped[1:-1]
    return stripped


def mailbox_key(name: str) -> str:
    """Return what two mailbox names share when a query takes them for the same."""
    folded = unicodedata.normalize("NFC", name).casefold()
    return unicodedata.normalize("NFC", folded)  # so that a key is its own key
