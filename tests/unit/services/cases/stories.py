"""Stories of a case, step by step, each told by people who insist."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from postwarden.adapters.memory.content import MemoryBlobs
from postwarden.adapters.memory.signing import MemorySigner
from postwarden.model.actors import OPERATOR
from postwarden.model.cases import Action, Case, OwnerNotice, Plan
from postwarden.model.errors import Unavailable
from postwarden.model.mailboxes import CopyState
from postwarden.model.queries import parse
from postwarden.model.tasks import Task
from postwarden.services import holds, vault, vault_restoring
from postwarden.services.audit import verification
from postwarden.services.cases import (
    arming,
    closing,
    evidence,
    reading,
    running,
    undoing,
    verifying,
)
from postwarden.services.holds import NewHold
from postwarden.services.ports import UnitOfWork
from postwarden.services.vault_restoring import Wanted
from postwarden.worker.context import WorkerContext
from postwarden.worker.runner import run_task
from tests.e2e import mails
from tests.support.factories import NOW, Clock
from tests.support.stores import opened
from tests.unit.services import world
from tests.unit.services.cases.actors import CAROL
from tests.unit.services.cases.desk import ADA, BOB, EVE, Desk
from tests.unit.services.cases.faults import Faults, FaultyPort, FaultyStore

PHISH = mails.mail("phish", subject="Your invoice")
OTHER = mails.mail("other", subject="Minutes")
QUERY = f"similar:{sha256(PHISH).hexdigest()}"
MOST = 100_000  # calls of a story


@dataclass
class Sink:
    """See `services.cases.evidence.EvidenceSink`."""

    signer: MemorySigner = field(default_factory=MemorySigner)
    names: list[str] = field(default_factory=list)

    async def add(self, name: str, content: bytes) -> None:
        self.names.append(name)

    async def stream(self, name: str, content: AsyncIterator[bytes]) -> None:
        self.names.append(name)
        async for _ in content:
            pass

    async def finish(self) -> bytes:
        return b"manifest"


@dataclass
class Office:
    """A desk whose ports fail, and what its people have in hand."""

    desk: Desk
    faults: Faults
    clock: Clock
    sink: Sink = field(default_factory=Sink)
    case: Case | None = None
    plan: Plan | None = None
    task: Task | None = None
    hold: int = 0

    @property
    def number(self) -> int:
        assert self.case is not None
        return self.case.id

    async def work(self) -> None:
        """Let a worker do the task in hand, if there is one."""
        if self.task is None:
            return
        context = WorkerContext(
            store=self.desk.store,
            blobs=self.desk.blobs,
            index=self.desk.index,
            case_batch=2,
            poll_seconds=0,
        )
        ended = await run_task(context, self.task.id)
        assert ended.error is None

    async def insist(self, step: "Step") -> None:
        """Give a command until it is heard."""
        while True:
            try:
                return await step(self)
            except Unavailable:
                assert self.faults.struck == 1

    async def seen(self) -> tuple[object, ...]:
        lying = [await self.desk.lying(state) for state in CopyState]
        told = await self.desk.store.read(_told)
        verdict = await verification.verify(self.desk.store, OPERATOR)
        assert verdict.problem is None
        return (lying, told, sorted(set(self.sink.names)))


def _told(uow: UnitOfWork) -> tuple[object, ...]:
    events = uow.ledger.rows(uow.ledger.search(parse("all", now=NOW), similar={}))
    accounts = uow.accounts.many(range(1, 4)).values()
    case = uow.cases.get(1)
    tasks = uow.tasks.page(before=MOST, limit=999)
    copies = uow.copies.search(
        parse("all", now=NOW), states=tuple(CopyState), similar={}
    )
    return (
        Counter((row.event, row.account, row.mailbox) for row in events),
        [(a.used_messages, a.vault_messages, a.used_octets) for a in accounts],
        [
            (box.account, box.name, box.messages, box.unseen, box.octets)
            for a in accounts
            for box in uow.mailboxes.of_account(a.id)
        ],
        (case.state, case.plan and uow.cases.outcomes(case.plan)),
        Counter(
            (entry.action, _timeless(entry.after))
            for entry in uow.audit.page(limit=1000)
            if entry.action != "case.export"  # who asks again has asked twice
        ),
        Counter(len(held) for held in uow.holds.of(copies).values()),
        Counter((task.name, task.state) for task in tasks),
    )


def _timeless(facts: Mapping[str, Any] | None) -> str:
    return str(
        {n: v for n, v in (facts or {}).items() if n not in {"expires", "until"}}
    )


Step = Callable[[Office], Awaitable[None]]


async def open_case(office: Office) -> None:
    office.case = await office.desk.open(QUERY)


def preview(action: Action, **wanted: Any) -> Step:
    async def step(office: Office) -> None:
        assert office.case is not None
        office.plan = await office.desk.preview(office.case, action=action, **wanted)

    return step


async def approve(office: Office) -> None:
    assert office.plan is not None
    await office.desk.as_(CAROL).approve(office.plan)


async def start(office: Office) -> None:
    desk = office.desk
    office.task = await running.start(desk.store, desk.actor, office.number, desk.rules)


async def run_one(office: Office) -> None:
    """Do the first chunk; a fault leaves nothing of it."""
    assert office.plan is not None
    number = office.plan.id
    status = await office.desk.store.read(lambda uow: uow.cases.outcomes(number))
    if len(status) == 1:
        await office.desk.store.transact(running.run_chunk, office.number, limit=1)


async def stop(office: Office) -> None:
    desk = office.desk
    await desk.store.transact(running.stop, desk.actor, office.number)


async def resume(office: Office) -> None:
    desk = office.desk
    office.task = await running.resume(
        desk.store, desk.actor, office.number, desk.rules
    )


async def work(office: Office) -> None:
    await office.work()


async def notify(office: Office) -> None:
    desk = office.desk
    office.task = await desk.store.read(
        reading.notifying_task, desk.actor, office.number
    )
    await office.work()


async def verify(office: Office) -> None:
    desk = office.desk
    left = await desk.store.read(verifying.verify, desk.actor, office.number)
    assert not left.copies


async def arm(office: Office) -> None:
    desk = office.desk
    await desk.store.transact(
        arming.arm, desk.actor, office.number, desk.rules, timedelta(hours=1)
    )


async def late(office: Office) -> None:
    await office.desk.receive(PHISH, BOB)


async def disarm(office: Office) -> None:
    desk = office.desk
    await desk.store.transact(arming.disarm, desk.actor, office.number)


async def export(office: Office) -> None:
    desk = office.desk
    await evidence.export(
        desk.store, desk.blobs, office.sink, desk.actor, office.number
    )


async def undo(office: Office) -> None:
    desk = office.desk
    office.task = await desk.store.transact(
        undoing.start, desk.actor, office.number, ()
    )


async def close(office: Office) -> None:
    desk = office.desk
    _, office.task = await desk.store.transact(closing.close, desk.actor, office.number)


async def hold(office: Office) -> None:
    new = NewHold(query=parse(f"account:{ADA}", now=NOW), reason="a claim")
    made, office.task = await office.desk.store.transact(
        holds.create, office.desk.actor, new
    )
    office.hold = made.id


async def release(office: Office) -> None:
    _, office.task = await office.desk.store.transact(
        holds.release, office.desk.actor, office.hold, reason="settled"
    )


async def restore(office: Office) -> None:
    wanted = Wanted(query=parse(QUERY, now=NOW))
    office.task = await office.desk.store.transact(
        vault_restoring.start, office.desk.actor, wanted
    )


async def expire(office: Office) -> None:
    office.clock.forward(days=400)
    office.task = await office.desk.store.transact(vault.expire, office.desk.actor)


TAKE = (open_case, preview(Action.CONTAIN, notice=OwnerNotice.STUB), approve, start)
STORIES: dict[str, tuple[Step, ...]] = {
    "contained and undone": (
        *(*TAKE, run_one, stop, resume, work, notify, verify, arm, late, disarm),
        *(export, undo, work),
    ),
    "deleted, closed, restored": (
        *(open_case, preview(Action.DELETE), approve, start, work, close, work),
        *(restore, work),
    ),
    "held, shredded, expired": (
        *(hold, work, open_case, preview(Action.SHRED), approve, start, work),
        *(release, work, preview(Action.SHRED), approve, start, work, expire, work),
    ),
}


@contextmanager
def offices(
    adapter: str, folder: Path, empty_sqlite: Path | None = None
) -> Iterator[Callable[[Faults], Awaitable[Office]]]:
    numbers = iter(range(MOST))
    with ExitStack() as stack:

        async def make(faults: Faults) -> Office:
            clock = Clock()
            place = folder / str(next(numbers))
            made = stack.enter_context(
                opened(adapter, place, clock, empty_sqlite or folder)
            )
            await made.store.transact(world.people)
            desk = Desk(store=made.store, index=made.index)
            await desk.receive(PHISH, ADA, BOB, EVE)
            await desk.receive(OTHER, ADA)
            store = FaultyStore(made.store, faults, clock)
            blobs = cast("MemoryBlobs", FaultyPort(desk.blobs, "blobs", faults))
            return Office(replace(desk, store=store, blobs=blobs), faults, clock)

        yield make


async def told(story: str, office: Office) -> tuple[object, ...]:
    for step in STORIES[story]:
        await office.insist(step)
    office.faults.left = None
    return await office.seen()
