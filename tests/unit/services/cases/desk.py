"""A help desk on a store: mail comes in, cases are worked, the outcome is looked at."""

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from postwarden.adapters.memory.content import MemoryBlobs
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.addresses import Address
from postwarden.model.cases import Case, MatchClass, Outcome, Plan, PlanItem
from postwarden.model.mailboxes import CopyState
from postwarden.model.queries import Query, parse
from postwarden.model.queries.terms import All
from postwarden.model.systems import System
from postwarden.model.tasks import Task, TaskState
from postwarden.services.cases import (
    approving,
    closing,
    opening,
    previewing,
    reading,
    running,
    undoing,
    verifying,
)
from postwarden.services.cases.elsewhere.copies import Outside
from postwarden.services.cases.previewing import Wanted
from postwarden.services.cases.rules import CaseRules
from postwarden.services.ingest import new_message
from postwarden.services.ports import (
    CopyFacts,
    MailSystem,
    SearchIndex,
    Store,
    UnitOfWork,
)
from postwarden.worker.context import WorkerContext
from postwarden.worker.runner import run_task
from tests.support.factories import NOW
from tests.unit.services import world
from tests.unit.services.world import at

ADA, BOB, EVE = at("ada"), at("bob"), at("eve")
Lying = Counter[tuple[str, str, str]]
"""How many copies: account, mailbox, subject."""


@dataclass(kw_only=True)
class Desk:
    """Who works here, and on what; `batch` copies are acted on at a time."""

    store: Store
    index: SearchIndex
    actor: Actor = OPERATOR
    rules: CaseRules = field(default_factory=CaseRules)
    batch: int = 500
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    systems: dict[str, MailSystem] = field(default_factory=dict)
    _traces: Iterable[int] = field(default_factory=itertools.count)

    async def receive(self, content: bytes, *recipients: Address) -> bytes:
        """Take a mail in; return its SHA-256."""
        sha256 = await self.blobs.put(content)
        await world.deliver(
            self.store,
            new_message(sha256, content),
            *recipients,
            trace_id=f"trace{next(iter(self._traces))}",
        )
        return sha256

    async def open(self, query: str) -> Case:
        return await self.store.transact(
            opening.open_case,
            self.actor,
            parse(query, now=NOW),
            reason="phishing",
            ticket=None,
        )

    def as_(self, actor: Actor) -> "Desk":
        """Return the desk with somebody else at it."""
        return replace(self, actor=actor)

    async def preview(self, case: Case, *include: MatchClass, **wanted: Any) -> Plan:
        return await previewing.preview(
            self.store,
            self.actor,
            case.id,
            self.rules,
            Wanted(include=frozenset(include), **wanted),
            outside=self.outside,
        )

    @property
    def outside(self) -> Outside:
        return Outside(self.connect, self.blobs)

    def connect(self, system: System) -> MailSystem:
        return self.systems[system.name]

    async def approve(self, plan: Plan, *, break_glass: str | None = None) -> Case:
        assert plan.sha256 is not None
        return await self.store.transact(
            approving.approve,
            self.actor,
            plan.case,
            plan.sha256,
            self.rules,
            break_glass=break_glass,
        )

    async def run(self, case: Case) -> dict[Outcome, int]:
        task = await running.start(self.store, self.actor, case.id, self.rules)
        await self.work(task)
        telling = await self.store.read(reading.notifying_task, self.actor, case.id)
        await self.work(telling)
        return (await self.status(case)).outcomes

    async def status(self, case: Case) -> reading.Status:
        return await self.store.read(reading.status, self.actor, case.id, self.rules)

    async def stop(self, case: Case) -> Case:
        return await self.store.transact(running.stop, self.actor, case.id)

    async def resume(self, case: Case) -> dict[Outcome, int]:
        await self.work(
            await running.resume(self.store, self.actor, case.id, self.rules)
        )
        return (await self.status(case)).outcomes

    async def edit(self, case: Case, query: str) -> Case:
        parsed = parse(query, now=NOW)
        return await self.store.transact(opening.edit, self.actor, case.id, parsed)

    async def close(self, case: Case) -> Case:
        closed, task = await self.store.transact(closing.close, self.actor, case.id)
        await self.work(task)
        return closed

    async def undo(
        self, case: Case, *accounts: Address, to: Address | None = None
    ) -> reading.UndoStatus:
        task = await self.store.transact(
            undoing.start, self.actor, case.id, accounts, to
        )
        await self.work(task)
        return await self.store.read(reading.undone, self.actor, case.id)

    async def work(self, task: Task | None) -> None:
        if task is not None:
            context = WorkerContext(
                store=self.store,
                blobs=self.blobs,
                index=self.index,
                connect=self.connect,
                case_batch=self.batch,
                poll_seconds=0.01,
            )
            ended = await run_task(context, task.id)
            assert ended.state is TaskState.COMPLETED, ended.error

    async def carry_out(
        self, case: Case, *include: MatchClass, **wanted: Any
    ) -> dict[Outcome, int]:
        """Preview, approve and run."""
        await self.approve(await self.preview(case, *include, **wanted))
        return await self.run(case)

    async def residual(self, case: Case) -> Lying:
        left = await self.store.read(verifying.verify, self.actor, case.id)
        return _lying(await self.store.read(verifying.residual_facts, left.copies))

    async def items(self, plan: Plan) -> list[PlanItem]:
        return [
            item
            async for page in reading.items(self.store, self.actor, plan.case, plan.id)
            for item in page
        ]

    async def lying(self, state: CopyState = CopyState.LIVE) -> Lying:
        """Return which mails lie where, in a state."""
        return _lying(await self.store.read(_all, state))


def _all(uow: UnitOfWork, state: CopyState) -> list[CopyFacts]:
    return uow.copies.facts(uow.copies.search(Query(All()), states=[state], similar={}))


def _lying(facts: Iterable[CopyFacts]) -> Lying:
    return Counter((each.address, each.mailbox, each.subject) for each in facts)
