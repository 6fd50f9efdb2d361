"""A room with two owners and some mail, to act in."""

from dataclasses import dataclass

from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.ledger import Event
from postwarden.model.queries import parse
from postwarden.services import access, owners, placement
from postwarden.services.placement import NewCopy
from postwarden.services.ports import Store, UnitOfWork
from tests.support import factories
from tests.support.factories import ADA, BOB
from tests.unit.services.registry import CAROL, host, open_accounts


@dataclass(frozen=True, slots=True)
class Room:
    """Two owners, and an administrator in the place of the first."""

    store: Store
    ada: Actor
    bob: Actor
    acting: Actor


async def furnished(store: Store) -> Room:
    await host(store, "example.org")
    await open_accounts(store, ADA, BOB)

    def owner(uow: UnitOfWork, name: str) -> Actor:
        address = ADA if name == "ada" else BOB
        found = access.account(uow, OPERATOR, address)
        return owners.owner(found, dialect="ews")

    return Room(
        store,
        await store.read(owner, "ada"),
        await store.read(owner, "bob"),
        await store.transact(owners.log_in_as, CAROL, ADA),
    )


def put(uow: UnitOfWork, owner: Actor, mailbox: str, *names: str) -> list[int]:
    """File a message of 1000 octets for each name; return the copies."""
    account = owner.account or 0
    new = [
        NewCopy(
            account=account,
            mailbox=placement.mailbox_named(uow, account, mailbox).id,
            message=uow.messages.add(factories.message(name)).id,
            size=1000,
            internal_date=uow.now,
        )
        for name in names
    ]
    return [copy.id for copy in placement.file(uow, new)]


async def told(room: Room) -> list[tuple[Event, str | None, str | None]]:
    """Return what the ledger says: event, mailbox, the name of the message."""

    def look(uow: UnitOfWork) -> list[tuple[Event, str | None, str | None]]:
        found = uow.ledger.search(parse("all", now=uow.now), similar={})
        return [(row.event, row.mailbox, row.subject) for row in uow.ledger.rows(found)]

    return await room.store.read(look)
