"""What a case did on another system, as events of the ledger."""

from collections.abc import Sequence

from postwarden.model.addresses import Address
from postwarden.model.cases import PlanItem
from postwarden.model.errors import Invalid
from postwarden.model.ledger import NO_TRACE, Event, LedgerEvent
from postwarden.services.ports import UnitOfWork


def detail(case_id: int, system: str) -> str:
    """Return how the ledger says which case it was, and where."""
    return f"case {case_id} on {system}"


def record(
    uow: UnitOfWork, case_id: int, event: Event, items: Sequence[PlanItem]
) -> None:
    """Write an event for each item; its account is no account of ours."""
    events = []
    for item in items:
        message = uow.messages.find(item.sha256)
        events.append(
            LedgerEvent(
                time=uow.now,
                event=event,
                trace_id=NO_TRACE,
                message=None if message is None else message.id,
                forward_path=_address(item.address),
                mailbox=item.mailbox,
                source="case",
                detail=detail(case_id, item.system),
            )
        )
    uow.ledger.record(events)


def _address(text: str) -> Address | None:
    try:
        return Address.parse(text)
    except Invalid:
        return None
