"""Reporting: what a case's mail was to each account, and for how long.

It says what the ledger knows: deliveries, what owners did as far as a protocol told
of it, and what the case did. Who was exposed worst comes first.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from postwarden.model.actors import Actor
from postwarden.model.cases import Case, Outcome, Plan, PlanItem
from postwarden.model.ledger import Event, LedgerRow
from postwarden.model.mailboxes import Flag
from postwarden.model.permissions import Permission
from postwarden.services import access
from postwarden.services.cases import history, reach
from postwarden.services.cases.outcomes import has_run
from postwarden.services.ports import Store, UnitOfWork

MAX_ACTS = 20  # of one owner that are listed
_FORWARDED = "$Forwarded"  # what clients set
_BY_OWNER = {Event.MOVE, Event.COPY, Event.DELETE, Event.EXPUNGE}
_REMOVED = {Event.CONTAIN, Event.DELETE, Event.PURGE, Event.MOVE}


@dataclass(slots=True, kw_only=True)
class AccountReport:
    """What became of the mail in one account; times are None where nobody knows.

    `exposed` is how long the mail was there to be read, until now if it still is.
    `acts` are what the owner did to it, oldest first.
    """

    account: str
    copies: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    delivered_at: datetime | None = None
    first_seen_at: datetime | None = None
    read: bool = False
    answered: bool = False
    forwarded: bool = False
    forwarded_to: list[str] = field(default_factory=list)
    acts: list[tuple[datetime, Event]] = field(default_factory=list)
    removed_at: datetime | None = None
    restored_at: datetime | None = None
    exposed: timedelta | None = None

    def add_item(self, item: PlanItem) -> None:
        self.copies += 1
        self.outcomes[item.outcome] += 1
        self.read |= bool(item.flags & Flag.SEEN)
        self.answered |= bool(item.flags & Flag.ANSWERED)
        self.forwarded |= _FORWARDED in item.keywords

    def add_event(self, row: LedgerRow, case: int) -> None:
        ours = is_ours(row, case)
        match row.event:
            case Event.DELIVER:
                self.delivered_at = self.delivered_at or row.time
            case Event.READ:
                self.first_seen_at = self.first_seen_at or row.time
                self.read = True
            case Event.REPLIED:
                self.answered = True
            case Event.FORWARDED:
                self.forwarded = True
                if row.forward_path and row.forward_path not in self.forwarded_to:
                    self.forwarded_to.append(row.forward_path)
            case Event.RESTORE if ours:
                self.restored_at = row.time
            case event if ours and event in _REMOVED:
                self.removed_at = self.removed_at or row.time
            case event if row.source != "case" and event in _BY_OWNER:
                if len(self.acts) < MAX_ACTS:
                    self.acts.append((row.time, event))

    def end(self, now: datetime) -> None:
        """Work out for how long the mail was there."""
        gone = [time for time, event in self.acts if event is not Event.COPY]
        last = self.removed_at or (gone[-1] if gone and not self.copies else now)
        if self.delivered_at is not None:
            self.exposed = max(timedelta(0), last - self.delivered_at)

    @property
    def weight(self) -> tuple[bool, bool, bool, timedelta]:
        passed_on = self.forwarded or bool(self.forwarded_to)
        return passed_on, self.answered, self.read, self.exposed or timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A case and its accounts, worst first."""

    case: Case
    made_at: datetime
    accounts: Sequence[AccountReport]


async def report(store: Store, actor: Actor, case_id: int) -> Report:
    """Report on the plans of a case that ran, or on its newest plan.

    An account that got the mail and has no copy any more is reported too. Raises
    NotFound.
    """
    case, plans, now = await store.read(_case, actor, case_id)
    searcher = reach.searcher(actor, case)
    accounts: dict[str, AccountReport] = {}
    mails = await _take_items(store, plans, accounts)
    async for rows in history.rows(store, searcher, list(mails.sha256s)):
        for row in rows:
            ours = is_ours(row, case_id)
            address = row.account or (row.forward_path if ours else None)
            if address is not None:
                _of(accounts, address).add_event(row, case_id)
    # What lies elsewhere was delivered there, and only a log can tell when.
    ids = sorted(mails.elsewhere)
    async for rows in history.logged_deliveries(store, searcher, ids):
        for row in rows:
            if row.forward_path in accounts:
                accounts[row.forward_path].add_event(row, case_id)
    for each in accounts.values():
        each.end(now)
    worst = sorted(accounts.values(), key=lambda each: each.account)
    worst.sort(key=lambda each: each.weight, reverse=True)
    return Report(case=case, made_at=now, accounts=worst)


@dataclass(slots=True)
class _Mails:
    """What the items are of: contents, and ids of what lies on other systems."""

    sha256s: dict[bytes, None] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)


async def _take_items(
    store: Store, plans: Sequence[Plan], accounts: dict[str, AccountReport]
) -> _Mails:
    mails = _Mails()
    seen: set[tuple[str, int | str]] = set()
    for plan in plans:
        after = 0
        while items := await store.read(_items, plan.id, after):
            after = items[-1].item
            for item in items:
                mails.sha256s[item.sha256] = None
                if item.remote is not None and item.message_id is not None:
                    mails.elsewhere.add(item.message_id)
                copy = item.remote.reference if item.remote else item.copy
                if (item.system, copy) not in seen:
                    seen.add((item.system, copy))
                    _of(accounts, item.address).add_item(item)
    return mails


def is_ours(row: LedgerRow, case: int) -> bool:
    """Whether an event is what a case did, here or on another system."""
    did = f"case {case}"
    here = row.detail == did or row.detail.startswith(f"{did} on ")
    return row.source == "case" and here


def _of(accounts: dict[str, AccountReport], address: str) -> AccountReport:
    return accounts.setdefault(address, AccountReport(account=address))


def _case(
    uow: UnitOfWork, actor: Actor, case_id: int
) -> tuple[Case, list[Plan], datetime]:
    access.require(actor, Permission.CASE_READ)
    case = reach.case(uow, actor, case_id)
    plans = uow.cases.plans_of(case_id)
    ran = [plan for plan in plans if has_run(uow.cases.outcomes(plan.id))]
    newest = [plan for plan in plans if plan.id == case.plan]
    return case, list(reversed(ran)) or newest, uow.now


def _items(uow: UnitOfWork, plan: int, after: int) -> list[PlanItem]:
    return uow.cases.items(plan, after=after, limit=1000)
