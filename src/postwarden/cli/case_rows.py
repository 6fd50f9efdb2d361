"""Cases and plans as the fields that scripts rely on."""

from postwarden.model.cases import Case, Outcome, Plan


def case_row(case: Case) -> dict[str, object]:
    """Return a case as every command prints it."""
    return {
        "case": case.id,
        "state": case.state.value,
        "query": case.query,
        "reason": case.reason,
        "ticket": case.ticket,
        "opened_by": case.opened_by,
        "opened_at": case.opened_at,
    }


def plan_row(plan: Plan) -> dict[str, object]:
    """Return a plan without its items."""
    return {
        "sha256": plan.sha256 and plan.sha256.hex(),
        "action": plan.action.value,
        "classes": [each.value for each in plan.classes],
        "messages": plan.messages,
        "copies": plan.copies,
        "accounts": plan.accounts,
        "related": plan.related,
        "counts": [
            {
                "class": each.match_class.value,
                "messages": each.messages,
                "copies": each.copies,
                "accounts": each.accounts,
                "included": each.included,
            }
            for each in plan.counts
        ],
        "clusters": [
            {
                "fingerprint": each.fingerprint,
                "subject": each.subject,
                "author": each.author,
                "messages": each.messages,
                "copies": each.copies,
            }
            for each in plan.clusters
        ],
        "warnings": list(plan.warnings),
    }


def outcome_row(counts: dict[Outcome, int]) -> dict[str, int]:
    """Return how many items have each outcome, those of none included."""
    return {outcome.value: counts.get(outcome, 0) for outcome in Outcome}
