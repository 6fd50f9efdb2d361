"""Webhooks, what they are to be told, and the way out to them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from postwarden.model.webhooks import Delivery, DeliveryState, Notice, Webhook


class Webhooks(Protocol):
    """Who is told. There are few: `limits` bounds them."""

    def add(self, webhook: Webhook) -> Webhook: ...

    def all(self) -> list[Webhook]:
        """Return every webhook in order of ids."""
        ...

    def get(self, webhook: int) -> Webhook:
        """Raise NotFound for an unknown id."""
        ...

    def replace(self, webhook: Webhook) -> None:
        """Raise NotFound for an unknown id."""
        ...

    def remove(self, webhook: int) -> None:
        """Forget a webhook; its deliveries go with the next purge."""
        ...


class Outbox(Protocol):
    """What webhooks are to be told, written with what it tells of."""

    def add(self, notice: Notice, webhooks: Iterable[int]) -> None:
        """Make a notice due at once for some webhooks."""
        ...

    def page(
        self,
        *,
        before: int,
        limit: int,
        webhooks: Collection[int],
        states: Collection[DeliveryState] = (),
    ) -> list[Delivery]:
        """Return deliveries with smaller ids than `before`, newest first."""
        ...

    def get(self, delivery: int) -> Delivery:
        """Raise NotFound for an unknown id."""
        ...

    def due(self, webhook: int, now: datetime) -> Delivery | None:
        """Return what has waited longest of what is due."""
        ...

    def next_at(self, webhook: int) -> datetime | None:
        """Return when the next pending delivery is due."""
        ...

    def replace(self, delivery: Delivery) -> None:
        """Write what became of it; the notice stays as it is."""
        ...

    def purge(self, before: datetime, limit: int) -> int:
        """Forget what ended before a time or whose webhook is gone; say how many.

        Notices that nobody has to be told of any more go too.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back of a request: a status, or why there is none.

    `excerpt` is the beginning of the content, as text.
    """

    status: int | None
    error: str | None = None
    excerpt: str = ""
    seconds: float = 0

    @property
    def is_success(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class WebhookClient(Protocol):
    """Posts to addresses elsewhere, and to none that is forbidden."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a request once: no redirects, bounded in time and in octets."""
        ...
