"""What `doctor` finds, and when a measure is good, doubtful or bad."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

SHOWN = 3  # examples in a message
_ROOM_TO_ACT = 4  # times the least room: time to make more before mail is refused
_CLOCK_SLACK = timedelta(minutes=5)
_WRITTEN = 2026  # no clock of a running Postwarden can be before this year
_EXPIRES_SOON = timedelta(days=14)


class Status(StrEnum):
    """How one check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of `doctor`; `hint` says what to do about it."""

    check: str
    status: Status
    message: str
    hint: str = ""


def ok(check: str, message: str) -> Finding:
    return Finding(check=check, status=Status.OK, message=message)


def warning(check: str, message: str, hint: str) -> Finding:
    return Finding(check=check, status=Status.WARNING, message=message, hint=hint)


def failed(check: str, message: str, hint: str) -> Finding:
    return Finding(check=check, status=Status.FAILED, message=message, hint=hint)


def some(examples: Sequence[object]) -> str:
    """Return a few of the examples in words."""
    more = ", ..." if len(examples) > SHOWN else ""
    return ", ".join(map(str, examples[:SHOWN])) + more


def disk(free: int, least: int) -> Finding:
    """Judge the free octets of a disk against the room below which mail is refused."""
    message = f"{free >> 20} MiB free"
    hint = f"make room; below {least >> 20} MiB mail is refused (store.minimum_free)"
    if free < least:
        return failed("disk", message, hint)
    if free < _ROOM_TO_ACT * least:
        return warning("disk", message, hint)
    return ok("disk", message)


def clock(now: datetime, newest: datetime | None) -> Finding:
    """Judge the clock by the newest event that was ever written."""
    hint = "set the clock, by NTP for example: mail, UIDs and approvals rely on it"
    if now.year < _WRITTEN:
        return failed("clock", f"the clock says {now:%Y-%m-%d}", hint)
    if newest is not None and newest - now > _CLOCK_SLACK:
        return failed(
            "clock", f"the newest event is {newest - now} ahead of the clock", hint
        )
    return ok("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC")


def indexing(lag: int) -> Finding:
    """Judge how many messages full text does not know yet."""
    if lag:
        return warning(
            "full-text",
            f"{lag} messages are not indexed",
            "`postwarden serve` indexes them, so does `postwarden doctor --repair`",
        )
    return ok("full-text", "every message is indexed")


def counters(mailboxes: int, accounts: int) -> Finding:
    """Judge how many mailboxes and accounts count other than their copies do."""
    if mailboxes or accounts:
        return failed(
            "counters",
            f"{mailboxes} mailboxes and {accounts} accounts count wrongly",
            "`postwarden doctor --repair` counts anew",
        )
    return ok("counters", "mailboxes and accounts count right")


def certificate(now: datetime, not_after: datetime) -> Finding:
    """Judge a certificate by the day it ends."""
    message = f"the certificate is good until {not_after:%Y-%m-%d}"
    hint = "renew the file of tls.certificate; it is read again when it changes"
    if not_after <= now:
        return failed("tls", f"the certificate ended on {not_after:%Y-%m-%d}", hint)
    if not_after - now < _EXPIRES_SOON:
        return warning("tls", message, hint)
    return ok("tls", message)
