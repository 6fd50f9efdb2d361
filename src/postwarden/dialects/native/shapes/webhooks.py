"""Webhooks and their deliveries as scripts see them."""

from datetime import datetime
from typing import TypedDict

from postwarden.model.webhooks import Delivery, Webhook


class WebhookShape(TypedDict):
    """A webhook; its secret is shown when it is made, and never again."""

    webhook: int
    url: str
    events: list[str]
    domains: list[str] | None
    state: str
    failing_since: datetime | None
    created_at: datetime
    created_by: str


class DeliveryShape(TypedDict):
    """One thing that one webhook is told; `id` is what it hears it under."""

    delivery: int
    webhook: int
    id: str
    event: str
    object: str
    state: str
    attempts: int
    created_at: datetime
    next_at: datetime | None
    last_attempt_at: datetime | None
    last_status: int | None
    last_error: str | None
    ended_at: datetime | None


def webhook(of: Webhook) -> WebhookShape:
    """Return a webhook; `events` of `all` are all there are and will be."""
    return {
        "webhook": of.id,
        "url": of.url,
        "events": [name.value for name in of.events] or ["all"],
        "domains": None if of.domains is None else list(of.domains),
        "state": of.state.value,
        "failing_since": of.failing_since,
        "created_at": of.created_at,
        "created_by": of.created_by,
    }


def delivery(of: Delivery) -> DeliveryShape:
    """Return a delivery; one that has ended has no next attempt."""
    return {
        "delivery": of.id,
        "webhook": of.webhook,
        "id": of.notice.key,
        "event": of.notice.name.value,
        "object": of.notice.object,
        "state": of.state.value,
        "attempts": of.attempts,
        "created_at": of.notice.time,
        "next_at": of.next_at if of.ended_at is None else None,
        "last_attempt_at": of.last_attempt_at,
        "last_status": of.last_status,
        "last_error": of.last_error,
        "ended_at": of.ended_at,
    }
