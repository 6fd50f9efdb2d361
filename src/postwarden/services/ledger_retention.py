"""How long the ledger remembers: events are forgotten by kind, when they are old.

What a hold keeps, and what a case that is not closed works on, keeps all its events,
however old they are.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from postwarden.model.actors import WORKER
from postwarden.model.ledger import Event
from postwarden.services import audit, holds
from postwarden.services.ports import UnitOfWork

PURGE = "ledger.purge"  # the periodic task
CHUNK = 1000  # events looked at in one transaction
Keep = Mapping[Event, timedelta]
"""For how long events of a kind are kept; those of other kinds are for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """What a chunk did: it has looked at all up to the id `up_to`."""

    up_to: int
    removed: int
    left: bool


def purge_chunk(
    uow: UnitOfWork, keep: Keep, *, after: int = 0, limit: int = CHUNK
) -> Purged:
    """Forget the events among the next ones that are older than their kind is kept.

    Leaves an audit entry with counts in the same transaction. Raises Unavailable
    while a hold is being placed: nobody knows yet what it keeps.
    """
    if not keep:
        return Purged(up_to=after, removed=0, left=False)
    holds.require_known(uow)
    events = uow.ledger.page(after=after, limit=limit)
    old = [each for each in events if _is_over(each.event, each.time, keep, uow.now)]
    needed = uow.ledger.needed(sorted({each.message for each in old if each.message}))
    over = [each for each in old if each.message not in needed]
    if over:
        uow.ledger.remove([each.id for each in over])
        kinds = Counter(each.event.value for each in over)
        audit.record(
            uow,
            WORKER,
            PURGE,
            "ledger",
            before={"events": len(over), "kinds": dict(sorted(kinds.items()))},
            reason="retention ended",
        )
    return Purged(
        up_to=events[-1].id if events else after,
        removed=len(over),
        left=len(events) == limit and events[-1].time < uow.now - min(keep.values()),
    )


def _is_over(event: Event, time: datetime, keep: Keep, now: datetime) -> bool:
    kept = keep.get(event)
    return kept is not None and time < now - kept
