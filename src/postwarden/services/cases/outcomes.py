"""What has become of plans: whether they ran, and what they acted on."""

from collections.abc import Mapping

from postwarden.model.cases import Action, Case, Outcome, Plan
from postwarden.services.ports import UnitOfWork

ACTED = (Outcome.REMOVED, Outcome.MOVED)
"""The outcomes that undo takes back."""
_AS_PLANNED = frozenset({Outcome.PENDING, Outcome.EXCLUDED})


def has_run(outcomes: Mapping[Outcome, int]) -> bool:
    """Whether items of a plan are no more as the preview left them."""
    return bool(outcomes.keys() - _AS_PLANNED)


def has_acted(uow: UnitOfWork, case: Case) -> bool:
    """Whether a plan of the case was ever run, as far as it came."""
    plans = uow.cases.plans_of(case.id)
    return any(has_run(uow.cases.outcomes(plan.id)) for plan in plans)


def acted(uow: UnitOfWork, plan: Plan) -> int:
    """Return how much a plan has done that can be taken back, and was not."""
    if plan.action is Action.SHRED:
        return 0
    outcomes = uow.cases.outcomes(plan.id)
    return sum(outcomes.get(each, 0) for each in ACTED)
