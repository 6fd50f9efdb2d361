"""The ledger in memory."""

from collections.abc import Iterable, Sequence

from postwarden.adapters.memory.facts import FactsOfEvent, Texts, alike, texts_for
from postwarden.adapters.memory.state import State
from postwarden.model.ledger import LedgerEvent, LedgerRow
from postwarden.model.queries import Query, matches
from postwarden.services.ports.mail import SimilarSets


class MemoryLedger:
    """See `services.ports.Ledger`; `texts` is None while writing."""

    def __init__(self, state: State, texts: Texts | None) -> None:
        self._state = state
        self._ledger = state.ledger
        self._texts = texts

    def record(self, events: Iterable[LedgerEvent]) -> None:
        for event in events:
            self._ledger.insert(self._ledger.new_id(), event)

    def search(self, query: Query, *, similar: SimilarSets) -> Sequence[int]:
        texts = texts_for(query, self._texts)
        classes = alike(self._state, query, similar)
        return [
            number
            for number, event in self._ledger.items()
            if matches(query, FactsOfEvent(self._state, texts, event), similar=classes)
        ]

    def rows(self, events: Sequence[int]) -> list[LedgerRow]:
        known = ((number, self._ledger.get(number)) for number in events)
        return [self._row(number, event) for number, event in known if event]

    def _row(self, number: int, event: LedgerEvent) -> LedgerRow:
        message = (
            None if event.message is None else self._state.messages.get(event.message)
        )
        account = (
            None if event.account is None else self._state.accounts.get(event.account)
        )
        return LedgerRow(
            id=number,
            time=event.time,
            event=event.event,
            trace_id=event.trace_id,
            sha256=message.sha256 if message else None,
            message_id=message.message_id if message else None,
            reverse_path=_reverse_path(event),
            forward_path=str(event.forward_path) if event.forward_path else None,
            account=str(account.address) if account else None,
            mailbox=event.mailbox,
            uid=event.uid,
            size=message.size if message else None,
            subject=message.subject if message else None,
            client_ip=event.client_ip,
            source=event.source,
            detail=event.detail,
        )

    def count(self, events: Sequence[int]) -> tuple[int, int, int]:
        known = [event for number in events if (event := self._ledger.get(number))]
        return (
            len({event.message for event in known} - {None}),
            len({event.copy for event in known} - {None}),
            len({event.account for event in known} - {None}),
        )


def _reverse_path(event: LedgerEvent) -> str | None:
    """Return the null reverse path as an empty string, an unknown one as None."""
    if event.reverse_path is None:
        return "" if event.has_envelope else None
    return str(event.reverse_path)
