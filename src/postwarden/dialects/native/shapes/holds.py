"""Holds, and what they protect."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypedDict

from postwarden.model.holds import HeldAccount, HeldCopies, Hold
from postwarden.model.tasks import Task


class HoldShape(TypedDict):
    """A hold, as it was made and as it is."""

    hold: int
    name: str
    query: str
    case: int | None
    reason: str
    state: str
    created_by: str
    created_at: datetime
    released_by: str | None
    released_at: datetime | None
    release_reason: str | None


class WholeHoldShape(HoldShape):
    """A hold with how many copies it marks, and in how many accounts."""

    copies: int
    accounts: int


class HoldTaskShape(HoldShape):
    """A hold that a task is placing or releasing."""

    task: int


class HeldAccountShape(TypedDict):
    """How much a hold marks of one account."""

    account: str
    copies: int
    octets: int


class HoldReportShape(WholeHoldShape):
    """What a hold protects."""

    messages: int
    octets: int
    live: int
    contained: int
    vaulted: int
    by_account: list[HeldAccountShape]


def hold(of: Hold) -> HoldShape:
    """Return a hold as `hold list` prints it."""
    return {
        "hold": of.id,
        "name": of.name,
        "query": of.query,
        "case": of.case,
        "reason": of.reason,
        "state": of.state.value,
        "created_by": of.created_by,
        "created_at": of.created_at,
        "released_by": of.released_by,
        "released_at": of.released_at,
        "release_reason": of.release_reason,
    }


def with_task(of: Hold, task: Task) -> HoldTaskShape:
    """Return a hold and the task that works on it."""
    return {**hold(of), "task": task.id}


def held_account(of: HeldAccount) -> HeldAccountShape:
    """Return how much a hold marks of one account."""
    return {"account": of.address, "copies": of.copies, "octets": of.octets}


def whole(of: Hold, held: HeldCopies) -> WholeHoldShape:
    """Return a hold with its numbers, as `hold create` and `hold show` print it."""
    return {**hold(of), "copies": held.copies, "accounts": held.accounts}


def report(
    of: Hold, held: HeldCopies, accounts: Iterable[HeldAccount]
) -> HoldReportShape:
    """Return what a hold protects, as `hold report` prints it."""
    return {
        **whole(of, held),
        "messages": held.messages,
        "octets": held.octets,
        "live": held.live,
        "contained": held.contained,
        "vaulted": held.vaulted,
        "by_account": [held_account(each) for each in accounts],
    }
