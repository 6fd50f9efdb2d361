"""What a chunk of a run or an undo did, for the audit log.

Who ordered it is in the entry of `case.run` or `case.undo`; these say how far it came,
each in the transaction that did it.
"""

from collections import Counter
from collections.abc import Sequence

from postwarden.model.actors import WORKER
from postwarden.model.cases import Case, Plan, PlanItem
from postwarden.model.systems import LOCAL
from postwarden.services import audit
from postwarden.services.ports import UnitOfWork


def record(
    uow: UnitOfWork, case: Case, plan: Plan, action: str, items: Sequence[PlanItem]
) -> None:
    """Write down what became of some items of a plan, of one system, in numbers."""
    if not items:
        return
    outcomes = Counter(item.outcome.value for item in items)
    audit.record(
        uow,
        WORKER,
        action,
        f"case {case.id}",
        after={
            "plan": plan.sha256.hex() if plan.sha256 else None,
            **({} if items[0].system == LOCAL else {"system": items[0].system}),
            "action": plan.action.value,
            "items": [items[0].item, items[-1].item],
            "outcomes": dict(sorted(outcomes.items())),
            "accounts": len({(item.account, item.address) for item in items}),
            "octets": sum(item.size for item in items),
        },
        domains=case.domains,
    )
