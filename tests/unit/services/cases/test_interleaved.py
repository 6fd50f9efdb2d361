"""Owners and two cases at work on the same mail, in any order, against a simple model.

The model knows where each copy lies and which case took it. After every act the store
must say the same, its counters must add up, and at the end both undos and the owners'
own acts must have left what the model says.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postwarden.model.cases import Action, Case, CaseState
from postwarden.model.mailboxes import Copy, CopyState, Flag
from postwarden.model.queries import parse
from postwarden.services import placement
from postwarden.services.cases import running, undoing
from postwarden.services.cases.undoing import Whose
from postwarden.services.ports import UnitOfWork
from tests.e2e import mails
from tests.support.factories import NOW, Clock
from tests.support.stores import make_sqlite, opened
from tests.unit.services import world
from tests.unit.services.cases.desk import ADA, BOB, Desk

PHISH = mails.mail("phish", subject="Your invoice")
QUERY = f"similar:{sha256(PHISH).hexdigest()}"
LIVE, CONTAINED, VAULTED = CopyState.LIVE, CopyState.CONTAINED, CopyState.VAULTED
HIDES = {Action.CONTAIN: CONTAINED, Action.DELETE: VAULTED}
JUNK = "Junk"

numbers = st.integers(0, 2)
cases = st.integers(0, 1)
acts = st.one_of(
    st.tuples(st.just("deliver"), st.sampled_from([ADA, BOB])),
    st.tuples(st.just("move"), numbers, st.sampled_from(["INBOX", "Old", JUNK])),
    st.tuples(st.just("flag"), numbers, st.sampled_from([Flag(0), Flag.SEEN])),
    st.tuples(st.just("expunge"), numbers),
    st.tuples(
        st.just("plan"),
        cases,
        st.sampled_from([Action.CONTAIN, Action.DELETE, Action.MOVE_JUNK]),
    ),
    st.tuples(st.just("step"), cases),
    st.tuples(st.just("finish"), cases),
    st.tuples(st.just("stop"), cases),
    st.tuples(st.just("undo"), cases),
    st.tuples(st.just("undo_step"), cases),
    st.tuples(st.just("undo_all"), cases),
)
meanwhile = st.lists(acts, min_size=1, max_size=4)


@st.composite
def days(draw: st.DrawFn) -> list[tuple[object, ...]]:
    """Cases from plan to undo, with whatever others do in between."""
    day: list[tuple[object, ...]] = []
    for _ in range(draw(st.integers(1, 3))):
        case = draw(cases)
        action = draw(st.sampled_from([*HIDES, Action.MOVE_JUNK]))
        work = draw(st.sampled_from(["step", "finish"]))
        end = draw(st.sampled_from(["undo", "undo_all"]))
        for act in (("plan", case, action), (work, case), (end, case)):
            day += [*draw(meanwhile), act]
    return day


@dataclass
class Lies:
    """Where a copy lies, and how."""

    mailbox: str
    flags: Flag
    state: CopyState = LIVE


@dataclass
class Plan:
    """A plan: copies to take, and what was taken from where, newest case last."""

    action: Action
    pending: list[int]
    taken: dict[int, str] = field(default_factory=dict)


@dataclass
class Model:
    """All that is believed to be true."""

    copies: dict[int, Lies] = field(default_factory=dict)
    plans: dict[int, list[Plan]] = field(default_factory=lambda: {0: [], 1: []})
    states: dict[int, CaseState] = field(
        default_factory=lambda: {0: CaseState.OPEN, 1: CaseState.OPEN}
    )
    order: list[Plan] = field(default_factory=list)  # as the store numbers them

    def claimed_by(self, copy: int) -> Plan | None:
        return next((p for p in reversed(self.order) if copy in p.taken), None)

    def step(self, case: int, limit: int) -> None:
        if self.states[case] is not CaseState.RUNNING:
            return
        plan = self.plans[case][-1]
        chunk, plan.pending = plan.pending[:limit], plan.pending[limit:]
        for copy in chunk:
            lies = self.copies[copy]
            if lies.state is LIVE:
                plan.taken[copy] = lies.mailbox
                if plan.action in HIDES:
                    lies.state = HIDES[plan.action]
                else:
                    lies.mailbox = JUNK
        if not plan.pending:
            self.states[case] = CaseState.DONE

    def undo_step(self, case: int, limit: int, failed: set[tuple[int, int]]) -> None:
        if self.states[case] is not CaseState.UNDOING:
            return
        for plan in reversed(self.plans[case]):
            wanted = [c for c in sorted(plan.taken) if (id(plan), c) not in failed]
            if not wanted:
                continue
            claims = {copy: self.claimed_by(copy) for copy in wanted[:limit]}
            for copy, owner in claims.items():
                lies, home = self.copies[copy], plan.taken[copy]
                if lies.state is not LIVE and owner is not plan:
                    failed.add((id(plan), copy))
                    continue
                del plan.taken[copy]
                if lies.state is not LIVE:
                    lies.state, lies.mailbox = LIVE, home
                elif plan.action is Action.MOVE_JUNK and lies.mailbox == JUNK:
                    lies.mailbox = home
            return
        left = any(plan.taken for plan in self.plans[case])
        self.states[case] = CaseState.DONE if left else CaseState.UNDONE


@dataclass
class World:
    """The store and the model, side by side."""

    desk: Desk
    cases: list[Case]
    model: Model = field(default_factory=Model)
    failed: set[tuple[int, int]] = field(default_factory=set)

    async def act(self, name: str, *words: object) -> None:
        await getattr(self, name)(*words)
        await self.check()

    async def deliver(self, to: object) -> None:
        await self.desk.receive(PHISH, to)  # type: ignore[arg-type]  # drawn
        for number in await self.desk.store.read(_everything):
            self.model.copies.setdefault(number, Lies("INBOX", Flag(0)))

    def _live(self, number: int) -> int | None:
        live = [c for c, lies in self.model.copies.items() if lies.state is LIVE]
        return live[number] if number < len(live) else None

    async def move(self, number: int, mailbox: str) -> None:
        if (copy := self._live(number)) is not None:
            await self._with(copy, lambda uow, c: placement.move(uow, [(c, mailbox)]))
            self.model.copies[copy].mailbox = mailbox

    async def flag(self, number: int, flags: Flag) -> None:
        if (copy := self._live(number)) is not None:
            await self._with(copy, lambda uow, c: placement.flag(uow, [(c, flags, ())]))
            self.model.copies[copy].flags = flags

    async def expunge(self, number: int) -> None:
        if (copy := self._live(number)) is not None:
            await self._with(copy, lambda uow, c: placement.withdraw(uow, [c], VAULTED))
            self.model.copies[copy].state = VAULTED

    async def _with(
        self, number: int, change: Callable[[UnitOfWork, Copy], object]
    ) -> None:
        await self.desk.store.transact(
            lambda uow: change(uow, uow.copies.many([number])[number])
        )

    async def plan(self, case: int, action: Action) -> None:
        if self.model.states[case] in {CaseState.RUNNING, CaseState.UNDOING}:
            return
        await self.desk.approve(
            await self.desk.preview(self.cases[case], action=action)
        )
        await running.start(
            self.desk.store, self.desk.actor, self.cases[case].id, self.desk.rules
        )
        live = [c for c, lies in self.model.copies.items() if lies.state is LIVE]
        plan = Plan(action, sorted(live))
        self.model.plans[case].append(plan)
        self.model.order.append(plan)
        self.model.states[case] = CaseState.RUNNING

    async def step(self, case: int) -> None:
        if not self.model.plans[case]:
            return
        number = self.cases[case].id
        await self.desk.store.transact(running.run_chunk, number, limit=1)
        self.model.step(case, 1)

    async def finish(self, case: int) -> None:
        if not self.model.plans[case]:
            return
        await self.desk.store.transact(running.run_chunk, self.cases[case].id)
        self.model.step(case, 1000)

    async def stop(self, case: int) -> None:
        stopped = {
            CaseState.RUNNING: CaseState.STOPPED,
            CaseState.UNDOING: CaseState.DONE,
        }
        if self.model.states[case] in stopped:
            await self.desk.stop(self.cases[case])
            self.model.states[case] = stopped[self.model.states[case]]

    async def undo(self, case: int) -> None:
        number, states = self.cases[case].id, self.model.states
        if not any(plan.taken for plan in self.model.plans[case]):
            return
        if states[case] in {CaseState.RUNNING, CaseState.UNDOING, CaseState.UNDONE}:
            return
        await self.desk.store.transact(undoing.start, self.desk.actor, number, [])
        states[case] = CaseState.UNDOING
        mine = {id(plan) for plan in self.model.plans[case]}
        self.failed = {each for each in self.failed if each[0] not in mine}

    async def undo_step(self, case: int) -> None:
        number = self.cases[case].id
        await self.desk.store.transact(undoing.undo_chunk, number, Whose(), limit=1)
        self.model.undo_step(case, 1, self.failed)

    async def undo_all(self, case: int) -> None:
        await self.undo(case)
        while self.model.states[case] is CaseState.UNDOING:
            await self.undo_step(case)

    async def check(self) -> None:
        stored = await self.desk.store.read(_stored)
        assert stored == {
            number: (lies.state, lies.flags, lies.mailbox)
            for number, lies in self.model.copies.items()
        }
        for case, state in self.model.states.items():
            status = await self.desk.status(self.cases[case])
            assert status.case.state is state
        await self.desk.store.read(_check_counters)


def _everything(uow: UnitOfWork) -> Sequence[int]:
    return uow.copies.search(parse("all", now=NOW), states=tuple(CopyState), similar={})


def _stored(uow: UnitOfWork) -> dict[int, tuple[CopyState, Flag, str]]:
    return {
        each.id: (each.state, each.flags, each.mailbox)
        for each in uow.copies.facts(_everything(uow))
    }


def _check_counters(uow: UnitOfWork) -> None:
    copies = uow.copies.many(_everything(uow)).values()
    live = [copy for copy in copies if copy.state is LIVE]
    messages = Counter(copy.mailbox for copy in live)
    unseen = Counter(copy.mailbox for copy in live if not copy.flags & Flag.SEEN)
    for account in uow.accounts.many(range(1, 4)).values():
        for box in uow.mailboxes.of_account(account.id):
            assert (box.messages, box.unseen) == (messages[box.id], unseen[box.id])
        own = [copy for copy in copies if copy.account == account.id]
        used = sum(copy.state is LIVE for copy in own)
        assert (account.used_messages, account.vault_messages) == (
            used,
            len(own) - used,
        )
    uids = [(copy.mailbox, copy.uid) for copy in live]
    assert len(set(uids)) == len(uids)


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sqlite(tmp_path_factory.mktemp("interleaved"))


async def play(adapter: str, empty: Path, todo: Sequence[tuple[object, ...]]) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory())) / "store"
        made = stack.enter_context(opened(adapter, folder, Clock(), empty))
        desk = Desk(store=made.store, index=made.index)
        await desk.store.transact(world.people)
        await desk.receive(PHISH, ADA, BOB)
        opened_cases = [await desk.open(QUERY) for _ in range(2)]
        office = World(desk, opened_cases)
        for number in await desk.store.read(_everything):
            office.model.copies[number] = Lies("INBOX", Flag(0))
        for name, *words in todo:
            await office.act(str(name), *words)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days())
def test_cases_and_owners_in_any_order_leave_what_the_model_says(
    empty_store: Path, todo: list[tuple[object, ...]]
) -> None:
    asyncio.run(play("memory", empty_store, todo))


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days())
def test_the_same_on_sqlite(empty_store: Path, todo: list[tuple[object, ...]]) -> None:
    asyncio.run(play("sqlite", empty_store, todo))
