"""Whatever goes wrong between us and another system, a case ends the same.

Its calls fail before they act, or behind it so that nobody hears the answer; whoever
works dies at a call, or behind a commit. The same command is given until it is done.
"""

import copy
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from postwarden.adapters.memory.mail_system import Lying, MemoryMailSystem
from postwarden.model.actors import OPERATOR
from postwarden.model.cases import Case, CaseState
from postwarden.model.errors import Unavailable
from postwarden.model.mailboxes import CopyState
from postwarden.model.queries import parse
from postwarden.services.audit import verification
from postwarden.services.ports import UnitOfWork
from tests.e2e import mails
from tests.support.factories import NOW, Clock
from tests.support.stores import opened
from tests.unit.services import world
from tests.unit.services.cases.desk import ADA, Desk
from tests.unit.services.cases.elsewhere.conftest import registered
from tests.unit.services.cases.killing import Deadline, Killed, MortalStore

PHISH = mails.mail("phish", subject="Your invoice")
QUERY = f"similar:{sha256(PHISH).hexdigest()}"


def unheard() -> Exception:
    return Unavailable("no answer in time")


@dataclass
class Fragile:
    """See `services.ports.MailSystem`; one call goes wrong, counted from now on."""

    system: MemoryMailSystem
    error: Callable[[], BaseException] = unheard
    before: int | None = None
    after: int | None = None

    def _strike(self, left: int | None) -> int | None:
        if left == 0:
            raise self.error()
        return None if left is None else left - 1

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.system, name)
        if name == "find":
            return self._finding(method)

        async def call(*args: Any, **kwargs: Any) -> Any:
            if name == "close":
                return await method()
            left, self.before = self.before, None
            self.before = self._strike(left)
            done = await method(*args, **kwargs)
            left, self.after = self.after, None
            self.after = self._strike(left)
            return done

        return call

    def _finding(self, find: Any) -> Any:
        async def found(wanted: Any) -> AsyncIterator[Any]:
            async for row in find(wanted):
                yield row

        return found


@dataclass
class Office:
    """A case over our own store and a fragile system, in the middle of its life."""

    desk: Desk
    clock: Clock
    system: Fragile
    commit: Deadline
    case: Case

    async def insist(self) -> int:
        """Run, then undo, however often it takes; return how much went wrong."""
        troubles = await self._until(CaseState.DONE, self._run)
        assert all(mail.aside for mail in self.system.system.mails)
        return troubles + await self._until(CaseState.UNDONE, self._undo)

    async def _until(self, state: CaseState, act: Callable[[], Any]) -> int:
        troubles = 0
        while (await self.desk.status(self.case)).case.state is not state:
            try:
                await act()
            except Killed:
                self.clock.forward(minutes=1)  # the lease of the dead ends
            troubles += 1
            assert troubles < 5
        return troubles - 1

    async def _run(self) -> None:
        if (await self.desk.status(self.case)).case.state is CaseState.STOPPED:
            await self.desk.resume(self.case)
        else:
            await self.desk.run(self.case)

    async def _undo(self) -> None:
        await self.desk.undo(self.case)

    async def seen(self) -> tuple[object, ...]:
        lying = [await self.desk.lying(state) for state in CopyState]
        status = await self.desk.status(self.case)
        verdict = await verification.verify(self.desk.store, OPERATOR)
        assert verdict.problem is None
        told = await self.desk.store.read(_told)
        return lying, status.outcomes, told, nameless(self.system.system)


def _told(uow: UnitOfWork) -> list[tuple[object, ...]]:
    events = uow.ledger.rows(uow.ledger.search(parse("all", now=NOW), similar={}))
    rows = [(str(r.event), str(r.forward_path), str(r.account)) for r in events]
    return sorted(rows)


def nameless(system: MemoryMailSystem) -> list[Lying]:
    mails = copy.deepcopy(system.mails)
    for mail in mails:
        mail.reference = ""
    return sorted(mails, key=lambda mail: mail.account)


async def office(stack: ExitStack, folder: Path) -> Office:
    clock, commit = Clock(), Deadline()
    made = stack.enter_context(opened("memory", folder, clock, folder))
    store = MortalStore(made.store, Deadline(), commit)
    desk = Desk(store=store, index=made.index)
    await store.transact(world.people)
    await desk.receive(PHISH, ADA)
    system = await registered(desk, "exchange")
    for name in "abc":
        system.add(f"{name}@corp.example", "Inbox", PHISH, "\\Seen").notes = name
    fragile = Fragile(system)
    desk.systems["exchange"] = fragile
    case = await desk.open(QUERY)
    await desk.approve(await desk.preview(case, systems=("all",)))
    return Office(replace(desk), clock, fragile, commit, case)


def killed() -> BaseException:
    return Killed()


@pytest.mark.parametrize("error", [unheard, killed])
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_case_ends_the_same_whatever_call_goes_wrong(
    error: Callable[[], BaseException], moment: str, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        undisturbed = await office(stack, tmp_path)
        assert not await undisturbed.insist()
        wanted = await undisturbed.seen()
        for step in range(100):
            disturbed = await office(stack, tmp_path)
            disturbed.system.error = error
            setattr(disturbed.system, moment, step)
            if not await disturbed.insist():
                break
            assert await disturbed.seen() == wanted, f"{moment} call {step}"
        assert step == 5  # three mails are read, contained, returned


async def test_a_case_ends_the_same_behind_whatever_commit_we_die(
    tmp_path: Path,
) -> None:
    with ExitStack() as stack:
        undisturbed = await office(stack, tmp_path)
        await undisturbed.insist()
        wanted = await undisturbed.seen()
        for step in range(100):
            disturbed = await office(stack, tmp_path)
            disturbed.commit.left = step
            if not await disturbed.insist():
                break
            assert await disturbed.seen() == wanted, f"died behind commit {step}"
        assert 6 < step < 99
