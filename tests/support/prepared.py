"""A store on which every example of our own API works, and its clients."""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from postwarden.adapters.memory.content import MemorySearchIndex
from postwarden.adapters.memory.store import MemoryStore
from postwarden.dialects.native import app
from postwarden.dialects.native.house import House
from postwarden.dialects.native.operations import PREFIX, Operation
from postwarden.model.actors import OPERATOR
from postwarden.model.addresses import Address
from postwarden.model.directory import EntryKind
from postwarden.model.logins import Origin, SessionRules
from postwarden.model.permissions import Permission
from postwarden.model.tasks import TaskState
from postwarden.model.webhooks import NoticeName
from postwarden.services import (
    accounts,
    administrators,
    deliveries,
    delivery,
    domains,
    entries,
    forwards,
    holds,
    keys,
    notices,
    roles,
    tasks,
    webhooks,
)
from postwarden.services.administrators import NewAdministrator
from postwarden.services.cases import arming, running
from postwarden.services.cases.rules import CaseRules
from postwarden.services.holds import NewHold
from postwarden.services.logins import links
from postwarden.services.ports import UnitOfWork
from tests.support.api import Answered, Client
from tests.support.factories import Clock
from tests.support.houses import Actors, PlainPasswords, PlainSealer, PlainWebhooks
from tests.unit.services.cases.actors import CAROL
from tests.unit.services.cases.desk import Desk

ORG, NET = "example.org", "example.net"
ADA, BOB, EVE = (Address.parse(f"{name}@{ORG}") for name in ("ada", "bob", "eve"))


@dataclass
class Prepared:
    """The store, who may ask, and what the examples cannot know."""

    house: House
    desk: Desk
    actors: Actors
    plan: str = ""
    link: str = ""
    failed: str = ""
    clients: dict[str, Client] = field(default_factory=dict)

    @property
    def made(self) -> dict[str, str]:
        """What stands in examples for what they cannot know."""
        return {
            "PLAN": self.plan,
            "LINK": self.link,
            "FAILED": self.failed,
            "MESSAGE": hashlib.sha256(_mail("zoe", 5)).hexdigest(),
        }

    def client(self, key: str = "operator") -> Client:
        if not self.clients:
            self.clients[""] = Client(app.build(self.house), PREFIX)
        asked = self.clients[""]
        return Client(asked.app, PREFIX, {"authorization": f"Bearer {key}"})

    def fresh(self) -> "Prepared":
        """Return another store with the same rows: states are never changed."""
        assert isinstance(self.house.store, MemoryStore)
        store = self.house.store.twin()
        index = MemorySearchIndex(store)
        actors = Actors()
        house = replace(self.house, store=store, index=index, authenticate=actors)
        return replace(
            self,
            house=house,
            desk=replace(self.desk, store=store),
            actors=actors,
            clients={},
        )

    async def example(
        self, operation: Operation, key: str = "operator", **changes: Any
    ) -> Answered:
        """Ask as the example of an operation does, but for what is in `changes`."""
        example = operation.example
        variables = {**example.variables, **changes.get("variables", {})}
        body = example.body
        variables = {k: self.made.get(each, each) for k, each in variables.items()}
        if body is not None:
            body = {k: self.made.get(str(each), each) for k, each in body.items()}
        return await self.client(key)(
            operation.method,
            operation.path.format(**variables),
            query={**example.query, **changes.get("query", {})},
            body=body,
            headers=changes.get("headers"),
        )


_ONCE: list[Prepared] = []


async def prepare_once() -> Prepared:
    """Return the store that was prepared first, to be asked for fresh ones."""
    if not _ONCE:
        _ONCE.append(await prepare())
    return _ONCE[0]


async def prepare() -> Prepared:
    """Make the store: a small town, some mail, three cases and a hold."""
    clock = Clock()
    store = MemoryStore(clock=clock)
    desk = Desk(store=store, index=MemorySearchIndex(store))
    await store.transact(_town)
    for number, author in enumerate(("ada", "eve", "bob", "bob", "mia")):
        await desk.receive(_mail(author, number), ADA, BOB)
    await desk.receive(_mail("zoe", 5), ADA)  # and so never forwarded to Nell
    await store.transact(_hold)
    link = await store.transact(_staff)
    actors = Actors()
    house = House(
        store=store,
        blobs=desk.blobs,
        index=desk.index,
        passwords=PlainPasswords(),
        sealer=PlainSealer(),
        webhook_client=PlainWebhooks(),
        authenticate=actors,
        clock=clock,
        rules=desk.rules,
    )
    prepared = Prepared(house, desk, actors, link=link)
    await _work_cases(prepared)
    await store.transact(_webhook)
    prepared.failed = await store.transact(_fail)
    return prepared


