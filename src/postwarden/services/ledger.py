"""What happens to copies, told on the traces that brought them."""

from collections.abc import Callable, Sequence

from postwarden.model.ledger import NO_TRACE, Event, LedgerEvent
from postwarden.model.mailboxes import Copy
from postwarden.services.ports import UnitOfWork


def record_copies(
    uow: UnitOfWork,
    event: Event,
    copies: Sequence[Copy],
    mailbox_of: Callable[[int], str | None],
    *,
    source: str,
    detail: str,
) -> None:
    """Write an event for each copy; `mailbox_of` names where it lay, by copy id."""
    traces = uow.receptions.trace_ids({copy.reception for copy in copies} - {None})
    uow.ledger.record(
        LedgerEvent(
            time=uow.now,
            event=event,
            trace_id=traces.get(copy.reception, NO_TRACE),
            message=copy.message,
            account=copy.account,
            mailbox=mailbox_of(copy.id),
            uid=copy.uid,
            copy=copy.id,
            source=source,
            detail=detail,
        )
        for copy in copies
    )
