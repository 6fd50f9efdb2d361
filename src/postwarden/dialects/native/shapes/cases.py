"""Cases, their plans, and what became of these."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypedDict, cast

from postwarden.dialects.native.shapes import systems
from postwarden.dialects.native.shapes.mail import CopyShape
from postwarden.dialects.native.shapes.systems import RemoteCopyShape
from postwarden.model.cases import (
    Approval,
    ArmedRule,
    Case,
    Outcome,
    Plan,
    PlanItem,
    Traced,
)
from postwarden.model.tasks import Task
from postwarden.services.cases.approving import Need
from postwarden.services.cases.elsewhere.verifying import Verified
from postwarden.services.cases.evidence import item_facts
from postwarden.services.cases.reading import Status, UndoStatus


class CaseShape(TypedDict):
    """A case as every command prints it."""

    case: int
    state: str
    query: str
    reason: str
    ticket: str | None
    opened_by: str
    opened_at: datetime


_ClassCount = TypedDict("_ClassCount", {"class": str})


class ClassCountShape(_ClassCount):
    """How many copies of one class there are, in the plan or beside it."""

    messages: int
    copies: int
    accounts: int
    included: bool


class ClusterShape(TypedDict):
    """Copies of one content within a plan."""

    fingerprint: str
    subject: str
    author: str
    messages: int
    copies: int


class MissingShape(TypedDict):
    """Somebody who got the mail and has no copy that the plan lists."""

    account: str
    event: str
    time: str


class TracedShape(TypedDict):
    """Whom the ledger says the mail has reached, beside what was found."""

    recipients: int
    missing: int
    waiting: int
    left: int
    shown: list[MissingShape]


class NeedShape(TypedDict):
    """Whose word a plan takes: anybody's who may approve, or another person's."""

    by: str
    reason: str | None


class PlanPartShape(TypedDict):
    """What a plan has of one mail system that was asked for by name."""

    system: str
    copies: int
    accounts: int
    problems: list[str]
    lacks: list[str]


class PlanShape(TypedDict):
    """A plan without its items; `systems` is empty for our own store alone."""

    sha256: str | None
    action: str
    classes: list[str]
    messages: int
    copies: int
    accounts: int
    excluded: int
    exclude: list[str]
    notice: str
    related: int
    approval: NeedShape
    counts: list[ClassCountShape]
    clusters: list[ClusterShape]
    traced: TracedShape | None
    warnings: list[str]
    systems: list[PlanPartShape]


_Item = TypedDict("_Item", {"class": str})


class ItemShape(_Item):
    """One copy of a plan, and what became of it."""

    item: int
    system: str
    account: str
    mailbox: str
    uid: int | None
    flags: list[str]
    internal_date: str
    size: int
    sha256: str
    message_id: str | None
    hold: list[int]
    action: str
    outcome: str
    reason: str | None


class PlanWithItemsShape(PlanShape):
    """A plan and each copy that it acts on."""

    items: list[ItemShape]


class PreviewShape(TypedDict):
    """A case and the plan that a preview has frozen."""

    case: int
    state: str
    plan: PlanWithItemsShape


class ApprovalShape(TypedDict):
    """Somebody's word that exactly this plan may run."""

    plan: str
    actor: str
    approved_at: datetime
    expires_at: datetime
    break_glass: str | None
    reviewed_by: str | None
    reviewed_at: datetime | None
    review: str | None


class ArmedRuleShape(TypedDict):
    """A rule that acts on late arrivals, and how much it has caught."""

    rule: int
    armed: bool
    armed_by: str
    armed_at: datetime
    until: datetime
    ended_at: datetime | None
    caught: int


class DisarmedShape(TypedDict):
    """A case and the rules of it that were ended."""

    case: int
    ended: list[int]


class PreviewedShape(TypedDict):
    """A case and its new plan, whose items are a list of their own."""

    case: int
    state: str
    plan: PlanShape


class ReviewShape(TypedDict):
    """How many approvals by breaking the glass were reviewed."""

    case: int
    reviewed: int


class CaseTaskShape(TypedDict):
    """A case that a task works on; no task when there was nothing left to do."""

    case: int
    state: str
    task: int | None


class UnreachedShape(TypedDict):
    """A system that could not be looked into, or a part of it."""

    system: str
    reason: str


class CaseStatusShape(CaseShape):
    """A case with its newest plan and what became of the plan's items.

    `waiting` are systems with pending items that were not reached.
    """

    plan: PlanShape | None
    outcomes: dict[str, int]
    approvals: list[ApprovalShape]
    late_arrivals: list[ArmedRuleShape]
    waiting: list[UnreachedShape]


class RunShape(TypedDict):
    """What became of a case's items; see the case's status for `waiting`."""

    case: int
    state: str
    outcomes: dict[str, int]
    waiting: list[UnreachedShape]


class RecoverableShape(TypedDict):
    """Who could bring back what a plan has acted on."""

    by_user: int
    by_administrator: int
    gone: int


class VerificationShape(TypedDict):
    """The copies that are left of what a plan was to remove, and who was not asked.

    `residual` counts `items`, which are in our own store, and those `elsewhere`.
    """

    case: int
    residual: int
    items: list[CopyShape]
    elsewhere: list[RemoteCopyShape]
    recoverable: RecoverableShape
    problems: list[UnreachedShape]


class UndoShape(TypedDict):
    """How many copies of a case are back."""

    case: int
    state: str
    restored: int
    failed: int


def case(of: Case) -> CaseShape:
    """Return a case as every command prints it."""
    return {
        "case": of.id,
        "state": of.state.value,
        "query": of.query,
        "reason": of.reason,
        "ticket": of.ticket,
        "opened_by": of.opened_by,
        "opened_at": of.opened_at,
    }


