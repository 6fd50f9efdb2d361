"""The ledger of a case's messages, within the domains where the case may look."""

from collections.abc import AsyncIterator, Sequence

from postwarden.model.actors import Actor
from postwarden.model.ledger import LedgerRow
from postwarden.model.queries import Query, Scope
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


def _described(uow: UnitOfWork, events: Sequence[int]) -> list[LedgerRow]:
    return uow.ledger.rows(events)
