"""Copies where they lie, and how many of them there are."""

from datetime import datetime
from typing import NotRequired, TypedDict, cast

from postwarden.model.cases import MatchClass
from postwarden.model.ledger import LedgerRow
from postwarden.model.mailboxes import flag_names
from postwarden.services.cases.evidence import event_facts
from postwarden.services.ports import CopyFacts

# `class` is a word of Python's, so these fields cannot be written as a class body.
_Class = TypedDict("_Class", {"class": NotRequired[str]})


class AnyCopyShape(_Class):
    """A copy where it lies now, here or elsewhere."""

    account: str
    mailbox: str
    flags: list[str]
    internal_date: datetime
    size: int
    sha256: str
    message_id: str | None
    fingerprint: str | None
    subject: str
    author: str
    state: str
    hold: list[int]


class CopyShape(AnyCopyShape):
    """A copy where it lies now; `class` when the query has `similar:`."""

    uid: int


class EventShape(TypedDict):
    """Something that happened to a message, from the ledger."""

    time: str
    event: str
    trace_id: str | None
    sha256: str | None
    message_id: str | None
    reverse_path: str | None
    forward_path: str | None
    account: str | None
    mailbox: str | None
    uid: int | None
    size: int | None
    subject: str | None
    client_ip: str | None
    source: str
    detail: str


class CountShape(TypedDict):
    """The three units that people confuse."""

    messages: int
    copies: int
    accounts: int


def copy(facts: CopyFacts, match_class: MatchClass | None = None) -> CopyShape:
    """Return a copy as `find` and the index of an export print it."""
    shape: CopyShape = {
        "account": facts.address,
        "mailbox": facts.mailbox,
        "uid": facts.uid,
        "flags": flag_names(facts.flags, facts.keywords),
        "internal_date": facts.internal_date,
        "size": facts.size,
        "sha256": facts.sha256.hex(),
        "message_id": facts.message_id and f"<{facts.message_id}>",
        "fingerprint": facts.fingerprint.hex() if facts.fingerprint else None,
        "subject": facts.subject,
        "author": facts.author,
        "state": facts.state.value,
        "hold": list(facts.hold),
    }
    if match_class is not None:
        shape["class"] = match_class.value
    return shape


def event(row: LedgerRow) -> EventShape:
    """Return a ledger event as `trace` prints it."""
    return cast("EventShape", event_facts(row))


def count(of: tuple[int, int, int]) -> CountShape:
    """Return how many messages, copies and accounts there are."""
    messages, copies, accounts = of
    return {"messages": messages, "copies": copies, "accounts": accounts}
