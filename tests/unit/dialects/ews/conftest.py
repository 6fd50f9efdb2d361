"""EWS over a small store in memory."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import pytest

from postwarden.adapters.memory.content import MemoryBlobs, MemorySearchIndex
from postwarden.adapters.memory.store import MemoryStore
from postwarden.dialects.ews import app
from postwarden.dialects.ews.house import House
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.mailboxes import INBOX, NO_FLAGS, Flag
from postwarden.services import accounts, owners, placement
from postwarden.services.accounts import NewAccount
from postwarden.services.ingest import new_message
from postwarden.services.placement import NewCopy
from postwarden.services.ports import UnitOfWork
from tests.support.ews import EwsClient
from tests.support.factories import ADA, NOW, Clock, mail_domain
from tests.support.houses import Actors

Put = Callable[..., Awaitable[int]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> MemoryStore:
    return MemoryStore(clock=clock)


@pytest.fixture
def actors() -> Actors:
    return Actors()


@pytest.fixture
def house(store: MemoryStore, clock: Clock, actors: Actors) -> House:
    return House(
        store=store,
        blobs=MemoryBlobs(),
        index=MemorySearchIndex(store),
        authenticate=actors,
        clock=clock,
    )


@pytest.fixture
async def owner(store: MemoryStore, actors: Actors) -> Actor:
    """Ada, who owns a mailbox."""

    def create(uow: UnitOfWork) -> Actor:
        uow.domains.add(mail_domain())
        account = accounts.create(uow, OPERATOR, NewAccount(address=ADA, name="Ada"))
        return owners.owner(account, dialect="ews")

    return actors.add(await store.transact(create))


@pytest.fixture
def own(house: House, owner: Actor) -> EwsClient:
    """Ada's client."""
    return EwsClient(app.build(house), f"Bearer {owner.name}")


@pytest.fixture
def put(house: House, owner: Actor) -> Put:
    """Files mail in a mailbox of Ada's; returns the number of the copy."""

    async def put(
        content: bytes,
        *,
        box: str = INBOX,
        at: datetime = NOW,
        flags: Flag = NO_FLAGS,
        keywords: tuple[str, ...] = (),
    ) -> int:
        message = new_message(await house.blobs.put(content), content)

        def file(uow: UnitOfWork) -> int:
            account = owner.account or 0
            new = NewCopy(
                account=account,
                mailbox=placement.mailbox_named(uow, account, box).id,
                message=uow.messages.add(message).id,
                size=message.size,
                internal_date=at,
                flags=flags,
                keywords=keywords,
            )
            return placement.file(uow, [new])[0].id

        return await house.store.transact(file)

    return put


@pytest.fixture
def ews(house: House) -> EwsClient:
    return EwsClient(app.build(house))
