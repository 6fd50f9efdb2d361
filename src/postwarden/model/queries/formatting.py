"""Queries into their canonical text, which reads back as the same query.

Queries of one shape have one text, whatever the spelling, the spaces and the letter
case they were written with; times are absolute. It is what a case freezes.
"""

import re
from datetime import UTC, datetime, time
from typing import Final

from postwarden.model.addresses import Address
from postwarden.model.queries.lexer import needs_quotes
from postwarden.model.queries.terms import (
    AddressMatch,
    After,
    All,
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
    SimilarTo,
    Smaller,
    TextField,
    TraceId,
    TransportLeaf,
    Words,
)

_SPECIAL: Final = re.compile(r'["\\*]')
_BARE: Final = re.compile(r"[^\W_]+\Z")
WITH_VALUE: Final = ("is", "has")
"""Terms whose values are terms of their own: `is:read`."""


def format_query(query: Query) -> str:
    """Return the canonical text of a query."""
    return _formatted(query.root)


def term_of(leaf: Leaf) -> str | None:
    """Return the name of a leaf's term as `TermUse` has it, None for bare words."""
    name, value, _wildcard = _written(leaf)
    return f"{name}:{value}" if name in WITH_VALUE else name


def _formatted(node: Node) -> str:
    match node:
        case Or(parts):
            return " OR ".join(map(_formatted, parts))
        case And(parts):
            return " ".join(
                f"({_formatted(part)})" if isinstance(part, Or) else _formatted(part)
                for part in parts
            )
        case Not(And() | Or() as part):
            return f"-({_formatted(part)})"
        case Not(part):
            return f"-{_formatted(part)}"
        case All():
            return "all"
        case leaf:
            return _leaf(leaf)


def _leaf(leaf: Leaf) -> str:
    name, value, wildcard = _written(leaf)
    star = "*" if wildcard else ""
    if name is None and _BARE.match(value) and value != "all":
        return value + star
    if name is None or needs_quotes(value):
        value = f'"{_SPECIAL.sub(_escaped, value)}"'
    return f"{name}:{value}{star}" if name else value + star


def _escaped(special: re.Match[str]) -> str:
    return f"\\{special[0]}"


def _written(leaf: Leaf) -> tuple[str | None, str, bool]:
    """Return term, value and whether a wildcard follows."""
    if isinstance(leaf, MessageLeaf):
        return _of_message(leaf)
    if isinstance(leaf, CopyLeaf):
        return _of_copy(leaf)
    if isinstance(leaf, TransportLeaf):
        return _of_transport(leaf)
    return None, "all", False


def _of_message(leaf: MessageLeaf) -> tuple[str | None, str, bool]:
    written: tuple[str | None, str, bool]
    match leaf:
        case Words(field, words, prefix):
            name = None if field is TextField.TEXT else field.value
            written = name, " ".join(words), prefix
        case MessageId(value, prefix):
            written = "message-id", f"<{value}" if prefix else f"<{value}>", prefix
        case Sha256(digest):
            written = "sha256", digest, False
        case AttachmentSha256(digest):
            written = "attachment-sha256", digest, False
        case Similar():
            written = "similar", _similar(leaf), False
        case HasAttachment():
            written = "has", "attachment", False
        case Larger(octets):
            written = "larger", str(octets), False
        case Smaller(octets):
            written = "smaller", str(octets), False
    return written


def _similar(leaf: Similar) -> str:
    match leaf.kind:
        case SimilarTo.FILE:
            return f"file:{leaf.value}"
        case SimilarTo.MESSAGE_ID:
            return f"<{leaf.value}>"
        case SimilarTo.SHA256:
            return leaf.value


def _of_copy(leaf: CopyLeaf) -> tuple[str, str, bool]:
    match leaf:
        case Before(instant):
            return "before", _instant(instant), False
        case After(instant):
            return "after", _instant(instant), False
        case InMailbox(name_key, prefix):
            return "in", name_key, prefix
        case Is(trait):
            return "is", trait.value, False


def _of_transport(leaf: TransportLeaf) -> tuple[str, str, bool]:
    match leaf:
        case AddressMatch(field):
            return field.value, _address(leaf), leaf.prefix
        case NullReversePath():
            return "envelope-from", "<>", False
        case Ip(network):
            whole = network.prefixlen == network.max_prefixlen
            return "ip", str(network.network_address if whole else network), False
        case TraceId(value):
            return "trace", value, False
        case Event(name):
            return "event", name, False


def _address(leaf: AddressMatch) -> str:
    local_key, domain = leaf.local_key or "", leaf.domain
    if leaf.prefix:
        return local_key if domain is None else f"{local_key}@{domain}"
    return str(Address(local_key, domain or "")) if local_key else f"@{domain}"


def _instant(instant: datetime) -> str:
    """Return a day where it is the first instant of one, else a time in UTC."""
    naive = instant.astimezone(UTC).replace(tzinfo=None)
    if naive == datetime.combine(naive.date(), time.min):
        return naive.date().isoformat()
    return f"{naive.isoformat()}Z"
