"""Cases at work on the mail of owners, on a store and on the model."""

from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from postwarden.model.actors import OPERATOR
from postwarden.model.cases import Action, CaseState, Outcome
from postwarden.model.errors import Refused, Unavailable
from postwarden.services import holds
from postwarden.services.audit import verification
from postwarden.services.cases import arming, closing, running, undoing
from postwarden.services.cases.undoing import Whose
from postwarden.services.holds import NewHold
from postwarden.services.ports import SearchIndex, UnitOfWork
from tests.support.factories import message
from tests.unit.services import world
from tests.unit.services.cases import desk
from tests.unit.services.cases.actors import CAROL
from tests.unit.services.interleaving.keeping import Keeping
from tests.unit.services.interleaving.model import Holding, size
from tests.unit.services.interleaving.plans import ACTED, WANTED, Books, Desk, Plan
from tests.unit.services.world import at

QUERY = f"similar:{message(f'm{WANTED}').sha256.hex()}"
ACTIONS = (
    *(Action.CONTAIN, Action.MOVE_JUNK, Action.DELETE),
    *(Action.CONTAIN, Action.SHRED, Action.RESTORE),
)
ARMABLE = (Action.CONTAIN, Action.MOVE_JUNK)
CASES = 2  # open at a time


@dataclass
class Casework(Keeping):
    """Two cases over the same mail, while owners and administrators go on."""

    index: SearchIndex = field(kw_only=True)
    books: Books = field(init=False)
    open: list[Desk] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.books = Books(self.model)
        self.desk = desk.Desk(store=self.store, index=self.index)

    async def begin(self) -> None:
        await super().begin()
        for owner in range(2):
            await self.append(owner, -owner)  # the message wanted, one each
        for _ in range(CASES):
            self.open.append(await self._open())

    async def _open(self) -> Desk:
        made = Desk((await self.desk.open(QUERY)).id)
        self.books.cases.append(made)
        return made

    def case(self, number: int) -> Desk:
        return self.open[number % CASES]

    async def deliver(self, one: int, _: int) -> None:
        owners = self.model.present
        owner = owners[one % len(owners)]
        new = message(f"m{WANTED}", size=size(WANTED))
        done = await world.deliver(self.store, new, at(owner.name))
        assert done is not None
        number = await self.store.read(_last_copy)
        copy = self.model.file(number, owner, "INBOX", WANTED)
        self.books.arrived(copy, self.clock.now)

    async def plan(self, one: int, two: int) -> None:
        case, action = self.case(one), ACTIONS[two % len(ACTIONS)]
        busy = {CaseState.RUNNING, CaseState.UNDOING, CaseState.CLOSED}
        known = await self.store.read(lambda uow: uow.cases.get(case.id))
        if case.state in busy:
            await _refused(self.desk.preview(known, action=action))
            return
        found = self.books.found(action)
        plan = await self.desk.preview(known, action=action)
        assert plan.copies == len(found)
        await self.desk.as_(CAROL).approve(plan)
        rules = self.desk.rules
        await running.start(self.store, OPERATOR, case.id, rules)
        case.newest = Plan(action, found, self.clock.now + rules.approval)
        self.books.add(case, case.newest)
        case.state = CaseState.RUNNING

    async def step(self, one: int, _: int) -> None:
        await self._run(self.case(one), 1)

    async def finish(self, one: int, _: int) -> None:
        await self._run(self.case(one), 1000)

    async def _run(self, case: Desk, limit: int) -> None:
        if case.newest is None:
            return
        shreds = case.newest.action is Action.SHRED
        runs = case.state is CaseState.RUNNING
        chunk = self.store.transact(running.run_chunk, case.id, limit=limit)
        if runs and shreds and self.model.is_placing:
            with pytest.raises(Unavailable):
                await chunk
            return
        await chunk
        if runs:
            self.books.run(case, limit, self.clock.now)

    async def stop(self, one: int, _: int) -> None:
        case = self.case(one)
        stopped = {
            CaseState.RUNNING: CaseState.STOPPED,
            CaseState.STOPPED: CaseState.STOPPED,
            CaseState.UNDOING: CaseState.DONE,
        }
        work = self.store.transact(running.stop, OPERATOR, case.id)
        if case.state not in stopped:
            return await _refused(work)
        await work
        case.state = stopped[case.state]
        return None

    async def resume(self, one: int, _: int) -> None:
        case = self.case(one)
        work = running.resume(self.store, OPERATOR, case.id, self.desk.rules)
        until = None if case.newest is None else case.newest.approved_until
        stopped = case.state is CaseState.STOPPED
        approved = until is not None and self.clock.now < until
        if case.state is not CaseState.RUNNING and not (stopped and approved):
            return await _refused(work)
        await work
        case.state = CaseState.RUNNING
        return None

    async def undo(self, one: int, _: int) -> None:
        case = self.case(one)
        work = self.store.transact(undoing.start, OPERATOR, case.id, [])
        if case.state in {CaseState.UNDONE, CaseState.UNDOING}:
            await work
        elif not self.books.may_undo(case):
            await _refused(work)
        else:
            await work
            self.books.begin_undo(case)

    async def undo_step(self, one: int, two: int) -> None:
        case, limit = self.case(one), (1, 1000)[two % 2]
        await self.store.transact(undoing.undo_chunk, case.id, Whose(), limit=limit)
        if case.state is CaseState.UNDOING:
            self.books.undo(case, limit, self.clock.now)

    async def undo_all(self, one: int, two: int) -> None:
        await self.undo(one, two)
        while self.case(one).state is CaseState.UNDOING:
            await self.undo_step(one, two)

    async def close(self, one: int, _: int) -> None:
        """Close a case, and open another in its place."""
        case = self.case(one)
        work = self.store.transact(closing.close, OPERATOR, case.id)
        if case.state in {CaseState.RUNNING, CaseState.UNDOING}:
            return await _refused(work)
        await work
        after: closing.Position | None = closing.Position()
        while after is not None:
            after = await self.store.transact(
                closing.close_chunk, case.id, after, limit=2
            )
        self.books.close(case, self.clock.now)
        self.open[one % CASES] = await self._open()
        return None

    async def arm(self, one: int, two: int) -> None:
        case, lasts = self.case(one), timedelta(hours=(1, 48)[two % 2])
        work = self.store.transact(
            arming.arm, OPERATOR, case.id, self.desk.rules, lasts
        )
        newest = case.newest
        states = {CaseState.RUNNING, CaseState.DONE}
        if newest is None or case.state not in states or newest.action not in ARMABLE:
            return await _refused(work)
        if not newest.of(*ACTED):
            return await _refused(work)
        await work
        until = self.clock.now + lasts
        self.books.add(case, Plan(newest.action, [], until=until))
        return None

    async def disarm(self, one: int, _: int) -> None:
        case = self.case(one)
        await self.store.transact(arming.disarm, OPERATOR, case.id)
        case.disarm()

    async def hold_case(self, one: int, _: int) -> None:
        """Hold what a case is about, now and when it arrives."""
        new = NewHold(case=self.case(one).id, reason="a claim")
        made, _task = await self.store.transact(holds.create, OPERATOR, new)
        self.model.holds[made.id] = Holding(made.id, 1, "", WANTED, set())
        if one % 2:
            await self.place()

    def check_swept(self, emptied: set[int], left: set[int]) -> None:
        """Cases keep content; what one kept once is looked at again a day later."""
        assert not left - {WANTED}
        needed = any(case.needs_content() for case in self.books.cases)
        assert not (needed and WANTED in emptied)

    async def check(self) -> None:
        await super().check()
        for case in self.books.cases:
            state, outcomes = await self.store.read(_judged, case.id)
            assert state is case.state
            assert outcomes == case.outcomes

    async def end(self) -> None:
        """Whatever was done, the audit log is whole."""
        verdict = await verification.verify(self.store, OPERATOR)
        assert verdict.problem is None


async def _refused(work: Awaitable[object]) -> None:
    with pytest.raises(Refused):
        await work


def _judged(uow: UnitOfWork, case: int) -> tuple[CaseState, list[Counter[Outcome]]]:
    plans = uow.cases.plans_of(case)
    return (
        uow.cases.get(case).state,
        [Counter(uow.cases.outcomes(plan.id)) for plan in plans],
    )


def _last_copy(uow: UnitOfWork) -> int:
    return max(each.id for each in uow.copies.facts(range(1, 200)))
