"""Webhooks, and what they are still to be told."""

import os
from collections.abc import Sequence
from datetime import timedelta

from msgspec import UnsetType

from postwarden.dialects.native.answers import Listed, One, Written
from postwarden.dialects.native.calls import Call
from postwarden.dialects.native.operations import Example, Operations
from postwarden.dialects.native.references import given, number
from postwarden.dialects.native.schemas.fields import Paging, Writing
from postwarden.dialects.native.schemas.webhooks import (
    DeliveryQuery,
    WebhookChange,
    WebhookOrder,
)
from postwarden.dialects.native.shapes import webhooks as shapes
from postwarden.model.actors import Actor
from postwarden.model.addresses import domain_name
from postwarden.model.errors import Invalid
from postwarden.model.permissions import Permission
from postwarden.model.webhooks import (
    DeliveryState,
    NoticeName,
    WebhookState,
    event_names,
)
from postwarden.services import deliveries, webhook_sending
from postwarden.services import webhooks as service
from postwarden.services.ports import UnitOfWork
from postwarden.wire.webhooks import SecretError, secret_key, secret_text

webhooks = Operations("Webhooks")

_KEY = 32  # octets of a secret that we make
_FIRST = {"webhook": "1"}
_HOOK: dict[str, object] = {
    "url": "https://example.org/hook",
    "events": ["case.done", "hold.created"],
}


@webhooks.get("/webhooks", Permission.WEBHOOK_READ)
async def list_webhooks(call: Call, query: Paging) -> Listed[shapes.WebhookShape]:
    """List webhooks, and which of them fail."""
    return await call.page(
        query,
        lambda uow, after, limit: [
            each for each in service.all_of(uow, call.actor) if each.id > after
        ][:limit],
        first=0,
        key=lambda each: each.id,
        shape=shapes.webhook,
    )


@webhooks.post("/webhooks", Permission.WEBHOOK_WRITE, example=Example(body=_HOOK))
async def create_webhook(
    call: Call, query: Writing, body: WebhookOrder
) -> Written[shapes.NewWebhookShape]:
    """Tell a URL of some events, or `all`, signed with a secret shown this once."""
    key = _key(body.secret) or os.urandom(_KEY)
    sealed = call.house.sealer.seal(key, service.SECRET)
    events = _events(body.events)
    domains = [domain_name(each) for each in body.domains]
    return await call.write(
        lambda uow: shapes.new_webhook(
            service.create(
                uow,
                call.actor,
                body.url,
                events=events,
                domains=domains,
                secret=sealed,
            ),
            secret_text(key),
        ),
        at=lambda shape: ("webhooks", shape["webhook"]),
    )


@webhooks.get(
    "/webhooks/{webhook}", Permission.WEBHOOK_READ, example=Example(variables=_FIRST)
)
async def show_webhook(call: Call, webhook: str) -> One[shapes.WebhookShape]:
    """Show a webhook; its secret is not shown again."""
    return await call.one(_shown, call.actor, number(webhook, "webhook"))


def _shown(uow: UnitOfWork, actor: Actor, webhook: int) -> shapes.WebhookShape:
    return shapes.webhook(service.get(uow, actor, webhook))


@webhooks.patch(
    "/webhooks/{webhook}",
    Permission.WEBHOOK_WRITE,
    example=Example(variables=_FIRST, body={"state": "disabled"}),
)
async def change_webhook(
    call: Call, webhook: str, query: Writing, body: WebhookChange
) -> Written[shapes.ChangedWebhookShape]:
    """Change a webhook; `events` names all of them anew.

    With `new_secret` one is made and shown this once; beside it the old one signs for
    `overlap_hours`, 24 unless said, 0 if it is to sign no more. A webhook that is made
    active goes on with what it still is to be told.
    """
    changed, key = number(webhook, "webhook"), _key(body.secret)
    if body.new_secret and key is not None:
        raise Invalid("a secret or a new one, not both", field="new_secret")
    made = os.urandom(_KEY) if body.new_secret else None
    key = made or key
    sealed = None if key is None else call.house.sealer.seal(key, service.SECRET)
    events, state = given(body.events), given(body.state)
    hours = given(body.overlap_hours)
    names = None if events is None else _events(events)
    return await call.write(
        lambda uow: shapes.changed_webhook(
            service.change(
                uow,
                call.actor,
                changed,
                url=given(body.url),
                events=names,
                state=None if state is None else WebhookState(state),
                secret=sealed,
                overlap=None if hours is None else timedelta(hours=hours),
            ),
            None if made is None else secret_text(made),
        ),
        current=lambda uow: _shown(uow, call.actor, changed),
    )


