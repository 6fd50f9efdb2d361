"""Approving a plan: whose word it takes, and whether it is still good.

A large plan, and one that destroys for good, takes the word of somebody who has not
shaped it: who neither opened the case, nor edited its query, nor made the plan.
Breaking the glass does without; it is written down as that, and another person reviews
it afterwards.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from postwarden.model.actors import Actor
from postwarden.model.cases import Action, Approval, Case, CaseState, Plan
from postwarden.model.errors import Invalid, Refused, Stale
from postwarden.model.permissions import Permission
from postwarden.services import access, audit
from postwarden.services.cases import reach
from postwarden.services.cases.rules import CaseRules
from postwarden.services.ports import UnitOfWork

MAX_REASON = 2000  # characters
_RIGHTS = {False: Permission.CASE_APPROVE, True: Permission.CASE_BREAK_GLASS}
_APPROVABLE = {CaseState.PREVIEWED, CaseState.APPROVED, CaseState.STOPPED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Why a plan takes another person, and who may not be that person."""

    reason: str
    insiders: frozenset[str]

    def __str__(self) -> str:
        names = " and ".join(sorted(self.insiders))
        return f"{self.reason}: somebody else than {names} must approve"


def need(case: Case, plan: Plan, rules: CaseRules) -> Need | None:
    """Say whether a plan takes another person; None when anybody's word will do."""
    insiders = frozenset({case.opened_by, *case.edited_by, plan.created_by})
    if plan.action is Action.SHRED:
        return Need(reason="the plan destroys for good", insiders=insiders)
    if plan.copies > rules.second_person:
        reason = f"the plan has {plan.copies} copies, over {rules.second_person}"
        return Need(reason=reason, insiders=insiders)
    return None


def approve(
    uow: UnitOfWork,
    actor: Actor,
    case_id: int,
    plan_sha256: bytes,
    rules: CaseRules,
    *,
    break_glass: str | None = None,
) -> Case:
    """Approve exactly the newest plan of a case, until the approval expires.

    `break_glass` is the reason to do without another person where one is asked
    for. Raises Refused when there is no plan to approve or it takes somebody
    else, Stale when another plan is the newest one.
    """
    access.require(actor, _RIGHTS[break_glass is not None])
    case = reach.case(uow, actor, case_id)
    if case.plan is None or case.state not in _APPROVABLE:
        raise Refused(f"case {case_id} has no previewed plan: run `case preview`")
    plan = uow.cases.plan(case.plan)
    if plan.sha256 != plan_sha256:
        raise Stale(f"case {case_id} has another plan now: look at it and approve that")
    needed = need(case, plan, rules)
    if break_glass is not None:
        break_glass = checked_reason(break_glass)
        if needed is None or actor.name not in needed.insiders:
            raise Refused("no glass to break: the plan can be approved as it is")
    elif needed is not None and actor.name in needed.insiders:
        raise Refused(f"{needed}; with --key, or --break-glass in an emergency")
    approval = Approval(
        case=case_id,
        plan_sha256=plan_sha256,
        actor=actor.name,
        approved_at=uow.now,
        expires_at=uow.now + rules.approval,
        break_glass=break_glass,
    )
    uow.cases.add_approval(approval)
    if case.state is not CaseState.STOPPED:
        case = replace(case, state=CaseState.APPROVED)
        uow.cases.replace(case)
    audit.record(
        uow,
        actor,
        "case.approve" if break_glass is None else "case.break-glass",
        f"case {case_id}",
        after={"plan": plan_sha256.hex(), "expires": approval.expires_at.isoformat()},
        reason=break_glass or "",
        domains=case.domains,
    )
    return case


def review(uow: UnitOfWork, actor: Actor, case_id: int, *, reason: str) -> int:
    """Mark what was approved by breaking the glass as looked at; return how many.

    Raises Refused when there is nothing to review, or nothing but the actor's own.
    """
    access.require(actor, Permission.CASE_APPROVE)
    reason = checked_reason(reason)
    case = reach.case(uow, actor, case_id)
    waiting = unreviewed(uow.cases.approvals(case.id))
    if not waiting:
        raise Refused(f"case {case_id} has nothing to review")
    others = [each for each in waiting if each.actor != actor.name]
    if not others:
        raise Refused(f"{actor.name} broke the glass: somebody else must review it")
    for each in others:
        uow.cases.review(
            replace(each, reviewed_by=actor.name, reviewed_at=uow.now, review=reason)
        )
    audit.record(
        uow,
        actor,
        "case.review",
        f"case {case_id}",
        after={"approvals": len(others), "by": sorted({each.actor for each in others})},
        reason=reason,
        domains=case.domains,
    )
    return len(others)


def unreviewed(approvals: Iterable[Approval]) -> list[Approval]:
    """Return the approvals by broken glass that nobody has reviewed."""
    return [
        each
        for each in approvals
        if each.break_glass is not None and each.reviewed_by is None
    ]


def check_approved(uow: UnitOfWork, case: Case, plan: Plan, rules: CaseRules) -> None:
    """Raise Refused or Stale, saying why, unless the plan has a good approval."""
    given = uow.cases.approvals(case.id)
    ours = [each for each in given if each.plan_sha256 == plan.sha256]
    good = [each for each in ours if each.expires_at > uow.now]
    needed = need(case, plan, rules)
    if any(_suffices(each, needed) for each in good):
        return
    if good:
        raise Refused(f"case {case.id} is not approved by another person: {needed}")
    if ours:
        expired = max(each.expires_at for each in ours)
        raise Refused(
            f"the approval of case {case.id} expired at {expired:%Y-%m-%d %H:%M} UTC"
        )
    if given:
        raise Stale(f"case {case.id} has another plan than the one that was approved")
    raise Refused(f"case {case.id} has no approval of its newest plan")


def _suffices(approval: Approval, needed: Need | None) -> bool:
    return (
        needed is None
        or approval.break_glass is not None
        or approval.actor not in needed.insiders
    )


def checked_reason(text: str) -> str:
    """Return a reason without blanks around it; raises Invalid."""
    if not text.strip() or len(text) > MAX_REASON:
        raise Invalid(f"a reason has 1 to {MAX_REASON} characters", field="reason")
    return text.strip()
