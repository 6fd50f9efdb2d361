"""Whoever works on a case dies at any moment; the case ends as if nobody had died.

At each call of a repository, which its transaction then takes back, and behind each
commit, which nobody then hears of.
"""

from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from postwarden.model.cases import Action, Case, CaseState
from postwarden.model.mailboxes import CopyState
from postwarden.model.queries import parse
from postwarden.services.ports import UnitOfWork
from tests.e2e import mails
from tests.support.factories import NOW, Clock
from tests.support.stores import opened
from tests.unit.services import world
from tests.unit.services.cases.actors import CAROL
from tests.unit.services.cases.desk import ADA, BOB, EVE, Desk
from tests.unit.services.cases.killing import Deadline, Killed, MortalStore

PHISH = mails.mail("phish", subject="Your invoice")
QUERY = f"similar:{sha256(PHISH).hexdigest()}"
Act = Callable[[Desk, Case], Awaitable[object]]


async def run(action: Action, desk: Desk, case: Case) -> None:
    plan = (await desk.status(case)).plan
    if plan is None or plan.sha256 is None or plan.action is not action:
        plan = await desk.preview(case, action=action)
    if (await desk.status(case)).case.state is CaseState.PREVIEWED:
        await desk.as_(CAROL).approve(plan)
    await desk.run(case)


def doing(action: Action) -> Act:
    async def act(desk: Desk, case: Case) -> None:
        await run(action, desk, case)

    return act


async def undo(desk: Desk, case: Case) -> None:
    await desk.undo(case)


async def close(desk: Desk, case: Case) -> None:
    await desk.close(case)


ACTS: dict[str, tuple[Action | None, Act]] = {
    **{action.value: (None, doing(action)) for action in Action},
    "undo": (Action.CONTAIN, undo),
    "undo move-trash": (Action.MOVE_TRASH, undo),
    "undo restore": (Action.RESTORE, undo),
    "close": (Action.CONTAIN, close),
}


@dataclass
class Office:
    """A desk whose process can die, with a case over three copies of a mail."""

    desk: Desk
    clock: Clock
    call: Deadline
    commit: Deadline
    case: Case

    @classmethod
    async def make(cls, desk: Desk, clock: Clock, first: Action | None) -> "Office":
        call, commit = Deadline(), Deadline()
        store = MortalStore(desk.store, call, commit)
        desk = replace(desk, store=store, batch=2)
        await store.transact(world.people)
        await desk.receive(PHISH, ADA, BOB, EVE)
        if first is Action.RESTORE or first is None:
            other = await desk.open(f"{QUERY} account:{ADA}")
            await run(Action.DELETE, desk, other)
        case = await desk.open(QUERY)
        if first is not None:
            await run(first, desk, case)
        return cls(desk, clock, call, commit, case)

    async def survive(self, act: Act) -> int:
        """Do it although somebody dies; return how often that was."""
        deaths = 0
        while True:
            try:
                await act(self.desk, self.case)
            except Killed:
                deaths += 1
                self.clock.forward(minutes=1)  # the lease of the dead ends
                continue
            return deaths

    async def seen(self) -> tuple[object, ...]:
        """Return all that must be as if nobody had died."""
        lying = [await self.desk.lying(state) for state in CopyState]
        status = await self.desk.status(self.case)
        return (lying, status.case.state, status.outcomes, await self._told())

    async def _told(self) -> tuple[Counter[Any], Counter[Any], Counter[Any]]:
        def look(uow: UnitOfWork) -> tuple[Counter[Any], Counter[Any], Counter[Any]]:
            events = uow.ledger.rows(
                uow.ledger.search(parse("all", now=NOW), similar={})
            )
            accounts = uow.accounts.many(range(1, 4)).values()
            return (
                Counter((row.event, row.account, row.mailbox) for row in events),
                Counter(
                    (a.used_messages, a.vault_messages, str(a.address))
                    for a in accounts
                ),
                Counter(
                    (box.name, box.messages, box.unseen, box.octets)
                    for a in accounts
                    for box in uow.mailboxes.of_account(a.id)
                ),
            )

        return await self.desk.store.read(look)


@pytest.mark.parametrize(
    ("name", "moment"),
    [
        *((name, "commit") for name in ACTS),
        *((name, "call") for name in ("contain", "shred", "undo", "close")),
    ],
)
async def test_a_case_ends_as_if_nobody_had_died(
    name: str, moment: str, tmp_path: Path
) -> None:
    first, act = ACTS[name]
    with ExitStack() as stack:

        async def office() -> Office:
            clock = Clock()
            made = stack.enter_context(opened("memory", tmp_path, clock, tmp_path))
            desk = Desk(store=made.store, index=made.index)
            return await Office.make(desk, clock, first)

        undisturbed = await office()
        assert not await undisturbed.survive(act)
        wanted = await undisturbed.seen()
        for step in range(1000):
            disturbed = await office()
            deadline: Deadline = getattr(disturbed, moment)
            deadline.left = step
            if not await disturbed.survive(act):
                break
            deadline.left = None
            assert await disturbed.seen() == wanted, f"died at {moment} {step}"
        assert step > 3
