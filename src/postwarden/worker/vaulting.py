"""The vault's tasks: expiry, dating anew, restoring."""

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from postwarden.model.queries import Words, leaves, parse
from postwarden.services import contents, holds, indexing, vault, vault_restoring
from postwarden.services.ports import UnitOfWork
from postwarden.worker.context import Lease

SHOWN = 100  # copies that could not be restored, named in a result


async def expire_vault(lease: Lease) -> Mapping[str, object]:
    """Destroy what has come to its end, and what then has nothing left."""
    store = lease.context.store
    await store.transact(holds.resume)
    destroyed = octets = 0
    while (chunk := await store.transact(vault.expire_chunk)).left:
        destroyed += chunk.destroyed
        octets += chunk.octets
        await lease.renew(destroyed, 0)
    while await store.transact(vault.end_account):
        await lease.renew(destroyed, 0)
    swept = await sweep_contents(lease)
    return {"destroyed": destroyed, "octets": octets, **swept}


async def sweep_contents(lease: Lease) -> Mapping[str, object]:
    """Destroy the content of messages that no copy has and nobody needs."""
    context, looked = lease.context, 0
    while count := await context.store.transact(contents.empty_chunk):
        looked += count
        await lease.renew(looked, 0)
    removed = after = 0
    while batch := await context.store.read(contents.emptied, after):
        after = batch[-1].id
        await context.index.remove([each.id for each in batch])
        # In this order: what nobody has now, and nobody has put since the grace.
        digests = [each.sha256 for each in batch]
        unnamed = await context.store.read(contents.unnamed, digests)
        now = await context.store.read(_now)
        left = await context.blobs.remove(unnamed, before=now - contents.GRACE)
        await context.store.transact(contents.settle, batch, left)
        removed += len(unnamed) - len(left)
        await lease.renew(looked, 0)
    return {"removed": removed}


def _now(uow: UnitOfWork) -> datetime:
    return uow.now


async def redate_vault(lease: Lease) -> None:
    """Date what lies in a domain's vault by its retention."""
    domain = cast("str", lease.task.payload["domain"])
    at: vault.Dated | None = vault.Dated()
    while at is not None:
        await lease.renew(at.done, 0)
        at = await lease.context.store.transact(vault.redate_chunk, domain, at)


async def restore_from_vault(lease: Lease) -> Mapping[str, object]:
    """Return what was deleted to its mailboxes, in chunks."""
    context, payload = lease.context, lease.task.payload
    query = cast("str | None", payload["query"])
    if query is not None and _asks_for_words(query, lease):
        await indexing.catch_up(context.index, context.blobs)
    wanted = await context.store.read(
        vault_restoring.found, query, cast("int | None", payload["item"])
    )
    to = cast("int | None", payload["to"])
    restored, failed = 0, dict[int, str]()
    for start in range(0, len(wanted), vault_restoring.CHUNK):
        done = await context.store.transact(
            vault_restoring.restore_chunk,
            wanted[start : start + vault_restoring.CHUNK],
            to=to,
        )
        restored += done.restored
        failed.update(done.failed)
        await lease.renew(restored, len(wanted))
    return {
        "restored": restored,
        "failed": len(failed),
        "reasons": [
            {"item": item, "reason": reason}
            for item, reason in list(failed.items())[:SHOWN]
        ],
    }


def _asks_for_words(query: str, lease: Lease) -> bool:
    parsed = parse(query, now=lease.task.created_at)
    return any(isinstance(leaf, Words) for leaf in leaves(parsed))