def plan(of: Plan, need: Need | None) -> PlanShape:
    """Return a plan without its items, and whose word it takes."""
    return {
        "sha256": of.sha256.hex() if of.sha256 else None,
        "action": of.action.value,
        "classes": [each.value for each in of.classes],
        "messages": of.messages,
        "copies": of.copies,
        "accounts": of.accounts,
        "excluded": of.excluded,
        "exclude": list(of.exclude),
        "notice": of.notice.value,
        "related": of.related,
        "approval": {
            "by": "anybody" if need is None else "another",
            "reason": None if need is None else str(need),
        },
        "counts": [
            {
                "class": each.match_class.value,
                "messages": each.messages,
                "copies": each.copies,
                "accounts": each.accounts,
                "included": each.included,
            }
            for each in of.counts
        ],
        "clusters": [
            {
                "fingerprint": each.fingerprint,
                "subject": each.subject,
                "author": each.author,
                "messages": each.messages,
                "copies": each.copies,
            }
            for each in of.clusters
        ],
        "traced": None if of.traced is None else traced(of.traced),
        "warnings": list(of.warnings),
        "systems": [
            {
                "system": part.system,
                "copies": part.copies,
                "accounts": part.accounts,
                "problems": list(part.problems),
                "lacks": list(part.lacks),
            }
            for part in of.parts
        ],
    }


def traced(of: Traced) -> TracedShape:
    """Return the difference between recipients and found copies."""
    return {
        "recipients": of.recipients,
        "missing": of.missing,
        "waiting": of.waiting,
        "left": of.left,
        "shown": [
            {"account": each.account, "event": each.event, "time": each.time}
            for each in of.shown
        ],
    }


def preview(of: Status, new: Plan, items: Iterable[ItemShape]) -> PreviewShape:
    """Return a case and its new plan with every item."""
    whole: PlanWithItemsShape = {**plan(new, of.need), "items": list(items)}
    return {"case": of.case.id, "state": of.case.state.value, "plan": whole}


def previewed(of: Status, new: Plan) -> PreviewedShape:
    """Return a case that was just previewed, and its new plan."""
    return {
        "case": of.case.id,
        "state": of.case.state.value,
        "plan": plan(new, of.need),
    }


def review(case_id: int, count: int) -> ReviewShape:
    """Return how many approvals were reviewed."""
    return {"case": case_id, "reviewed": count}


def disarmed(case_id: int, rules: Iterable[ArmedRule]) -> DisarmedShape:
    """Return which rules of a case were ended."""
    return {"case": case_id, "ended": [rule.id for rule in rules]}


def case_task(of: Case, task: Task | None) -> CaseTaskShape:
    """Return a case and the task that works on it."""
    return {
        "case": of.id,
        "state": of.state.value,
        "task": None if task is None else task.id,
    }


def item(plan: Plan, of: PlanItem) -> ItemShape:
    """Return one copy of a plan."""
    return cast("ItemShape", item_facts(plan, of))


def approval(of: Approval) -> ApprovalShape:
    """Return an approval."""
    return {
        "plan": of.plan_sha256.hex(),
        "actor": of.actor,
        "approved_at": of.approved_at,
        "expires_at": of.expires_at,
        "break_glass": of.break_glass,
        "reviewed_by": of.reviewed_by,
        "reviewed_at": of.reviewed_at,
        "review": of.review,
    }


def status(of: Status) -> CaseStatusShape:
    """Return a case as `case status` prints it."""
    return {
        **case(of.case),
        "plan": None if of.plan is None else plan(of.plan, of.need),
        "outcomes": outcomes(of.outcomes),
        "approvals": [approval(each) for each in of.approvals],
        "late_arrivals": [armed_rule(each, of.now) for each in of.rules],
        "waiting": unreached(of.waiting),
    }


def unreached(of: Iterable[tuple[str, str]]) -> list[UnreachedShape]:
    """Return which systems could not be asked, and why."""
    return [{"system": system, "reason": reason} for system, reason in of]


def armed_rule(of: ArmedRule, now: datetime) -> ArmedRuleShape:
    """Return a rule, and whether it is armed at a moment."""
    return {
        "rule": of.id,
        "armed": of.is_armed(now),
        "armed_by": of.armed_by,
        "armed_at": of.armed_at,
        "until": of.until,
        "ended_at": of.ended_at,
        "caught": of.caught,
    }


def run(of: Status) -> RunShape:
    """Return what became of a case's items."""
    return {
        "case": of.case.id,
        "state": of.case.state.value,
        "outcomes": outcomes(of.outcomes),
        "waiting": unreached(of.waiting),
    }


def verification(
    case_id: int, of: Verified, items: Sequence[CopyShape], *, limit: int | None = None
) -> VerificationShape:
    """Return what is left; `items` are those here, `limit` is for those elsewhere."""
    recoverable = of.residual.recoverable
    return {
        "case": case_id,
        "residual": of.count,
        "items": list(items),
        "elsewhere": [
            systems.copy(each.system, replace(each.found, match_class=each.match_class))
            for each in of.left[:limit]
        ],
        "recoverable": {
            "by_user": recoverable.by_user,
            "by_administrator": recoverable.by_administrator,
            "gone": recoverable.gone,
        },
        "problems": unreached(of.problems),
    }


def undo(case_id: int, of: UndoStatus) -> UndoShape:
    """Return how many copies of a case are back."""
    return {
        "case": case_id,
        "state": of.state.value,
        "restored": of.restored,
        "failed": of.failed,
    }


def outcomes(counts: Mapping[Outcome, int]) -> dict[str, int]:
    """Return how many items have each outcome, those of none included."""
    return {outcome.value: counts.get(outcome, 0) for outcome in Outcome}
