"""Whole contents of a store as values, to fill any store with the same rows."""

from dataclasses import dataclass

from postwarden.model.accounts import Account
from postwarden.model.envelopes import Envelope
from postwarden.model.ledger import LedgerEvent
from postwarden.model.mailboxes import Copy
from postwarden.model.messages import NewMessage, SearchText
from postwarden.model.tracking import LogRow
from postwarden.services.ports import SearchIndex, Store, UnitOfWork
from tests.support.factories import NOW, hold


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Rows by their place, counted from 1: so does an empty store give ids.

    `mailboxes` are (account, name); `receptions` (trace id, message, envelope).
    The index is done up to `indexed`; `removed` mailboxes leave their copies;
    `held` copies are marked by a hold.
    """

    accounts: tuple[Account, ...]
    mailboxes: tuple[tuple[int, str], ...]
    messages: tuple[NewMessage, ...]
    texts: tuple[SearchText, ...] = ()
    indexed: int = 0
    receptions: tuple[tuple[str, int, Envelope], ...] = ()
    copies: tuple[Copy, ...] = ()
    log_rows: tuple[LogRow, ...] = ()
    events: tuple[LedgerEvent, ...] = ()
    removed: tuple[int, ...] = ()
    held: tuple[int, ...] = ()


def fill(uow: UnitOfWork, world: World) -> None:
    for account in world.accounts:
        uow.accounts.add(account)
    for owner, name in world.mailboxes:
        uow.mailboxes.add(owner, name, 1)
    for message in world.messages:
        uow.messages.add(message)
    for trace_id, number, envelope in world.receptions:
        uow.receptions.add(trace_id, number, NOW, envelope)
    uow.copies.add(world.copies)
    uow.log_rows.add(world.log_rows)
    uow.ledger.record(world.events)
    if world.held:
        uow.holds.mark(uow.holds.add(hold()).id, world.held)
    for mailbox in world.removed:
        uow.mailboxes.remove(mailbox)


async def build(store: Store, index: SearchIndex, world: World) -> None:
    await store.transact(fill, world)
    await index.add(
        [text for text in world.texts if text.message <= world.indexed], world.indexed
    )
