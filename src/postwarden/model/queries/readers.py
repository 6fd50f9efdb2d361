"""Every term by its name, with the function that reads its value into a leaf."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeAlias

from postwarden.model import ledger
from postwarden.model.addresses import Address, domain_name, local_key
from postwarden.model.errors import Invalid
from postwarden.model.queries.lexer import Value
from postwarden.model.queries.terms import (
    AddressField,
    AddressMatch,
    After,
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
    Sha256,
    Similar,
    SimilarTo,
    Smaller,
    TextField,
    TraceId,
    Trait,
    Words,
    mailbox_key,
    message_id_key,
)
from postwarden.model.queries.values import (
    digest_of,
    domain_prefix_of,
    instant_of,
    is_digest,
    network_of,
    octets_of,
    past_of,
)
from postwarden.model.queries.words import ends_in_word, words_of

Reader: TypeAlias = Callable[[Value, datetime], Node]
"""From a value and the instant relative times start from; raises Invalid."""

MAX_PHRASE: Final = 200  # words

_TRACE_ID: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,63}\Z")
_TRAITS: Final[Mapping[str, Node]] = {
    "read": Is(Trait.READ),
    "unread": Not(Is(Trait.READ)),
    "flagged": Is(Trait.FLAGGED),
    "answered": Is(Trait.ANSWERED),
    "live": Is(Trait.LIVE),
    "contained": Is(Trait.CONTAINED),
    "vaulted": Is(Trait.VAULTED),
    "held": Is(Trait.HELD),
}


def read_words(field: TextField, value: Value) -> Words:
    """Read a phrase; it has at least one word."""
    words = tuple(words_of(value.text))
    if not words:
        raise Invalid("there is no letter or digit to look for")
    if len(words) > MAX_PHRASE:
        raise Invalid(f"a phrase has at most {MAX_PHRASE} words")
    if value.wildcard and not ends_in_word(value.text):
        raise Invalid("* must touch the letters that it continues")
    return Words(field, words, prefix=value.wildcard)


def read_address(field: AddressField, value: Value) -> Node:
    """Read a whole address, `@domain`, or the beginning of either with `*`."""
    text = value.text.strip()
    if value.wildcard:
        return _address_prefix(field, text.removeprefix("<"))
    if text == "<>" and field is AddressField.REVERSE_PATH:
        return NullReversePath()
    if text.startswith("<") and text.endswith(">"):
        text = text[1:-1]
    if text.startswith("@"):
        return AddressMatch(field, None, domain_name(text[1:]))
    if "@" not in text:
        raise Invalid("takes a whole address, @domain, or a beginning with *")
    address = Address.parse(text)
    key = _key(address.local_part)
    Address.parse(str(Address(key, address.domain)))  # folding can make it too long
    return AddressMatch(field, key, address.domain)


def _address_prefix(field: AddressField, text: str) -> AddressMatch:
    if not text.strip("@") or any(mark in text for mark in '<>"'):
        raise Invalid("* follows the beginning of an address: ada*, ada@* or @exam*")
    local_part, at, domain = text.rpartition("@")
    if not at:
        return AddressMatch(field, _key(text), None, prefix=True)
    key = _key(local_part) if local_part else None
    return AddressMatch(field, key, domain_prefix_of(domain), prefix=True)


def _key(local_part: str) -> str:
    """Return the key of a local part, which must be its own key to be written."""
    key = local_key(local_part)
    if local_key(key) != key:
        raise Invalid("this combination of accents cannot be looked for")
    return key


def _words(field: TextField) -> Reader:
    return lambda value, _now: read_words(field, value)


def _address(field: AddressField) -> Reader:
    return lambda value, _now: read_address(field, value)


def _header(name: str) -> Reader:
    """Read an address where there is an `@`, else words."""

    def read(value: Value, _now: datetime) -> Node:
        if "@" in value.text:
            return read_address(AddressField(name), value)
        return read_words(TextField(name), value)

    return read


def _domain(value: Value, _now: datetime) -> Node:
    """Read the domain of an account: `account:@domain` in other words."""
    name = value.text.strip().removeprefix("@")
    return read_address(AddressField.ACCOUNT, replace(value, text=f"@{name}"))


def _message_id(value: Value, _now: datetime) -> MessageId:
    key = message_id_key(value.text)
    if value.wildcard:
        key = value.text.strip().removeprefix("<")
        if key.endswith(">"):
            raise Invalid("* takes the place of the end: <part*")
    if not key:
        raise Invalid("takes a Message-ID, with or without < and >")
    return MessageId(key, prefix=value.wildcard)


def _mailbox(value: Value, _now: datetime) -> InMailbox:
    return InMailbox(mailbox_key(value.text), prefix=value.wildcard)


def _exactly(read: Callable[[str, datetime], Node]) -> Reader:
    """Return a reader of values that take no wildcard and no white space."""

    def read_exactly(value: Value, now: datetime) -> Node:
        if value.wildcard:
            raise Invalid("takes no *")
        return read(value.text.strip(), now)

    return read_exactly


def _similar(text: str, _now: datetime) -> Similar:
    if text.startswith("file:"):
        path = text.removeprefix("file:")
        if not path:
            raise Invalid("file: takes the path of a message")
        return Similar(SimilarTo.FILE, path)
    if is_digest(text):
        return Similar(SimilarTo.SHA256, digest_of(text))
    key = message_id_key(text)
    if not key or (key == text and "@" not in text):
        raise Invalid("takes a SHA-256 (64 digits), a Message-ID or file:PATH")
    return Similar(SimilarTo.MESSAGE_ID, key)


def _trait(text: str, _now: datetime) -> Node:
    if text.casefold() not in _TRAITS:
        raise Invalid(f"takes one of {', '.join(_TRAITS)}")
    return _TRAITS[text.casefold()]


def _has(text: str, _now: datetime) -> HasAttachment:
    if text.casefold() != "attachment":
        raise Invalid("takes only attachment")
    return HasAttachment()


def _event(text: str, _now: datetime) -> Event:
    try:
        return Event(ledger.Event(text.upper()).value)
    except ValueError as error:
        raise Invalid(f"takes one of {', '.join(ledger.Event)}") from error


def _trace_id(text: str, _now: datetime) -> TraceId:
    if not _TRACE_ID.match(text):
        raise Invalid("takes a trace id, as `250 2.0.0 accepted trace=` gives it")
    return TraceId(text)


READERS: Final[Mapping[str, Reader]] = MappingProxyType(
    {
        "from": _header("from"),
        "to": _header("to"),
        "cc": _header("cc"),
        "subject": _words(TextField.SUBJECT),
        "body": _words(TextField.BODY),
        "message-id": _message_id,
        "rcpt": _address(AddressField.FORWARD_PATH),
        "envelope-from": _address(AddressField.REVERSE_PATH),
        "account": _address(AddressField.ACCOUNT),
        "domain": _domain,
        "in": _mailbox,
        "before": _exactly(lambda text, _now: Before(instant_of(text))),
        "after": _exactly(lambda text, _now: After(instant_of(text))),
        "older": _exactly(lambda text, now: Before(past_of(text, now))),
        "newer": _exactly(lambda text, now: After(past_of(text, now))),
        "larger": _exactly(lambda text, _now: Larger(octets_of(text))),
        "smaller": _exactly(lambda text, _now: Smaller(octets_of(text))),
        "has": _exactly(_has),
        "filename": _words(TextField.FILENAME),
        "attachment-sha256": _exactly(
            lambda text, _now: AttachmentSha256(digest_of(text))
        ),
        "sha256": _exactly(lambda text, _now: Sha256(digest_of(text))),
        "similar": _exactly(_similar),
        "is": _exactly(_trait),
        "event": _exactly(_event),
        "ip": _exactly(lambda text, _now: Ip(network_of(text))),
        "trace": _exactly(_trace_id),
    }
)
"""The whole language; docs/query.md has a row for each."""
