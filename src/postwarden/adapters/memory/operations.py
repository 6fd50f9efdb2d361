"""Receptions and the queue in memory."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from postwarden.adapters.memory.state import State
from postwarden.model.envelopes import Envelope, EnvelopeRecipient
from postwarden.model.errors import NotFound
from postwarden.model.queue import QueueEntry
from postwarden.services.ports.operations import PendingDelivery, Reception

_LAST = 2**63


class MemoryReceptions:
    """See `services.ports.Receptions`."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(
        self,
        trace_id: str,
        message: int,
        time: datetime,
        envelope: Envelope,
        *,
        host: str | None = None,
    ) -> Reception:
        added = Reception(
            id=self._state.receptions.new_id(),
            trace_id=trace_id,
            message=message,
            received_at=time,
            reverse_path=envelope.reverse_path,
            client_ip=envelope.peer.ip or None,
            helo=envelope.helo,
            protocol=envelope.protocol,
            login=envelope.login,
            host=host,
            tls=envelope.peer.tls,
        )
        self._state.receptions.insert(added.id, added)
        self._state.recipients.insert(added.id, envelope.recipients)
        return added

    def get(self, reception: int) -> Reception:
        found = self._state.receptions.get(reception)
        if found is None:
            raise NotFound("reception", str(reception))
        return found

    def trace_ids(self, receptions: Iterable[int | None]) -> dict[int | None, str]:
        found = (self._state.receptions.get(each) for each in receptions if each)
        return {each.id: each.trace_id for each in found if each is not None}

    def recipients(self, reception: int) -> list[EnvelopeRecipient]:
        return list(self._state.recipients.get(reception) or ())

    def add_pending(
        self, reception: int, deliveries: Sequence[PendingDelivery]
    ) -> None:
        for each in deliveries:
            self._state.pending.insert((reception, each.position), each)

    def pending(self, reception: int, limit: int) -> list[PendingDelivery]:
        return self._state.pending.among((reception, 0), (reception, _LAST))[:limit]

    def remove_pending(self, reception: int, up_to_position: int) -> None:
        pending = self._state.pending.among((reception, 0), (reception, _LAST))
        for each in pending:
            if each.position <= up_to_position:
                self._state.pending.remove((reception, each.position))


class MemoryQueue:
    """See `services.ports.Queue`."""

    def __init__(self, state: State) -> None:
        self._queue = state.queue

    def add(self, entries: Iterable[QueueEntry]) -> None:
        for entry in entries:
            added = replace(entry, id=self._queue.new_id())
            self._queue.insert(added.id, added)

    def page(self, *, after: int = 0, limit: int) -> list[QueueEntry]:
        return self._queue.behind(after, limit)
