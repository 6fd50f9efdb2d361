"""The ledger of a case's messages, within the domains where the case may look."""

from collections.abc import AsyncIterator, Sequence

from postwarden.model.actors import Actor
from postwarden.model.ledger import Event, LedgerRow
from postwarden.model.queries import Event as EventTerm
from postwarden.model.queries import MessageId, Query, Scope, all_of, any_of
from postwarden.model.queries.terms import Similar, SimilarTo
from postwarden.services import access
from postwarden.services.ports import References, Store, UnitOfWork

_GIVEN = Similar(SimilarTo.SHA256, "0" * 64)  # stands for the messages given
_MESSAGES = 500  # looked up at a time
_ROWS = 1000


async def rows(
    store: Store, searcher: Actor, sha256s: Sequence[bytes]
) -> AsyncIterator[list[LedgerRow]]:
    """Yield the events of some messages, in pages; oldest first for each message."""
    for start in range(0, len(sha256s), _MESSAGES):
        chunk = sha256s[start : start + _MESSAGES]
        events = await store.read(_events, searcher, chunk)
        for first in range(0, len(events), _ROWS):
            yield await store.read(_described, events[first : first + _ROWS])


def _events(
    uow: UnitOfWork, searcher: Actor, sha256s: Sequence[bytes]
) -> Sequence[int]:
    query = access.narrowed(searcher, Query(_GIVEN), Scope.TRACE)
    wanted = References(sha256s=frozenset(sha256s))
    return uow.ledger.search(query, similar={_GIVEN: wanted})


async def logged_deliveries(
    store: Store, searcher: Actor, message_ids: Sequence[str]
) -> AsyncIterator[list[LedgerRow]]:
    """Yield what other systems' logs say of deliveries of mail with these ids."""
    for start in range(0, len(message_ids), _MESSAGES):
        chunk = message_ids[start : start + _MESSAGES]
        events = await store.read(_logged, searcher, chunk)
        for first in range(0, len(events), _ROWS):
            page = await store.read(_described, events[first : first + _ROWS])
            yield [row for row in page if row.log_row is not None]


def _logged(
    uow: UnitOfWork, searcher: Actor, message_ids: Sequence[str]
) -> Sequence[int]:
    named = any_of(MessageId(each) for each in message_ids)
    query = Query(all_of((named, EventTerm(Event.DELIVER.value))))
    return uow.ledger.search(access.narrowed(searcher, query, Scope.TRACE), similar={})


def _described(uow: UnitOfWork, events: Sequence[int]) -> list[LedgerRow]:
    return uow.ledger.rows(events)
