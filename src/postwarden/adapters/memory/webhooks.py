"""Webhooks and what they are to be told, in memory."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from postwarden.adapters.memory.state import State
from postwarden.model.errors import NotFound
from postwarden.model.webhooks import Delivery, DeliveryState, Notice, Webhook


class MemoryWebhooks:
    """See `services.ports.Webhooks`."""

    def __init__(self, state: State) -> None:
        self._webhooks = state.webhooks

    def add(self, webhook: Webhook) -> Webhook:
        added = replace(webhook, id=self._webhooks.new_id())
        self._webhooks.insert(added.id, added)
        return added

    def all(self) -> list[Webhook]:
        return [*self._webhooks]

    def get(self, webhook: int) -> Webhook:
        found = self._webhooks.get(webhook)
        if found is None:
            raise NotFound("webhook", str(webhook))
        return found

    def replace(self, webhook: Webhook) -> None:
        self.get(webhook.id)
        self._webhooks.put(webhook.id, webhook)

    def remove(self, webhook: int) -> None:
        self._webhooks.remove(webhook)


class MemoryOutbox:
    """See `services.ports.Outbox`; a delivery holds its notice."""

    def __init__(self, state: State) -> None:
        self._webhooks = state.webhooks
        self._deliveries = state.deliveries

    def add(self, notice: Notice, webhooks: Iterable[int]) -> None:
        for webhook in webhooks:
            number = self._deliveries.new_id()
            added = Delivery(
                id=number, webhook=webhook, notice=notice, next_at=notice.time
            )
            self._deliveries.insert(number, added)

    def page(
        self,
        *,
        before: int,
        limit: int,
        webhooks: Collection[int],
        states: Collection[DeliveryState] = (),
    ) -> list[Delivery]:
        found = [
            each
            for each in reversed([*self._deliveries])
            if each.id < before
            and each.webhook in webhooks
            and (not states or each.state in states)
        ]
        return found[:limit]

    def get(self, delivery: int) -> Delivery:
        found = self._deliveries.get(delivery)
        if found is None:
            raise NotFound("delivery", str(delivery))
        return found

    def due(self, webhook: int, now: datetime) -> Delivery | None:
        due = [each for each in self._pending(webhook) if each.next_at <= now]
        return min(due, key=lambda each: (each.next_at, each.id), default=None)

    def next_at(self, webhook: int) -> datetime | None:
        return min((each.next_at for each in self._pending(webhook)), default=None)

    def _pending(self, webhook: int) -> list[Delivery]:
        return [
            each
            for each in self._deliveries
            if each.webhook == webhook and each.state is DeliveryState.PENDING
        ]

    def replace(self, delivery: Delivery) -> None:
        known = self._deliveries.get(delivery.id)
        if known is not None:
            self._deliveries.put(
                delivery.id,
                replace(delivery, webhook=known.webhook, notice=known.notice),
            )

    def purge(self, before: datetime, limit: int) -> int:
        gone = [
            each.id
            for each in self._deliveries
            if (each.ended_at is not None and each.ended_at < before)
            or each.webhook not in self._webhooks
        ]
        for number in gone[:limit]:
            self._deliveries.remove(number)
        return min(len(gone), limit)
