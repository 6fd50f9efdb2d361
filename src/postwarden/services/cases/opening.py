"""Opening and approving: the words that a case rests on."""

from dataclasses import replace
from datetime import timedelta

from postwarden.model.actors import Actor
from postwarden.model.cases import Approval, Case, CaseState
from postwarden.model.errors import Invalid, Refused, Stale
from postwarden.model.queries import Query, Scope, check_scope, format_query
from postwarden.services import audit, message_ids
from postwarden.services.ports import UnitOfWork

MAX_REASON = 2000  # characters


def open_case(
    uow: UnitOfWork, actor: Actor, query: Query, *, reason: str, ticket: str | None
) -> Case:
    """Open a case; raises Invalid without a reason or with a query of no case.

    Raises NotFound or Refused for an id that no message has, or several contents.
    """
    check_scope(query, Scope.CASE)
    if not reason.strip() or len(reason) > MAX_REASON:
        raise Invalid("a case needs a reason of 1 to 2000 characters", field="reason")
    case = uow.cases.add(
        Case(
            query=format_query(message_ids.settled(uow, actor, query)),
            reason=reason.strip(),
            ticket=ticket,
            state=CaseState.OPEN,
            opened_by=actor.name,
            opened_at=uow.now,
        )
    )
    audit.record(
        uow,
        actor,
        "case.open",
        f"case {case.id}",
        after={"query": case.query, "ticket": ticket},
        reason=case.reason,
    )
    return case


def approve(
    uow: UnitOfWork, actor: Actor, case_id: int, plan_sha256: bytes, ttl: timedelta
) -> Case:
    """Approve exactly the newest plan of a case, for as long as `ttl`.

    Raises Refused when there is no plan to approve, Stale when another plan is
    the newest one.
    """
    case = uow.cases.get(case_id)
    if case.plan is None or case.state not in {CaseState.PREVIEWED, CaseState.APPROVED}:
        raise Refused(f"case {case_id} has no previewed plan: run `case preview`")
    plan = uow.cases.plan(case.plan)
    if plan.sha256 != plan_sha256:
        raise Stale(f"case {case_id} has another plan now: look at it and approve that")
    approval = Approval(
        case=case_id,
        plan_sha256=plan_sha256,
        actor=actor.name,
        approved_at=uow.now,
        expires_at=uow.now + ttl,
    )
    uow.cases.add_approval(approval)
    approved = replace(case, state=CaseState.APPROVED)
    uow.cases.replace(approved)
    audit.record(
        uow,
        actor,
        "case.approve",
        f"case {case_id}",
        after={"plan": plan_sha256.hex(), "expires": approval.expires_at.isoformat()},
    )
    return approved
