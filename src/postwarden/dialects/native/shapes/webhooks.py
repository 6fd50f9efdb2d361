"""Webhooks and their deliveries as scripts see them."""

from datetime import datetime
from typing import TypedDict

from postwarden.model.webhooks import Delivery, Webhook
from postwarden.services.webhook_sending import Tried


class WebhookShape(TypedDict):
    """A webhook; its secret is shown when it is made, and never again."""

    webhook: int
    url: str
    events: list[str]
    domains: list[str] | None
    state: str
    failing_since: datetime | None
    old_secret_until: datetime | None
    created_at: datetime
    created_by: str


class NewWebhookShape(WebhookShape):
    """A webhook with its secret, which nobody can see again."""

    secret: str


class ChangedWebhookShape(WebhookShape):
    """A webhook, with its secret if one was made."""

    secret: str | None


class TriedShape(TypedDict):
    """What came back when a webhook was tried; no `status` when nothing did."""

    webhook: int
    id: str
    status: int | None
    error: str | None
    answer: str
    seconds: float


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
        "old_secret_until": of.old_until,
        "created_at": of.created_at,
        "created_by": of.created_by,
    }


def new_webhook(of: Webhook, secret: str) -> NewWebhookShape:
    """Return a webhook with its secret."""
    return {**webhook(of), "secret": secret}


def changed_webhook(of: Webhook, secret: str | None) -> ChangedWebhookShape:
    """Return a webhook, with the secret that was made for it."""
    return {**webhook(of), "secret": secret}


def tried(of: Tried) -> TriedShape:
    """Return what came back, as `webhook test` prints it."""
    return {
        "webhook": of.webhook,
        "id": of.id,
        "status": of.answer.status,
        "error": of.answer.error,
        "answer": of.answer.excerpt,
        "seconds": round(of.answer.seconds, 3),
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
