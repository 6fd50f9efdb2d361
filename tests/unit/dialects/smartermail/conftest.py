"""The SmarterMail dialect over a small store in memory."""

from dataclasses import dataclass

import pytest

from postwarden.adapters.memory.content import MemoryBlobs
from postwarden.adapters.memory.store import MemoryStore
from postwarden.dialects.smartermail import app
from postwarden.dialects.smartermail.house import PREFIX, House
from postwarden.model.actors import OPERATOR
from postwarden.model.directory import EntryKind
from postwarden.services import accounts, administrators, domains, entries
from postwarden.services.accounts import NewAccount
from postwarden.services.administrators import NewAdministrator
from postwarden.services.ports import UnitOfWork
from tests.support.api import Answered, Client
from tests.support.factories import Clock
from tests.support.houses import PlainPasswords, PlainSealer
from tests.unit.services.world import at

PASSWORD = "correct horse battery"
HASH = f"hash of {PASSWORD}"
ORG, NET = "example.org", "example.net"
ROOT, CAROL, ADA = "root", "carol", "ada@example.org"


def furnish(uow: UnitOfWork) -> None:
    """Two domains with something of each kind, and who administers them."""
    for name in (ORG, NET):
        domains.create(uow, OPERATOR, name)
        for local_part in ("ada", "bob"):
            new = NewAccount(
                address=at(local_part, name),
                name=f"{local_part.title()} L.",
                password_hash=HASH,
                quota_octets=100_000,
            )
            accounts.create(uow, OPERATOR, new)
        for kind, local_part in (
            (EntryKind.ALIAS, "sales"),
            (EntryKind.GROUP, "team"),
            (EntryKind.LIST, "news"),
        ):
            targets = [at("ada", name), at("x", "example.com")]
            entries.create(uow, OPERATOR, kind, at(local_part, name), targets)
    for name, role, managed in (
        (ROOT, "global-admin", None),
        (CAROL, "global-admin", [ORG]),
    ):
        owner = NewAdministrator(
            name=name, role=role, domains=managed, password_hash=HASH
        )
        administrators.create(uow, OPERATOR, owner)


@dataclass
class Town:
    """The store, and ways to ask the dialect over it."""

    store: MemoryStore
    blobs: MemoryBlobs
    clock: Clock
    client: Client

    async def log_in(self, name: str = ROOT, **more: object) -> Answered:
        body = {"username": name, "password": PASSWORD, **more}
        return await self.client("POST", "/auth/authenticate-user", body=body)

    async def as_(self, name: str = ROOT, **headers: str) -> Client:
        """Return a client that is logged in; `domain` and `user` name headers."""
        token = (await self.log_in(name, clientId=str(headers))).json["accessToken"]
        return self.bearing(token, **headers)

    def bearing(self, token: str, **headers: str) -> Client:
        named = {f"X-SmarterMail{n.title()}": value for n, value in headers.items()}
        return Client(
            self.client.app, PREFIX, {"authorization": f"Bearer {token}", **named}
        )


@pytest.fixture
async def town() -> Town:
    clock = Clock()
    store = MemoryStore(clock=clock)
    await store.transact(furnish)
    blobs = MemoryBlobs()
    house = House(
        store=store,
        blobs=blobs,
        passwords=PlainPasswords(),
        sealer=PlainSealer(),
    )
    return Town(store, blobs, clock, Client(app.build(house), PREFIX))


def said(answered: Answered) -> tuple[int, str]:
    """Return the status and the code of a refusal, which is in the envelope."""
    body = answered.json
    assert body["success"] is False
    assert body["resultCode"] == answered.status
    assert answered.headers["content-type"] == "application/json"
    return answered.status, body["message"].partition("|")[0]
