"""The vault: copies out of sight, and what becomes of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict, cast

from postwarden.dialects.native.shapes.mail import CopyShape, copy
from postwarden.services.ports import CopyFacts
from postwarden.services.ports.mail import Overdue


class VaultedShape(CopyShape):
    """A copy out of sight; `item` is what `vault restore --item` takes.

    What a case contains has no times: its retention starts when the case is closed.
    """

    item: int
    vaulted_at: datetime | None
    expires_at: datetime | None


class OverdueShape(TypedDict):
    """What has come to the end of its retention, and what holds keep all the same."""

    copies: int
    octets: int
    messages: int
    accounts: int
    held: int


class ReasonShape(TypedDict):
    """Why an item could not be restored."""

    item: int
    reason: str


class RestoredShape(TypedDict):
    """What a restore did; `reasons` names the first items that failed."""

    restored: int
    failed: int
    reasons: list[ReasonShape]


class ExpiredShape(TypedDict):
    """What an expiry destroyed, and how much that is due is held.

    `removed` counts messages whose content went, since no copy has it any more.
    """

    destroyed: int
    octets: int
    removed: int
    held: int


def vaulted(facts: CopyFacts) -> VaultedShape:
    """Return a copy as `vault find` prints it."""
    return {
        **copy(facts),
        "item": facts.id,
        "vaulted_at": facts.vaulted_at,
        "expires_at": facts.expires_at,
    }


def overdue(of: Overdue) -> OverdueShape:
    """Return what an expiry would destroy."""
    return {
        "copies": of.copies,
        "octets": of.octets,
        "messages": of.messages,
        "accounts": of.accounts,
        "held": of.held,
    }


def restored(result: Mapping[str, object]) -> RestoredShape:
    """Return the result of a restoring task."""
    return {
        "restored": cast("int", result.get("restored", 0)),
        "failed": cast("int", result.get("failed", 0)),
        "reasons": cast("list[ReasonShape]", result.get("reasons", [])),
    }


def expired(result: Mapping[str, object], held: int) -> ExpiredShape:
    """Return the result of an expiry, and how much that is due is held."""
    return {
        "destroyed": cast("int", result.get("destroyed", 0)),
        "octets": cast("int", result.get("octets", 0)),
        "removed": cast("int", result.get("removed", 0)),
        "held": held,
    }
