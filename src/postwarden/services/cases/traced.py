"""Whom the ledger says mail has reached, compared with where copies were found."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from postwarden.model.actors import Actor
from postwarden.model.audit import stamp
from postwarden.model.cases import Missing, Traced
from postwarden.model.ledger import Event, LedgerRow
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
    store: Store,
    searcher: Actor,
    sha256s: Sequence[bytes],
    found: Collection[str],
    *,
    message_ids: Collection[str] = (),
) -> Traced | None:
    """Compare the recipients of messages with the accounts that copies lie in.

    What imported logs of other systems say of mail with the same Message-IDs counts
    too, and with those given beside, of mail that lies elsewhere. Returns None when
    there is too much to trace.
    """
    if len(sha256s) > MAX_MESSAGES:
        return None
    seen = _Seen()
    async for rows in history.rows(store, searcher, sha256s):
        if not seen.has_room_for(rows):
            return None
        for row in rows:
            seen.take(row)
    elsewhere = _Elsewhere({*seen.delivered, *found})
    ids = sorted(seen.message_ids.union(message_ids))
    async for rows in history.logged_deliveries(store, searcher, ids):
        if not seen.has_room_for(rows):
            return None
        for row in rows:
            elsewhere.take(row)
    last = {**elsewhere.delivered, **seen.last}
    delivered = seen.delivered | elsewhere.delivered.keys()
    missing = sorted(delivered - set(found))
    return Traced(
        recipients=len(delivered),
        missing=len(missing),
        waiting=len(seen.waiting),
        left=len(seen.left),
        shown=tuple(
            Missing(account=each, event=last[each][1].value, time=stamp(last[each][0]))
            for each in missing[:SHOWN]
        ),
    )


@dataclass(slots=True)
class _Seen:
    """What the ledger says of some messages; `last` is what became of copies."""

    events: int = 0
    last: dict[str, tuple[datetime, Event]] = field(default_factory=dict)
    delivered: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    message_ids: set[str] = field(default_factory=set)

    def has_room_for(self, rows: Sequence[LedgerRow]) -> bool:
        """Count events; return whether they are not too many yet."""
        self.events += len(rows)
        return self.events <= MAX_EVENTS

    def take(self, row: LedgerRow) -> None:
        if row.message_id is not None:
            self.message_ids.add(row.message_id)
        if row.event is Event.DELIVER and row.account is not None:
            self.delivered.add(row.account)
        if row.account is not None and row.event in _WHEREABOUTS:
            self.last[row.account] = (row.time, row.event)
        if row.forward_path is not None:
            self._follow(row.event, row.forward_path)

    def _follow(self, event: Event, address: str) -> None:
        if event is Event.DEFER:
            self.waiting.add(address)
        elif event in {Event.SEND, Event.DELIVER, Event.FAIL, Event.DROP}:
            self.waiting.discard(address)
        if event is Event.SEND:
            self.left.add(address)


class _Elsewhere:
    """Deliveries that another system's log tells of, but for those known here."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = {each.casefold() for each in known}
        self.delivered: dict[str, tuple[datetime, Event]] = {}

    def take(self, row: LedgerRow) -> None:
        address = row.forward_path
        if address is not None and address.casefold() not in self._known:
            self._known.add(address.casefold())
            self.delivered[address] = (row.time, row.event)
