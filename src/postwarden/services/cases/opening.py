"""Opening a case, and saying again what it is about."""

from dataclasses import replace

from postwarden.model.actors import Actor
from postwarden.model.cases import Case, CaseState
from postwarden.model.errors import Refused
from postwarden.model.permissions import Permission
from postwarden.model.queries import Query, Scope, check_scope, format_query
from postwarden.services import access, audit, message_ids
from postwarden.services.cases import reach
from postwarden.services.cases.approving import checked_reason
from postwarden.services.cases.outcomes import has_acted
from postwarden.services.ports import UnitOfWork

_UNTOUCHED = {CaseState.OPEN, CaseState.PREVIEWED, CaseState.APPROVED}


def open_case(
    uow: UnitOfWork, actor: Actor, query: Query, *, reason: str, ticket: str | None
) -> Case:
    """Open a case; raises Invalid without a reason or with a query of no case.

    It will never look beyond the domains of who opens it. Raises NotFound or
    Refused for an id that no message has, or several contents.
    """
    access.require(actor, Permission.CASE_OPEN)
    check_scope(query, Scope.CASE)
    reason = checked_reason(reason)
    case = uow.cases.add(
        Case(
            query=format_query(message_ids.settled(uow, actor, query)),
            reason=reason,
            ticket=ticket,
            state=CaseState.OPEN,
            opened_by=actor.name,
            opened_at=uow.now,
            domains=None if actor.domains is None else tuple(sorted(actor.domains)),
        )
    )
    audit.record(
        uow,
        actor,
        "case.open",
        f"case {case.id}",
        after={"query": case.query, "ticket": ticket},
        reason=case.reason,
        domains=case.domains,
    )
    return case


def edit(uow: UnitOfWork, actor: Actor, case_id: int, query: Query) -> Case:
    """Give a case that has not acted yet another query; its plans are void then.

    Raises what `open_case` raises, and Refused when the case has acted.
    """
    access.require(actor, Permission.CASE_OPEN)
    check_scope(query, Scope.CASE)
    case = reach.case(uow, actor, case_id)
    if case.state not in _UNTOUCHED or has_acted(uow, case):
        raise Refused(f"case {case_id} has acted on mail: open another one")
    settled = message_ids.settled(uow, reach.searcher(actor, case), query)
    edited = replace(
        case,
        query=format_query(settled),
        state=CaseState.OPEN,
        plan=None,
        edited_by=tuple(sorted({*case.edited_by, actor.name})),
    )
    uow.cases.replace(edited)
    audit.record(
        uow,
        actor,
        "case.edit",
        f"case {case_id}",
        before={"query": case.query},
        after={"query": edited.query},
        domains=case.domains,
    )
    return edited
