"""Evaluating a query on the facts of one copy or one ledger event, in memory.

It defines what every compiled form of a query must find. Logic has two values: a
term about something unknown does not match, and so its negation does.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from types import MappingProxyType
from typing import Final, Protocol, TypeAlias

from postwarden.model.networks import ip_key, ip_range
from postwarden.model.queries.terms import (
    STATES,
    AddressField,
    AddressMatch,
    After,
    And,
    AttachmentSha256,
    Before,
    CopyLeaf,
    Event,
    HasAttachment,
    InMailbox,
    Ip,
    Is,
    Larger,
    Leaf,
    MessageId,
    MessageLeaf,
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
    TransportLeaf,
    Words,
    mailbox_key,
    message_id_key,
)
from postwarden.model.queries.words import has_phrase

SimilarMessages: TypeAlias = Mapping[Similar, Collection[str]]
"""For each `similar:` leaf the SHA-256 of the messages of its classes."""

_FIELDS: Final = {TextField.TEXT: (TextField.SUBJECT, TextField.BODY)}
_FLAGS: Final = {
    Trait.READ: "\\seen",
    Trait.FLAGGED: "\\flagged",
    Trait.ANSWERED: "\\answered",
}  # RFC 9051 §2.3.2, in lower case: flags are case-insensitive


class Facts(Protocol):
    """What a query can ask about; an adapter may look each up when it is asked.

    Of a copy, or of an event of the ledger with the message it is about. What is
    not known is None or empty, and no term matches it.
    """

    def word_lines(self, field: TextField) -> Iterable[str]:
        """Yield texts as `word_line` makes them; a phrase lies within one.

        For AUTHOR, TO and CC the decoded header, for FILENAME one text a file, for
        BODY one a part. TEXT is never asked for.
        """
        ...

    def address_keys(self, field: AddressField) -> Iterable[str]:
        """Yield `Address.key` of those in a header, of the envelope, of the account."""
        ...

    @property
    def message_id(self) -> str | None:
        """As the message has it, with or without `<` and `>`."""
        ...

    @property
    def sha256(self) -> str | None: ...

    @property
    def size(self) -> int | None:
        """In octets."""
        ...

    @property
    def attachment_sha256(self) -> Collection[str]:
        """One for each attachment, in lower-case hexadecimal."""
        ...

    @property
    def time(self) -> datetime | None:
        """The internal date of a copy, the time of an event; aware."""
        ...

    @property
    def mailbox(self) -> str | None: ...

    @property
    def flags(self) -> Collection[str]:
        r"""As IMAP spells them: `\Seen`, keywords as they are."""
        ...

    @property
    def state(self) -> str | None:
        """One of live, contained, vaulted."""
        ...

    @property
    def is_held(self) -> bool: ...

    @property
    def has_null_reverse_path(self) -> bool:
        """Whether it was received with the reverse path `<>`."""
        ...

    @property
    def client_ips(self) -> Collection[str]: ...

    @property
    def trace_ids(self) -> Collection[str]: ...

    @property
    def event(self) -> str | None:
        """The name of the ledger event; None for a copy."""
        ...


NO_SIMILAR: Final[SimilarMessages] = MappingProxyType({})


def matches(
    query: Query, facts: Facts, *, similar: SimilarMessages = NO_SIMILAR
) -> bool:
    """Whether these facts are what the query asks for.

    Raises KeyError for a `similar:` leaf that `similar` says nothing about.
    """
    return _matches(query.root, facts, similar)


def _matches(node: Node, facts: Facts, similar: SimilarMessages) -> bool:
    match node:
        case And(parts):
            return all(_matches(part, facts, similar) for part in parts)
        case Or(parts):
            return any(_matches(part, facts, similar) for part in parts)
        case Not(part):
            return not _matches(part, facts, similar)
        case leaf:
            return _leaf_matches(leaf, facts, similar)


def _leaf_matches(leaf: Leaf, facts: Facts, similar: SimilarMessages) -> bool:
    if isinstance(leaf, MessageLeaf):
        return _message_matches(leaf, facts, similar)
    if isinstance(leaf, CopyLeaf):
        return _copy_matches(leaf, facts)
    if isinstance(leaf, TransportLeaf):
        return _transport_matches(leaf, facts)
    return True  # All


def _message_matches(leaf: MessageLeaf, facts: Facts, similar: SimilarMessages) -> bool:
    found: bool
    match leaf:
        case Words():
            found = _has_words(leaf, facts)
        case MessageId(value, prefix):
            own = facts.message_id
            found = own is not None and _is(message_id_key(own), value, prefix)
        case Sha256(digest):
            found = facts.sha256 == digest
        case AttachmentSha256(digest):
            found = digest in facts.attachment_sha256
        case Similar():
            found = facts.sha256 in similar[leaf]
        case HasAttachment():
            found = bool(facts.attachment_sha256)
        case Larger(octets):
            found = facts.size is not None and facts.size > octets
        case Smaller(octets):
            found = facts.size is not None and facts.size < octets
    return found


def _has_words(leaf: Words, facts: Facts) -> bool:
    return any(
        has_phrase(line, leaf.words, prefix=leaf.prefix)
        for field in _FIELDS.get(leaf.field, (leaf.field,))
        for line in facts.word_lines(field)
    )


def _copy_matches(leaf: CopyLeaf, facts: Facts) -> bool:
    match leaf:
        case Before(instant):
            return facts.time is not None and facts.time < instant
        case After(instant):
            return facts.time is not None and facts.time >= instant
        case InMailbox(name_key, prefix):
            own = facts.mailbox
            return own is not None and _is(mailbox_key(own), name_key, prefix)
        case Is(Trait.HELD):
            return facts.is_held
        case Is(trait) if trait in STATES:
            return facts.state == trait
        case Is(trait):
            return _FLAGS[trait] in {flag.lower() for flag in facts.flags}


def _transport_matches(leaf: TransportLeaf, facts: Facts) -> bool:
    match leaf:
        case AddressMatch(field):
            return any(is_address(leaf, key) for key in facts.address_keys(field))
        case NullReversePath():
            return facts.has_null_reverse_path
        case Ip(network):
            return any(_lies_in(network, client) for client in facts.client_ips)
        case TraceId(value):
            return value in facts.trace_ids
        case Event(name):
            return facts.event == name


def _is(own: str, asked: str, prefix: bool) -> bool:
    return own.startswith(asked) if prefix else own == asked


def is_address(leaf: AddressMatch, key: str) -> bool:
    """Whether the address with this key (`Address.key`) is one that `leaf` means."""
    domain, _, local_key = key.partition("/")
    if leaf.domain is None:
        return leaf.local_key is not None and local_key.startswith(leaf.local_key)
    same_local = leaf.local_key is None or leaf.local_key == local_key
    return same_local and _is(domain, leaf.domain, leaf.prefix)


def _lies_in(network: IPv4Network | IPv6Network, client: str) -> bool:
    first, last = ip_range(network)
    key = ip_key(client)
    return key is not None and first <= key <= last
