"""A store on which every example of our own API works, and its clients."""

import hashlib
import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from pyotp.totp import TOTP

from postwarden.adapters.evidence_archive import ZippedEvidence
from postwarden.adapters.memory.content import MemorySearchIndex
from postwarden.adapters.memory.signing import MemorySigner
from postwarden.adapters.memory.store import MemoryStore
from postwarden.dialects.native import app
from postwarden.dialects.native.house import House
from postwarden.dialects.native.operations import PREFIX, Operation
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.addresses import Address
from postwarden.model.directory import EntryKind
from postwarden.model.logins import Origin, RelyingParty, SessionRules
from postwarden.model.permissions import BUILTIN_ROLES, EVERYTHING, Permission
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
from postwarden.services.logins import links, passkeys
from postwarden.services.ports import UnitOfWork
from tests.support.api import Answered, Client
from tests.support.authenticator import Authenticator
from tests.support.factories import Clock
from tests.support.houses import Actors, PlainPasswords, PlainSealer, PlainWebhooks
from tests.unit.services.cases.actors import CAROL
from tests.unit.services.cases.desk import Desk

PARTY = RelyingParty(id="localhost", origin="http://localhost")
CAROL_HERSELF = Actor(
    name="carol",
    dialect="native",
    permissions=next(r for r in BUILTIN_ROLES if r.name == "investigator").permissions,
)
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
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
    ceremonies: dict[str, Any] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)

    @property
    def made(self) -> dict[str, Any]:
        """What stands in examples for what they cannot know."""
        return {
            **self.ceremonies,
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
        actors.add(CAROL_HERSELF)
        house = replace(self.house, store=store, index=index, authenticate=actors)
        return replace(
            self,
            house=house,
            desk=replace(self.desk, store=store),
            actors=actors,
            clients={},
        )

    def fresh_for(self, name: str) -> "Prepared":
        """Return another store with the same rows, which somebody here may ask."""
        fresh = self.fresh()
        fresh.actors.add(self.actors.known[name])
        return fresh

    async def example(
        self, operation: Operation, key: str = "", **changes: Any
    ) -> Answered:
        """Ask as the example of an operation does, but for what is in `changes`."""
        example = operation.example
        variables = {**example.variables, **changes.get("variables", {})}
        body = changes.get("body") or example.body
        variables = {k: self.made.get(each, each) for k, each in variables.items()}
        if body is not None:
            body = {k: self.made.get(str(each), each) for k, each in body.items()}
        return await self.client(key or example.asks or "operator")(
            operation.method,
            operation.path.format(**variables),
            query={**example.query, **changes.get("query", {})},
            body=body,
            content=example.file.encode() or None,
            headers={**_media_type(operation), **changes.get("headers", {})},
        )


def _media_type(operation: Operation) -> dict[str, str]:
    return {"content-type": operation.takes[0]} if operation.takes else {}


_ONCE: dict[str | None, Prepared] = {}


async def prepare_once(domain: str | None = None) -> Prepared:
    """Return the store that was prepared first, to be asked for fresh ones."""
    if domain not in _ONCE:
        _ONCE[domain] = await prepare(domain)
    return _ONCE[domain]


async def prepare(domain: str | None = None) -> Prepared:
    """Make the store: a small town, some mail, some cases and a hold.

    All but the town is of those who manage a `domain`, if one is named.
    """
    clock = Clock()
    store = MemoryStore(clock=clock)
    by = OPERATOR
    if domain is not None:
        by = Actor(name="ned", permissions=EVERYTHING, domains=frozenset({domain}))
    desk = Desk(store=store, index=MemorySearchIndex(store), actor=by)
    await store.transact(_town)
    for number, author in enumerate(("ada", "eve", "bob", "bob", "mia")):
        await desk.receive(_mail(author, number), ADA, BOB)
    await desk.receive(_mail("zoe", 5), ADA)  # and so never forwarded to Nell
    link = await store.transact(_staff, by)
    await store.transact(_hold, by)
    actors = Actors()
    actors.add(CAROL_HERSELF)
    house = House(
        store=store,
        party=PARTY,
        package=lambda: ZippedEvidence(MemorySigner()),
        scratch=MemoryStore,
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
    await store.transact(_webhook, by)
    prepared.ceremonies = await _ceremonies(store)
    prepared.failed = await store.transact(_fail, by)
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


def _hold(uow: UnitOfWork, by: Actor) -> None:
    hold, _ = holds.create(uow, by, NewHold(account=BOB, reason="dispute"))
    holds.placed(uow, hold.id)


def _webhook(uow: UnitOfWork, by: Actor) -> None:
    """Make a webhook with a delivery that has ended, and one that has not."""
    told = NoticeName.WEBHOOK_TEST
    secret = PlainSealer().seal(b"k" * 32, webhooks.SECRET)
    url = "https://example.org/hook"
    hook = webhooks.create(uow, by, url, events=[told], secret=secret)
    for _ in range(2):
        notice = notices.notice_of(uow, told, f"webhook {hook.id}", (), {})
        uow.outbox.add(notice, [hook.id])
    deliveries.cancel(uow, by, 1)


async def _ceremonies(store: MemoryStore) -> dict[str, Any]:
    """Give Carol a passkey, and begin what examples end."""
    held, new = Authenticator(PARTY.origin), Authenticator(PARTY.origin)
    first, second = [
        await store.transact(passkeys.invite_to_register, CAROL_HERSELF, PARTY)
        for _ in range(2)
    ]
    await passkeys.register(
        store,
        CAROL_HERSELF,
        PARTY,
        handle=first.handle,
        answer=held.register(first.options),
        name="laptop",
    )
    login = await store.transact(passkeys.invite, PARTY)
    secret = TOTP_SECRET
    return {
        "INVITED": second.handle,
        "REGISTERED": json.loads(new.register(second.options)),
        "CHALLENGED": login.handle,
        "SIGNED": json.loads(held.sign(login.options)),
        "SECRET": secret,
        "CODE": TOTP(secret).at(await store.read(lambda uow: uow.now)),
    }


def _fail(uow: UnitOfWork, by: Actor) -> str:
    domain = tasks.only(by.domains)
    task = tasks.submit(uow, by, delivery.EXPAND, "0", {}, domain=domain)
    until = uow.now + timedelta(minutes=1)
    uow.tasks.lease("w", names=[task.name], now=uow.now, until=until, task=task.id)
    uow.tasks.finish(task.id, "w", TaskState.FAILED, uow.now, error="no disk")
    return str(task.id)


def _staff(uow: UnitOfWork, by: Actor) -> str:
    roles.create(uow, OPERATOR, "helpdesk", permissions=[Permission.DIRECTORY_READ])
    carol = NewAdministrator(
        name="carol",
        role="investigator",
        domains=None if by.domains is None else sorted(by.domains),
        password_hash="hash of correct horse battery",
    )
    administrators.create(uow, OPERATOR, carol)
    for name, domain in (("ned", ORG), ("nell", NET)):
        new = NewAdministrator(name=name, role="global-admin", domains=[domain])
        administrators.create(uow, OPERATOR, new)
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
    carol = replace(CAROL, domains=desk.actor.domains)
    strict = replace(desk, actor=carol, rules=CaseRules(second_person=1))
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
