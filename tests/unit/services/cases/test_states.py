"""Every command in every state of a case: where it leads, or that it is refused."""

from collections.abc import Awaitable, Callable
from hashlib import sha256

import pytest

from postwarden.model.cases import Case, CaseState, Outcome
from postwarden.model.errors import Refused
from postwarden.services import steering
from postwarden.services.cases import running, undoing
from postwarden.services.cases.undoing import Whose
from tests.e2e import mails
from tests.unit.services.cases.desk import ADA, BOB, EVE, Desk

PHISH = mails.mail("phish", subject="Your invoice")
QUERY = f"similar:{sha256(PHISH).hexdigest()}"
S = CaseState


async def start(desk: Desk, case: Case) -> None:
    await running.start(desk.store, desk.actor, case.id, desk.rules)


async def in_state(desk: Desk, state: CaseState) -> Case:
    """Bring a case into a state, whatever works on it left in the middle."""
    await desk.receive(PHISH, ADA, BOB, EVE)
    case = await desk.open(QUERY)
    if state is S.OPEN:
        return case
    plan = await desk.preview(case)
    if state is S.PREVIEWED:
        return case
    await desk.approve(plan)
    if state in {S.RUNNING, S.STOPPED}:
        await start(desk, case)
        await desk.store.transact(running.run_chunk, case.id, limit=1)
        if state is S.STOPPED:
            await desk.stop(case)
    elif state is not S.APPROVED:
        await desk.run(case)
        if state is S.UNDOING:
            await begin_undo(desk, case)
        elif state is S.UNDONE:
            await desk.undo(case)
        elif state is S.CLOSED:
            await desk.close(case)
    return case


async def edit(desk: Desk, case: Case) -> None:
    await desk.edit(case, "subject:invoice")


async def preview(desk: Desk, case: Case) -> None:
    await desk.preview(case)


async def approve(desk: Desk, case: Case) -> None:
    plan = (await desk.status(case)).plan
    if plan is None:
        raise Refused("nothing to name")
    await desk.approve(plan)


async def stop(desk: Desk, case: Case) -> None:
    await desk.stop(case)


async def resume(desk: Desk, case: Case) -> None:
    await running.resume(desk.store, desk.actor, case.id, desk.rules)


async def begin_undo(desk: Desk, case: Case) -> None:
    await desk.store.transact(undoing.start, desk.actor, case.id, [])


async def close(desk: Desk, case: Case) -> None:
    await desk.close(case)


REFUSED = None
STATES = (
    *(S.OPEN, S.PREVIEWED, S.APPROVED, S.RUNNING, S.STOPPED, S.DONE, S.UNDOING),
    *(S.UNDONE, S.CLOSED),
)
# In the order of STATES: the state that the command leads to.
COMMANDS: dict[
    Callable[[Desk, Case], Awaitable[None]], tuple[CaseState | None, ...]
] = {
    edit: (S.OPEN, S.OPEN, S.OPEN, *[REFUSED] * 6),
    preview: (
        *(S.PREVIEWED, S.PREVIEWED, S.PREVIEWED, REFUSED, S.PREVIEWED, S.PREVIEWED),
        *(REFUSED, S.PREVIEWED, REFUSED),
    ),
    approve: (REFUSED, S.APPROVED, S.APPROVED, REFUSED, S.STOPPED, *[REFUSED] * 4),
    start: (
        *(REFUSED, REFUSED, S.RUNNING, S.RUNNING, REFUSED, S.DONE),
        *(REFUSED, REFUSED, REFUSED),
    ),
    stop: (
        *(REFUSED, REFUSED, REFUSED, S.STOPPED, S.STOPPED, REFUSED),
        *(S.DONE, REFUSED, REFUSED),
    ),
    resume: (REFUSED, REFUSED, REFUSED, S.RUNNING, S.RUNNING, *[REFUSED] * 4),
    begin_undo: (
        *(REFUSED, REFUSED, REFUSED, REFUSED, S.UNDOING, S.UNDOING),
        *(S.UNDOING, S.UNDONE, REFUSED),
    ),
    close: (
        *(S.CLOSED, S.CLOSED, S.CLOSED, REFUSED, S.CLOSED, S.CLOSED),
        *(REFUSED, S.CLOSED, S.CLOSED),
    ),
}


@pytest.mark.parametrize(
    ("command", "state", "leads_to"),
    [
        pytest.param(command, state, leads_to, id=f"{command.__name__} {state}")
        for command, row in COMMANDS.items()
        for state, leads_to in zip(STATES, row, strict=True)
    ],
)
@pytest.mark.parametrize("adapter", ["memory"], indirect=True)
async def test_every_command_in_every_state(
    desk: Desk,
    command: Callable[[Desk, Case], Awaitable[None]],
    state: CaseState,
    leads_to: CaseState | None,
) -> None:
    case = await in_state(desk, state)
    assert (await desk.status(case)).case.state is state

    if leads_to is REFUSED:
        with pytest.raises(Refused):
            await command(desk, case)
    else:
        await command(desk, case)

    assert (await desk.status(case)).case.state is (leads_to or state)


def test_the_table_has_every_state() -> None:
    assert set(STATES) == set(CaseState)


async def test_a_stopped_run_goes_no_further_and_goes_on(desk: Desk) -> None:
    case = await in_state(desk, S.RUNNING)
    await desk.stop(case)

    progress = await desk.store.transact(running.run_chunk, case.id)

    assert (progress.done, progress.total, progress.left) == (1, 3, False)
    assert (await desk.lying()).total() == 2
    assert await desk.resume(case) == {Outcome.REMOVED: 3}
    assert (await desk.status(case)).case.state is S.DONE
    assert not await desk.lying()


async def test_who_cancels_the_task_of_a_run_stops_the_case(desk: Desk) -> None:
    case = await in_state(desk, S.RUNNING)
    task = await desk.store.read(
        lambda uow: uow.tasks.unfinished(running.TASK, str(case.id))
    )
    assert task is not None

    await desk.store.transact(steering.cancel, desk.actor, task.id)

    assert (await desk.status(case)).case.state is S.STOPPED
    assert await desk.resume(case) == {Outcome.REMOVED: 3}


async def test_a_stopped_run_can_be_taken_back(desk: Desk) -> None:
    case = await in_state(desk, S.STOPPED)

    undone = await desk.undo(case)

    assert (undone.state, undone.restored) == (S.UNDONE, 1)
    assert (await desk.lying()).total() == 3


async def test_a_stopped_undo_goes_on_when_it_is_given_again(desk: Desk) -> None:
    case = await in_state(desk, S.UNDOING)
    await desk.store.transact(undoing.undo_chunk, case.id, Whose(), limit=1)
    await desk.stop(case)

    assert not (await desk.store.transact(undoing.undo_chunk, case.id, Whose())).left
    assert (await desk.lying()).total() == 1

    assert (await desk.undo(case)).restored == 3
    assert (await desk.lying()).total() == 3
