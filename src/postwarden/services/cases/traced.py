"""Whom the ledger says mail has reached, compared with where copies were found."""

from collections.abc import Collection, Sequence
from datetime import datetime

from postwarden.model.actors import Actor
from postwarden.model.audit import stamp
from postwarden.model.cases import Missing, Traced
from postwarden.model.ledger import Event
from postwarden.services.cases import history
from postwarden.services.ports import Store

MAX_MESSAGES = 3000  # different ones that are traced
MAX_EVENTS = 100_000
SHOWN = 50  # accounts that are named

# What happens to a copy somewhere; what only looks at it is no reason to miss it.
_WHEREABOUTS = {
    *(Event.DELIVER, Event.MOVE, Event.DELETE, Event.EXPUNGE, Event.CONTAIN),
    *(Event.PURGE, Event.RESTORE),
}


async def compare(
    store: Store, searcher: Actor, sha256s: Sequence[bytes], found: Collection[str]
) -> Traced | None:
    """Compare the recipients of messages with the accounts that copies lie in.

    Returns None when there is too much to trace.
    """
    if len(sha256s) > MAX_MESSAGES:
        return None
    last: dict[str, tuple[datetime, Event]] = {}
    delivered: set[str] = set()
    waiting: set[str] = set()
    left: set[str] = set()
    events = 0
    async for rows in history.rows(store, searcher, sha256s):
        events += len(rows)
        if events > MAX_EVENTS:
            return None
        for row in rows:
            if row.event is Event.DELIVER and row.account is not None:
                delivered.add(row.account)
            if row.account is not None and row.event in _WHEREABOUTS:
                last[row.account] = (row.time, row.event)
            if row.forward_path is not None:
                _follow(row.event, row.forward_path, waiting, left)
    missing = sorted(delivered - set(found))
    return Traced(
        recipients=len(delivered),
        missing=len(missing),
        waiting=len(waiting),
        left=len(left),
        shown=tuple(
            Missing(account=each, event=last[each][1].value, time=stamp(last[each][0]))
            for each in missing[:SHOWN]
        ),
    )


def _follow(event: Event, address: str, waiting: set[str], left: set[str]) -> None:
    if event is Event.DEFER:
        waiting.add(address)
    elif event in {Event.SEND, Event.DELIVER, Event.FAIL, Event.DROP}:
        waiting.discard(address)
    if event is Event.SEND:
        left.add(address)
