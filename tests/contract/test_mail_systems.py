"""Every mail system behind the port: found, read, contained, returned, located.

Against the fake, against a server that answers as Microsoft documents it, and against
our own EWS dialect, so that neither connector nor dialect is held to itself alone.
"""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

import pytest

from postwarden.adapters.memory.content import MemoryBlobs, MemorySearchIndex
from postwarden.adapters.memory.mail_system import MemoryMailSystem
from postwarden.adapters.memory.store import MemoryStore
from postwarden.connectors.ews import EwsSystem
from postwarden.connectors.ews.soap import EwsClient, Login
from postwarden.connectors.ews.tokens import Basic
from postwarden.connectors.http import HttpAnswer, HttpClient
from postwarden.dialects.ews import app
from postwarden.dialects.ews.house import House
from postwarden.model.actors import OPERATOR
from postwarden.model.addresses import Address
from postwarden.model.errors import NotFound
from postwarden.services import accounts, placement
from postwarden.services.accounts import NewAccount
from postwarden.services.ingest import new_message
from postwarden.services.placement import NewCopy
from postwarden.services.ports import MailSystem, UnitOfWork
from postwarden.services.ports.systems import (
    Location,
    Narrowing,
    Place,
    RemoteCopy,
    RemoteOutcome,
    RemoteProblem,
    Return,
)
from tests.e2e import mails
from tests.support.api import Client
from tests.support.factories import NOW, Clock, mail_domain
from tests.support.houses import Actors
from tests.support.scripted_ews import ScriptedEws, scripted_ews

ADA, BOB = "ada@example.org", "bob@example.org"
PHISH = mails.mail("phish", subject="Your invoice")
OTHER = mails.mail("other", subject="Minutes")
PHISH_ID = frozenset({"phish@example.net"})


class Server(Protocol):
    """What a test does to a system that is not done through the port."""

    @property
    def system(self) -> MailSystem: ...

    async def add(self, account: str, content: bytes) -> None:
        """Put a mail into an account's inbox."""
        ...


@dataclass
class Fake:
    system: MemoryMailSystem

    async def add(self, account: str, content: bytes) -> None:
        self.system.add(account, "Inbox", content)


@dataclass
class Scripted:
    system: EwsSystem
    served: ScriptedEws

    async def add(self, account: str, content: bytes) -> None:
        message = new_message(b"", content)
        id_ = f"<{message.message_id}>"
        self.served.add(
            account, "inbox", content, message_id=id_, subject=message.subject
        )


@dataclass
class InProcess:
    """Speaks to the dialect in this process, as `HttpClient` does over HTTP."""

    client: Client
    url = "/EWS/Exchange.asmx"

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes,
        **_: Any,
    ) -> HttpAnswer:
        headers = {**headers, "authorization": "Bearer operator"}
        said = await self.client(method, url, headers=headers, content=body)
        return HttpAnswer(status=said.status, headers=said.headers, content=said.body)

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Ours:
    system: EwsSystem
    house: House

    async def add(self, account: str, content: bytes) -> None:
        message = new_message(await self.house.blobs.put(content), content)

        def file(uow: UnitOfWork) -> None:
            entry = uow.directory.find(Address.parse(account))
            owner = entry.account if entry and entry.account else 0
            new = NewCopy(
                account=owner,
                mailbox=placement.mailbox_named(uow, owner, "INBOX").id,
                message=uow.messages.add(message).id,
                size=message.size,
                internal_date=NOW,
            )
            placement.file(uow, [new])

        await self.house.store.transact(file)


def _town(uow: UnitOfWork) -> None:
    uow.domains.add(mail_domain())
    for address in (ADA, BOB):
        accounts.create(uow, OPERATOR, NewAccount(address=Address.parse(address)))


async def _ours() -> Ours:
    clock = Clock()
    store = MemoryStore(clock=clock)
    await store.transact(_town)
    house = House(
        store=store,
        blobs=MemoryBlobs(),
        index=MemorySearchIndex(store),
        authenticate=Actors(),
        clock=clock,
    )
    http = cast("HttpClient", InProcess(Client(app.build(house))))
    return Ours(EwsSystem(EwsClient(http, Login(Basic("operator", "")))), house)