def _town(uow: UnitOfWork) -> None:
    for name in (ORG, NET, "empty.test"):
        domains.create(uow, OPERATOR, name)
    domains.create_alias(uow, OPERATOR, "example.com", of=ORG)
    for address in (ADA, BOB, Address.parse(f"nell@{NET}")):
        accounts.create(uow, OPERATOR, accounts.NewAccount(address=address))
    domains.set_catch_all(uow, OPERATOR, ORG, BOB, new=True)
    forwards.create(uow, OPERATOR, BOB, [Address.parse(f"nell@{NET}")], keep_copy=True)
    for kind in (EntryKind.ALIAS, EntryKind.GROUP, EntryKind.LIST):
        address = Address.parse(f"the-{kind}@{ORG}")
        entries.create(uow, OPERATOR, kind, address, [ADA, BOB])


def _hold(uow: UnitOfWork) -> None:
    hold, _ = holds.create(uow, OPERATOR, NewHold(account=BOB, reason="dispute"))
    holds.placed(uow, hold.id)


def _webhook(uow: UnitOfWork) -> None:
    """Make a webhook with a delivery that has ended, and one that has not."""
    told = NoticeName.WEBHOOK_TEST
    secret = PlainSealer().seal(b"k" * 32, webhooks.SECRET)
    url = "https://example.org/hook"
    hook = webhooks.create(uow, OPERATOR, url, events=[told], secret=secret)
    for _ in range(2):
        notice = notices.notice_of(uow, told, f"webhook {hook.id}", (), {})
        uow.outbox.add(notice, [hook.id])
    deliveries.cancel(uow, OPERATOR, 1)


def _fail(uow: UnitOfWork) -> str:
    task = tasks.submit(uow, OPERATOR, delivery.EXPAND, "0", {})
    until = uow.now + timedelta(minutes=1)
    uow.tasks.lease("w", names=[task.name], now=uow.now, until=until, task=task.id)
    uow.tasks.finish(task.id, "w", TaskState.FAILED, uow.now, error="no disk")
    return str(task.id)


def _staff(uow: UnitOfWork) -> str:
    roles.create(uow, OPERATOR, "helpdesk", permissions=[Permission.DIRECTORY_READ])
    carol = NewAdministrator(
        name="carol",
        role="investigator",
        password_hash="hash of correct horse battery",
    )
    administrators.create(uow, OPERATOR, carol)
    keys.create(uow, OPERATOR, "carol")
    first, second = [
        links.create(uow, OPERATOR, "carol", rules=SessionRules()).token
        for _ in range(2)
    ]
    links.follow(uow, first, origin=Origin(), rules=SessionRules())
    return second


def _mail(author: str, number: int) -> bytes:
    return (
        f"From: {author}@{ORG}\r\nTo: {ADA}\r\nSubject: news {number}\r\n"
        f"Message-ID: <{number}@{ORG}>\r\nDate: Sat, 21 Nov 2026 09:00:0{number} +0000"
        "\r\n\r\nSome news.\r\n"
    ).encode()


async def _work_cases(prepared: Prepared) -> None:
    """Leave a case in each state that an example needs; case 1 awaits approval."""
    desk = prepared.desk
    plan = await desk.preview(await desk.open(f"from:eve@{ORG}"))
    prepared.plan = plan.sha256.hex() if plan.sha256 else ""
    approved, done = [await desk.open(f"from:{name}@{ORG}") for name in ("ada", "bob")]
    await desk.approve(await desk.preview(approved))
    await desk.carry_out(done)
    strict = replace(desk, actor=CAROL, rules=CaseRules(second_person=1))
    hasty = await strict.open(f"from:ada@{ORG}")
    await strict.approve(await strict.preview(hasty), break_glass="it spreads")
    running_, stopped = [await desk.open(f"from:ada@{ORG}") for _ in range(2)]
    for case in (running_, stopped):
        await desk.approve(await desk.preview(case))
        await running.start(desk.store, desk.actor, case.id, desk.rules)
    await desk.stop(stopped)
    armed = await desk.open(f"from:mia@{ORG}")
    await desk.carry_out(armed)
    day = timedelta(hours=24)
    await desk.store.transact(arming.arm, desk.actor, armed.id, desk.rules, day)
