"""Holds: nothing they mark is destroyed, whoever asks.

A hold marks copies. It marks what matches when it is made, then what matches as it
arrives; a mark stays, whatever is renamed or edited later, until the hold is
released.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class HoldState(StrEnum):
    """The life of a hold."""

    PLACING = "placing"  # copies there already are being marked: nothing is destroyed
    ACTIVE = "active"
    RELEASING = "releasing"  # its marks are being taken off
    RELEASED = "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold, as somebody made it; `query` is canonical text and never changes.

    `accounts` says which accounts each whole address in the query meant then, by
    `Address.key`, so that a hold follows its accounts and not their addresses.
    `domains` is where its maker may look, None for everywhere. With `case` the
    copies in that case's plans are marked, too.
    """

    id: int = 0
    name: str
    query: str
    reason: str
    state: HoldState
    created_by: str
    created_at: datetime
    accounts: tuple[tuple[str, tuple[int, ...]], ...] = ()
    domains: tuple[str, ...] | None = None
    case: int | None = None
    released_by: str | None = None
    released_at: datetime | None = None
    release_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCopies:
    """How much a hold marks, of one account or of all."""

    copies: int = 0
    octets: int = 0
    messages: int = 0
    accounts: int = 0
    live: int = 0
    contained: int = 0
    vaulted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAccount:
    """How much a hold marks of one account."""

    account: int
    address: str
    copies: int
    octets: int
