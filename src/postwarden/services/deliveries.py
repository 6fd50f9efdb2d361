"""Deliveries to webhooks: what is next, what became of it, and the queue."""

import random
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from postwarden.model.actors import WORKER, Actor
from postwarden.model.errors import NotFound, Refused
from postwarden.model.permissions import Permission
from postwarden.model.webhooks import (
    Delivery,
    DeliveryState,
    Webhook,
    WebhookState,
)
from postwarden.services import access, audit, notices, webhooks
from postwarden.services.ports import UnitOfWork
from postwarden.services.ports.webhooks import Answer

PURGE = "webhook.purge"
CHUNK = 500  # deliveries forgotten in one transaction
LAST = 2**63 - 1

BACKOFF = tuple(
    timedelta(seconds=seconds) for seconds in (10, 60, 300, 900, 3600, 10800, 21600)
)
"""Waits between the attempts of a delivery: one more of these than waits."""

UNREACHABLE = frozenset({None, 408, 425, 429, 502, 503, 504})
"""Statuses that say more of the receiver than of what it was told."""

GONE = 410  # it wants to hear nothing any more
_EXCERPT = 200  # characters of an answer that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A delivery that is due, and who gets it."""

    webhook: Webhook
    delivery: Delivery
    now: datetime


def next_due(uow: UnitOfWork, number: int) -> Due | None:
    """Return what a webhook is to be told now, if it is to be told anything."""
    webhook = _active(uow, number)
    if webhook is None or (webhook.retry_at or uow.now) > uow.now:
        return None
    delivery = uow.outbox.due(number, uow.now)
    if delivery is None:
        return None
    return Due(webhook=webhook, delivery=delivery, now=uow.now)


def next_time(uow: UnitOfWork, number: int) -> datetime | None:
    """Return when to look again for what a webhook is to be told; None: not at all."""
    webhook = _active(uow, number)
    due = None if webhook is None else uow.outbox.next_at(number)
    if webhook is None or due is None:
        return None
    return max(due, webhook.retry_at or due)


def _active(uow: UnitOfWork, number: int) -> Webhook | None:
    try:
        webhook = uow.webhooks.get(number)
    except NotFound:  # removed meanwhile
        return None
    return webhook if webhook.state is WebhookState.ACTIVE else None


def record(
    uow: UnitOfWork, number: int, answer: Answer, *, patience: timedelta
) -> Delivery:
    """Write down what came back; a webhook that failed for `patience` is disabled."""
    old = uow.outbox.get(number)
    told = replace(
        old,
        attempts=old.attempts + 1,
        last_attempt_at=uow.now,
        last_status=answer.status,
        last_error=_error(answer),
    )
    webhook = _active(uow, old.webhook)
    if old.state is not DeliveryState.PENDING:  # canceled while it was under way
        told = replace(told, state=old.state)
    elif answer.is_success:
        told = replace(told, state=DeliveryState.DELIVERED, ended_at=uow.now)
    elif told.attempts > len(BACKOFF):
        told = replace(told, state=DeliveryState.FAILED, ended_at=uow.now)
    else:
        told = replace(told, next_at=uow.now + _wait(told.attempts))
    uow.outbox.replace(told)
    if webhook is not None:
        _judge(uow, webhook, told, answer, patience)
    return told


def _error(answer: Answer) -> str | None:
    if answer.is_success:
        return None
    return (answer.error or answer.excerpt)[:_EXCERPT] or None


def _wait(attempts: int) -> timedelta:
    return BACKOFF[min(attempts, len(BACKOFF)) - 1] * random.uniform(0.9, 1.1)  # noqa: S311  no secret


