"""A run on other systems, when our own store is done: which, how far, and its end."""

from dataclasses import replace

from postwarden.model.cases import CaseState, Outcome, Plan
from postwarden.model.systems import LOCAL, System
from postwarden.services.cases import running
from postwarden.services.cases.elsewhere.copies import planned_system, running_plan
from postwarden.services.cases.running import Progress
from postwarden.services.ports import UnitOfWork


def systems(uow: UnitOfWork, case_id: int) -> list[str]:
    """Return the other systems that a running case has items on."""
    if uow.cases.get(case_id).state is not CaseState.RUNNING:
        return []
    plan = running_plan(uow, case_id)
    return [each.system for each in plan.parts if each.system != LOCAL and each.copies]


def system(uow: UnitOfWork, case_id: int, name: str) -> System:
    """Return a system of a case; raises Unreached when it is another one by now."""
    return planned_system(uow, running_plan(uow, case_id), name)


def unreached(uow: UnitOfWork, case_id: int, name: str, reason: str) -> None:
    """Write down why the items of a system stay pending."""
    plan, pending = running_plan(uow, case_id), (Outcome.PENDING,)
    uow.cases.mark(plan.id, name, pending, outcome=Outcome.PENDING, reason=reason)


def progress(uow: UnitOfWork, case_id: int) -> Progress:
    """Say how far a run is."""
    plan = running_plan(uow, case_id)
    pending = _pending(uow, plan)
    return Progress(done=plan.copies - pending, total=plan.copies, left=pending > 0)


def end(uow: UnitOfWork, case_id: int) -> None:
    """End a run that has been to all systems; it stops where one was not reached.

    `resume` then goes on with what is pending.
    """
    case = uow.cases.get(case_id)
    if case.state is not CaseState.RUNNING:
        return
    plan = running_plan(uow, case_id)
    if _pending(uow, plan):
        uow.cases.replace(replace(case, state=CaseState.STOPPED))
    else:
        running.end(uow, case, plan)


def _pending(uow: UnitOfWork, plan: Plan) -> int:
    return uow.cases.outcomes(plan.id).get(Outcome.PENDING, 0)