@pytest.fixture(params=["memory", "documented EWS", "our EWS"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[Server]:
    with ExitStack() as stack:
        made: Server
        if request.param == "memory":
            made = Fake(MemoryMailSystem())
        elif request.param == "our EWS":
            made = await _ours()
        else:
            served = stack.enter_context(scripted_ews(ADA, BOB))
            http = HttpClient(served.url)
            login = Login(Basic("svc", "secret"))
            made = Scripted(EwsSystem(EwsClient(http, login)), served)
        yield made
        await made.system.close()


async def found(server: Server, **wanted: Any) -> list[RemoteCopy]:
    rows = [row async for row in server.system.find(Narrowing(**wanted))]
    problems = {row.reason for row in rows if isinstance(row, RemoteProblem)}
    assert all("in its owner's sight" in each for each in problems)
    return [row for row in rows if isinstance(row, RemoteCopy)]


async def lying(server: Server) -> Counter[tuple[str, bytes]]:
    """Return which mail is to be seen in whose mailbox."""
    copies = await found(server, accounts=frozenset({ADA, BOB}))
    return Counter([(c.account, await server.system.content(c)) for c in copies])


def at(copy: RemoteCopy, outcome: RemoteOutcome) -> RemoteCopy:
    assert outcome.reference is not None
    return replace(copy, reference=outcome.reference)


async def test_mail_is_found_by_what_is_asked(server: Server) -> None:
    for account in (ADA, BOB):
        await server.add(account, PHISH)
        await server.add(account, OTHER)
    for wanted, count in (
        ({"message_ids": PHISH_ID}, 2),
        ({"message_ids": PHISH_ID, "accounts": frozenset({BOB})}, 1),
        ({"accounts": frozenset({ADA})}, 2),
        ({"accounts": frozenset({ADA}), "subject_words": ("minutes",)}, 1),
        ({"message_ids": frozenset({"nobody@example.net"})}, 0),
    ):
        assert len(await found(server, **wanted)) == count, wanted
    assert await lying(server) == {
        (account, mail): 1 for account in (ADA, BOB) for mail in (PHISH, OTHER)
    }


async def test_contained_mail_is_seen_by_nobody_and_goes_back(server: Server) -> None:
    for account in (ADA, BOB):
        await server.add(account, PHISH)
    await server.add(ADA, OTHER)
    copies = await found(server, message_ids=PHISH_ID)
    outcomes = await server.system.contain(copies)
    assert await lying(server) == {(ADA, OTHER): 1}
    aside = [at(copy, each) for copy, each in zip(copies, outcomes, strict=True)]
    assert [await server.system.content(copy) for copy in aside] == [PHISH] * 2
    back = await server.system.restore([Return(copy=copy) for copy in aside])
    assert [each.reason for each in back] == [None, None]
    again = await found(server, message_ids=PHISH_ID)
    assert [(c.account, c.mailbox) for c in again] == [
        (c.account, c.mailbox) for c in copies
    ]
    assert [c.internal_date for c in again] == [c.internal_date for c in copies]


async def test_what_is_no_more_where_it_lay_is_said_to_be_gone(server: Server) -> None:
    await server.add(ADA, PHISH)
    (copy,) = await found(server, message_ids=PHISH_ID)
    assert (await server.system.contain([copy]))[0].reference
    assert await server.system.contain([copy]) == [RemoteOutcome()]
    with pytest.raises(NotFound):
        await server.system.content(copy)
    assert await server.system.restore([Return(copy=copy)]) == [RemoteOutcome()]


async def test_what_is_gone_is_made_anew_and_it_is_said_what_is_missing(
    server: Server,
) -> None:
    await server.add(ADA, PHISH)
    (copy,) = await found(server, message_ids=PHISH_ID)
    (outcome,) = await server.system.contain([copy])
    wrong = replace(copy, reference=copy.reference)  # of a copy that is no more there
    (made,) = await server.system.restore([Return(copy=wrong, content=PHISH)])
    assert outcome.reference
    assert made.reference
    assert "lost" in (made.reason or "")
    assert await lying(server) == {(ADA, PHISH): 1}


async def test_a_copy_is_located_wherever_it_was_to_go(server: Server) -> None:
    await server.add(ADA, PHISH)
    (copy,) = await found(server, message_ids=PHISH_ID)
    locate = server.system.locate
    home = Location(place=Place.HOME, reference=copy.reference)
    assert await locate([copy], towards=Place.ASIDE) == [home]
    (outcome,) = await server.system.contain([copy])
    (there,) = await locate([copy], towards=Place.ASIDE)
    assert (there.place, there.reference) == (Place.ASIDE, outcome.reference)
    aside = at(copy, outcome)
    (still,) = await locate([aside], towards=Place.HOME)
    assert (still.place, still.reference) == (Place.ASIDE, aside.reference)
    (back,) = await server.system.restore([Return(copy=aside)])
    (there,) = await locate([aside], towards=Place.HOME)
    assert (there.place, there.reference) == (Place.HOME, back.reference)
