"""Whatever port fails, whenever: work is refused or resumed, and ends the same.

Each story is told undisturbed, then again with one call of a port failing; whoever
works gives the same command once more. No copy may be lost, doubled or half done.
"""

from pathlib import Path

import pytest

from postwarden.model.cases import Action
from postwarden.model.errors import Unavailable
from postwarden.services import contents, vault
from postwarden.services.cases import (
    running,
)
from tests.unit.services.cases.faults import ERRORS, Faults
from tests.unit.services.cases.stories import (
    STORIES,
    approve,
    close,
    offices,
    open_case,
    preview,
    start,
    told,
    work,
)

SAMPLE = 12  # faults of each story in the quick suite


async def compare(story: str, error: str, folder: Path, *, sample: int | None) -> None:
    with offices("memory", folder) as office:
        undisturbed = await office(Faults(error=ERRORS[error]))
        for step in STORIES[story]:
            await undisturbed.insist(step)
        calls = undisturbed.faults.calls
        wanted = await undisturbed.seen()
        for left in range(0, calls, 1 if sample is None else calls // sample):
            faults = Faults(error=ERRORS[error], left=left)
            found = await told(story, await office(faults))
            assert faults.struck == 1
            assert found == wanted, f"{error} at call {left} of {calls}"


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("story", STORIES)
async def test_a_failing_port_changes_nothing_of_the_outcome(
    story: str, error: str, tmp_path: Path
) -> None:
    await compare(story, error, tmp_path, sample=SAMPLE)


@pytest.mark.slow
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("story", STORIES)
async def test_a_failing_port_changes_nothing_wherever_it_fails(
    story: str, error: str, tmp_path: Path
) -> None:
    await compare(story, error, tmp_path, sample=None)


@pytest.mark.parametrize(
    ("action", "port"),
    [
        *((action, port) for action in Action for port in ("audit", "cases", "ledger")),
        *((Action.SHRED, port) for port in ("holds", "messages", "disposal")),
    ],
)
async def test_nothing_is_removed_when_it_cannot_be_written_down_or_looked_up(
    action: Action, port: str, tmp_path: Path
) -> None:
    faults = Faults(error=ERRORS["unavailable"])
    with offices("memory", tmp_path) as make:
        office = await make(faults)
        if action is Action.RESTORE:
            for step in (open_case, preview(Action.DELETE), approve, start, work):
                await step(office)
        for step in (open_case, preview(action), approve, start):
            await step(office)
        before = await office.seen()
        faults.broken = {port}
        with pytest.raises(Unavailable):
            await office.desk.store.transact(running.run_chunk, office.number)
        faults.broken = ()
        assert await office.seen() == before


@pytest.mark.parametrize("port", ["audit", "holds", "ledger"])
async def test_nothing_expires_when_it_cannot_be_written_down_or_looked_up(
    port: str, tmp_path: Path
) -> None:
    faults = Faults(error=ERRORS["unavailable"])
    with offices("memory", tmp_path) as make:
        office = await make(faults)
        steps = (open_case, preview(Action.DELETE), approve, start, work, close, work)
        for step in steps:
            await step(office)
        office.clock.forward(days=400)
        before = await office.seen()
        faults.broken = {port}
        with pytest.raises(Unavailable):
            await office.desk.store.transact(vault.expire_chunk)
        faults.broken = ()
        assert await office.seen() == before
        assert (await office.desk.store.transact(vault.expire_chunk)).destroyed == 3
        assert await office.desk.store.transact(contents.empty_chunk)
