"""Sending one delivery to a webhook, signed with the secrets of the webhook."""

from dataclasses import dataclass

from postwarden.model.actors import Actor
from postwarden.model.permissions import Permission
from postwarden.model.webhooks import Delivery, NoticeName
from postwarden.services import access, notices, webhooks
from postwarden.services.deliveries import Due
from postwarden.services.ports import Sealer, Store, UnitOfWork, WebhookClient
from postwarden.services.ports.webhooks import Answer
from postwarden.wire.webhooks import signed_headers

AGENT = "Postwarden-Webhook/1"


async def send(client: WebhookClient, sealer: Sealer, due: Due) -> Answer:
    """Send one delivery, once."""
    secrets = due.webhook.secrets(due.now)
    keys = [sealer.unseal(each, webhooks.SECRET) for each in secrets]
    notice, timestamp = due.delivery.notice, int(due.now.timestamp())
    body = notice.body.encode()
    headers = {
        "Content-Type": "application/json",
        "User-Agent": AGENT,
        **signed_headers(keys, notice.key, timestamp, body),
    }
    return await client.post(due.webhook.url, headers, body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What a webhook was told to try it out, and what came back."""

    webhook: int
    id: str
    answer: Answer


async def try_out(
    store: Store, client: WebhookClient, sealer: Sealer, actor: Actor, number: int
) -> Tried:
    """Send an event of the name webhook.test now; it is not tried again.

    Raises NotFound, Forbidden.
    """
    access.require(actor, Permission.WEBHOOK_READ, Permission.WEBHOOK_WRITE)
    due = await store.transact(begin_test, actor, number)
    answer = await send(client, sealer, due)
    return Tried(webhook=number, id=due.delivery.notice.key, answer=answer)


def begin_test(uow: UnitOfWork, actor: Actor, number: int) -> Due:
    """Write down that a webhook is tried; return what is to be sent."""
    access.require(actor, Permission.WEBHOOK_READ, Permission.WEBHOOK_WRITE)
    webhook = webhooks.begin_test(uow, actor, number)
    notice = notices.notice_of(
        uow,
        NoticeName.WEBHOOK_TEST,
        f"webhook {number}",
        (),
        {"actor": actor.name},
    )
    delivery = Delivery(webhook=number, notice=notice, next_at=uow.now)
    return Due(webhook=webhook, delivery=delivery, now=uow.now)
