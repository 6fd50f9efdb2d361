"""Placing holds on what is there, and taking their marks off, in chunks."""

from postwarden.model.queries import Words, leaves
from postwarden.services import arrivals, holds, indexing
from postwarden.services.ports import UnitOfWork
from postwarden.worker.context import Lease, number


async def place_hold(lease: Lease) -> None:
    """Mark all that was there before a hold; beginning anew does no harm."""
    hold, store = number(lease, "hold"), lease.context.store
    if await store.read(_asks_for_words, hold):
        await _index_all(lease)
    found = await store.read(holds.matching, hold)
    for start in range(0, len(found), holds.CHUNK):
        chunk = found[start : start + holds.CHUNK]
        await store.transact(holds.place, hold, chunk)
        await lease.renew(start + len(chunk), len(found))
    for plan in await store.read(holds.plans, hold):
        last: int | None = 0
        while last is not None:
            last = await store.transact(holds.place_items, hold, plan, last)
            await lease.renew(len(found), len(found))
    await store.transact(holds.placed, hold)


async def release_hold(lease: Lease) -> None:
    """Take the marks of a released hold off."""
    hold, done = number(lease, "hold"), 0
    while count := await lease.context.store.transact(holds.release_chunk, hold):
        done += count
        await lease.renew(done, 0)


def _asks_for_words(uow: UnitOfWork, hold: int) -> bool:
    query = arrivals.query_of(uow.holds.get(hold).query)
    return any(isinstance(leaf, Words) for leaf in leaves(query))


async def _index_all(lease: Lease) -> None:
    """Bring full text up to what was there when the hold came into force."""
    context, done = lease.context, 0
    left = await context.index.lag()
    while left > done:
        count = await indexing.index_next(
            context.index, context.blobs, context.index_batch
        )
        if not count:
            return
        done += count
        await lease.renew(0, 0)
