"""Telling webhooks what they are to be told, one after the other."""

from collections.abc import Mapping

from postwarden.model.errors import Unavailable
from postwarden.services import deliveries, webhooks
from postwarden.services.webhook_sending import send
from postwarden.worker.context import Lease, number


async def deliver(lease: Lease) -> Mapping[str, object]:
    """Deliver what is due to a webhook; the task waits for what is due later.

    What was sent and not written down is sent again, under the same id.
    """
    context, webhook = lease.context, number(lease, "webhook")
    if context.webhook_client is None or context.sealer is None:
        raise Unavailable("this process has no way to webhooks")
    lease.again = lambda uow: deliveries.next_time(uow, webhook)
    done = 0
    while due := await context.store.read(deliveries.next_due, webhook):
        answer = await send(context.webhook_client, context.sealer, due)
        await context.store.transact(
            deliveries.record,
            due.delivery.id,
            answer,
            patience=context.webhook_patience,
        )
        done += 1
        await lease.renew(done, 0)
    return {"sent": done}


async def purge(lease: Lease) -> Mapping[str, object]:
    """Forget deliveries that ended long ago, in chunks, and secrets of before."""
    context, done = lease.context, 0
    await context.store.transact(webhooks.forget_old_secrets)
    while count := await context.store.transact(
        deliveries.purge_chunk, context.keep_deliveries
    ):
        done += count
        await lease.renew(done, 0)
    return {"removed": done}