def _judge(
    uow: UnitOfWork,
    webhook: Webhook,
    told: Delivery,
    answer: Answer,
    patience: timedelta,
) -> None:
    """Keep in mind how a webhook fares: nothing, a pause, or the end."""
    if answer.is_success:
        if webhook.failing_since is not None:
            uow.webhooks.replace(replace(webhook, failing_since=None, retry_at=None))
        return
    since = webhook.failing_since or uow.now
    pause = webhook.retry_at
    if answer.status in UNREACHABLE:
        is_pending = told.state is DeliveryState.PENDING
        pause = told.next_at if is_pending else uow.now + BACKOFF[-1]
    failing = replace(webhook, failing_since=since, retry_at=pause)
    if answer.status != GONE and uow.now - since < patience:
        uow.webhooks.replace(failing)
        return
    uow.webhooks.replace(replace(failing, state=WebhookState.DISABLED))
    audit.record(
        uow,
        WORKER,
        "webhook.disable",
        f"webhook {webhook.id}",
        before={"state": webhook.state.value},
        after={"state": WebhookState.DISABLED.value, "failing_since": str(since)},
        reason="it is gone" if answer.status == GONE else "it kept failing",
        domains=webhook.domains,
    )


def page(
    uow: UnitOfWork,
    actor: Actor,
    *,
    before: int = LAST,
    limit: int,
    webhook: int | None = None,
    states: Collection[DeliveryState] = (),
) -> list[Delivery]:
    """Return deliveries, newest first; raises NotFound for an unknown webhook."""
    access.require(actor, Permission.WEBHOOK_READ)
    if webhook is None:
        numbers = [each.id for each in webhooks.all_of(uow, actor)]
    else:
        numbers = [webhooks.get(uow, actor, webhook).id]
    return uow.outbox.page(before=before, limit=limit, webhooks=numbers, states=states)


def replay(uow: UnitOfWork, actor: Actor, number: int) -> Delivery:
    """Make a delivery that has ended due again, under the same id.

    Raises Refused for one that is pending still or whose webhook is disabled.
    """
    access.require(actor, Permission.WEBHOOK_READ, Permission.WEBHOOK_WRITE)
    old = _visible(uow, actor, number)
    if old.state is DeliveryState.PENDING:
        raise Refused(f"delivery {number} is pending already")
    webhook = uow.webhooks.get(old.webhook)
    if webhook.state is not WebhookState.ACTIVE:
        raise Refused(
            f"webhook {webhook.id} is disabled: change it to --state active first"
        )
    new = replace(
        old, state=DeliveryState.PENDING, attempts=0, next_at=uow.now, ended_at=None
    )
    uow.outbox.replace(new)
    notices.wake(uow, webhook)
    _record_act(uow, actor, "webhook.replay", old, new)
    return new


def cancel(uow: UnitOfWork, actor: Actor, number: int) -> Delivery:
    """Do not tell it any more; raises Refused for a delivery that has ended."""
    access.require(actor, Permission.WEBHOOK_READ, Permission.WEBHOOK_WRITE)
    old = _visible(uow, actor, number)
    if old.state is not DeliveryState.PENDING:
        raise Refused(f"delivery {number} has ended: it is {old.state}")
    new = replace(old, state=DeliveryState.CANCELED, ended_at=uow.now)
    uow.outbox.replace(new)
    _record_act(uow, actor, "webhook.cancel", old, new)
    return new


def _visible(uow: UnitOfWork, actor: Actor, number: int) -> Delivery:
    visible = {each.id for each in webhooks.all_of(uow, actor)}
    delivery = uow.outbox.get(number)
    if delivery.webhook not in visible:
        raise NotFound("delivery", str(number))
    return delivery


def _record_act(
    uow: UnitOfWork, actor: Actor, action: str, old: Delivery, new: Delivery
) -> None:
    audit.record(
        uow,
        actor,
        action,
        f"webhook {old.webhook}",
        before={"delivery": old.id, "state": old.state.value},
        after={"delivery": new.id, "state": new.state.value},
        domains=uow.webhooks.get(old.webhook).domains,
    )


def purge_chunk(uow: UnitOfWork, keep: timedelta, *, limit: int = CHUNK) -> int:
    """Forget deliveries that ended longer ago than `keep`; return how many."""
    return uow.outbox.purge(uow.now - keep, limit)
