"""The ledger in memory."""

from collections.abc import Iterable, Sequence

from postwarden.adapters.memory.facts import FactsOfEvent, Texts, alike, texts_for
from postwarden.adapters.memory.state import State
from postwarden.model.cases import CaseState, PlanItem
from postwarden.model.ledger import LedgerEvent, LedgerRow
from postwarden.model.queries import Query, matches
from postwarden.services.ports.mail import PastEvent, SimilarSets

_LAST = 2**63


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

    def by_time(self, events: Sequence[int]) -> Sequence[int]:
        known = [(each.time, n) for n in events if (each := self._ledger.get(n))]
        return [number for _, number in sorted(known)]

    def rows(self, events: Sequence[int]) -> list[LedgerRow]:
        known = ((number, self._ledger.get(number)) for number in events)
        return [self._row(number, event) for number, event in known if event]

    def _row(self, number: int, event: LedgerEvent) -> LedgerRow:
        message = (
            None if event.message is None else self._state.messages.get(event.message)
        )
        logged = (
            None if event.log_row is None else self._state.log_rows.get(event.log_row)
        )
        account = (
            None if event.account is None else self._state.accounts.get(event.account)
        )
        known = message or logged
        return LedgerRow(
            id=number,
            time=event.time,
            event=event.event,
            trace_id=event.trace_id,
            sha256=message.sha256 if message else None,
            message_id=known.message_id if known else None,
            reverse_path=_reverse_path(event),
            forward_path=str(event.forward_path) if event.forward_path else None,
            account=str(account.address) if account else None,
            mailbox=event.mailbox,
            uid=event.uid,
            size=known.size if known else None,
            subject=known.subject if known else None,
            client_ip=event.client_ip,
            source=event.source,
            detail=event.detail,
            log_row=event.log_row,
        )

    def count(self, events: Sequence[int]) -> tuple[int, int, int]:
        known = [event for number in events if (event := self._ledger.get(number))]
        return (
            len({_mail_of(event) for event in known} - {None}),
            len({event.copy for event in known} - {None}),
            len({event.account for event in known} - {None}),
        )

    def page(self, *, after: int = 0, limit: int) -> list[PastEvent]:
        found = [
            PastEvent(id=number, time=each.time, event=each.event, message=each.message)
            for number, each in self._ledger.items()
            if number > after
        ]
        return found[:limit]

    def needed(self, messages: Sequence[int]) -> set[int]:
        state = self._state
        held = {copy for copy, _ in state.hold_marks.among((0, 0), (_LAST, 0))}
        kept = {copy.message for copy in state.copies if copy.id in held}
        items = self._planned()
        planned = {item.copy for item in items}
        kept |= {e.message for e in self._ledger if e.copy in planned and e.message}
        elsewhere = {item.sha256 for item in items if item.remote is not None}
        kept |= {each.id for each in state.messages if each.sha256 in elsewhere}
        return kept & set(messages)

    def _planned(self) -> list[PlanItem]:
        """Return the items of cases that are not closed."""
        state = self._state
        closed = {each.id for each in state.cases if each.state is CaseState.CLOSED}
        plans = {plan.id for plan in state.plans if plan.case not in closed}
        return [item for (plan, _), item in state.plan_items.items() if plan in plans]

    def remove(self, events: Sequence[int]) -> None:
        gone = [(number, self._ledger.get(number)) for number in events]
        for number, _ in gone:
            self._ledger.remove(number)
        left = {event.log_row for event in self._ledger}
        for row in {event.log_row for _, event in gone if event} - left:
            if row is not None and (logged := self._state.log_rows.get(row)):
                self._state.log_digests.remove(logged.digest)
                self._state.log_rows.remove(row)


def _mail_of(event: LedgerEvent) -> int | str | None:
    """Return what two events share when they are about the same mail."""
    return event.message if event.log_row is None else event.trace_id


def _reverse_path(event: LedgerEvent) -> str | None:
    """Return the null reverse path as an empty string, an unknown one as None."""
    if event.reverse_path is None:
        return "" if event.has_envelope else None
    return str(event.reverse_path)
