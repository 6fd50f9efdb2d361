"""What a case's mail was to each account."""

from datetime import datetime
from typing import TypedDict

from postwarden.dialects.native.shapes.cases import CaseShape, case
from postwarden.services.cases.reporting import Report


class ActShape(TypedDict):
    """What an owner did to mail, and when."""

    time: datetime
    event: str


class AccountReportShape(TypedDict):
    """What became of a case's mail in one account."""

    account: str
    copies: int
    delivered_at: datetime | None
    first_seen_at: datetime | None
    read: bool
    answered: bool
    forwarded: bool
    forwarded_to: list[str]
    acts: list[ActShape]
    removed_at: datetime | None
    restored_at: datetime | None
    exposed_seconds: int | None
    outcomes: dict[str, int]


class ReportShape(CaseShape):
    """A case and its accounts, worst first."""

    made_at: datetime
    accounts: list[AccountReportShape]


def report(of: Report) -> ReportShape:
    """Return a report as `case report` prints it."""
    return {
        **case(of.case),
        "made_at": of.made_at,
        "accounts": [
            {
                "account": each.account,
                "copies": each.copies,
                "delivered_at": each.delivered_at,
                "first_seen_at": each.first_seen_at,
                "read": each.read,
                "answered": each.answered,
                "forwarded": each.forwarded,
                "forwarded_to": list(each.forwarded_to),
                "acts": [
                    {"time": time, "event": event.value} for time, event in each.acts
                ],
                "removed_at": each.removed_at,
                "restored_at": each.restored_at,
                "exposed_seconds": None
                if each.exposed is None
                else int(each.exposed.total_seconds()),
                "outcomes": {k.value: n for k, n in each.outcomes.items()},
            }
            for each in of.accounts
        ],
    }
