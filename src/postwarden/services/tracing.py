"""Trace: what happened to mail, from the ledger."""

from collections.abc import Sequence

from postwarden.model.actors import Actor
from postwarden.model.ledger import LedgerRow
from postwarden.model.permissions import Permission
from postwarden.model.queries import Query, Scope, check_scope
from postwarden.services import access
from postwarden.services.ports import UnitOfWork
from postwarden.services.ports.mail import SimilarSets


def trace(
    uow: UnitOfWork, actor: Actor, query: Query, similar: SimilarSets
) -> Sequence[int]:
    """Return the ids of matching events in the actor's domains, as they were written.

    Which is the order in which they happened, but for what was imported.
    """
    access.require(actor, Permission.MAIL_TRACE)
    check_scope(query, Scope.TRACE)
    own = access.narrowed(actor, query, Scope.TRACE)
    return uow.ledger.search(own, similar=similar)


def by_time(uow: UnitOfWork, events: Sequence[int]) -> Sequence[int]:
    """Return events that `trace` found, oldest first."""
    return uow.ledger.by_time(events)


def rows(uow: UnitOfWork, events: Sequence[int]) -> list[LedgerRow]:
    return uow.ledger.rows(events)


def count(uow: UnitOfWork, events: Sequence[int]) -> tuple[int, int, int]:
    """Return how many messages, copies and accounts the events name."""
    return uow.ledger.count(events)