@webhooks.delete(
    "/webhooks/{webhook}", Permission.WEBHOOK_WRITE, example=Example(variables=_FIRST)
)
async def remove_webhook(
    call: Call, webhook: str, query: Writing
) -> Written[shapes.WebhookShape]:
    """Remove a webhook, with what it still was to be told."""
    removed = number(webhook, "webhook")
    return await call.write(
        lambda uow: shapes.webhook(service.remove(uow, call.actor, removed)),
        current=lambda uow: _shown(uow, call.actor, removed),
    )


@webhooks.post(
    "/webhooks/{webhook}/test",
    Permission.WEBHOOK_WRITE,
    status=200,
    example=Example(variables=_FIRST),
)
async def try_webhook(
    call: Call, webhook: str, query: Writing
) -> Written[shapes.TriedShape]:
    """Send an event of the name webhook.test now, once, and show what comes back."""
    house, tested = call.house, number(webhook, "webhook")
    if call.dry_run:
        return await call.rehearse(
            lambda uow: webhook_sending.begin_test(uow, call.actor, tested)
        )
    return await call.write_after(
        lambda: webhook_sending.try_out(
            house.store, house.webhook_client, house.sealer, call.actor, tested
        ),
        lambda _, tried: shapes.tried(tried),
        current=lambda uow: _shown(uow, call.actor, tested),
    )


@webhooks.get("/webhook-deliveries", Permission.WEBHOOK_READ)
async def list_deliveries(
    call: Call, query: DeliveryQuery
) -> Listed[shapes.DeliveryShape]:
    """List deliveries, newest first, with the last answer to each."""
    states = [DeliveryState(word) for word in query.state]
    return await call.page(
        query,
        lambda uow, before, limit: deliveries.page(
            uow,
            call.actor,
            before=before,
            limit=limit,
            webhook=given(query.webhook),
            states=states,
        ),
        first=deliveries.LAST,
        key=lambda each: each.id,
        shape=shapes.delivery,
    )


@webhooks.post(
    "/webhook-deliveries/{delivery}/replay",
    Permission.WEBHOOK_WRITE,
    status=200,
    example=Example(variables={"delivery": "1"}),
)
async def replay_delivery(
    call: Call, delivery: str, query: Writing
) -> Written[shapes.DeliveryShape]:
    """Deliver once more what was delivered, failed or canceled; the id stays."""
    again = number(delivery, "delivery")
    return await call.write(
        lambda uow: shapes.delivery(deliveries.replay(uow, call.actor, again))
    )


@webhooks.post(
    "/webhook-deliveries/{delivery}/cancel",
    Permission.WEBHOOK_WRITE,
    status=200,
    example=Example(variables={"delivery": "2"}),
)
async def cancel_delivery(
    call: Call, delivery: str, query: Writing
) -> Written[shapes.DeliveryShape]:
    """Do not deliver it; it can be replayed as long as it is listed."""
    canceled = number(delivery, "delivery")
    return await call.write(
        lambda uow: shapes.delivery(deliveries.cancel(uow, call.actor, canceled))
    )


def _events(words: Sequence[str]) -> tuple[NoticeName, ...]:
    try:
        return event_names(words)
    except Invalid as error:
        raise Invalid(str(error), field="events") from None


def _key(secret: str | UnsetType) -> bytes | None:
    if isinstance(secret, UnsetType):
        return None
    try:
        return secret_key(secret)
    except SecretError as error:
        raise Invalid(str(error), field="secret") from None
