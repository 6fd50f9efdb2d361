"""Whichever write of a case finds the disk full: nothing of its transaction is left.

Stories are told on SQLite, on a disk that refuses one write below it, in its log or in
its file. Whoever works gives the command again when there is room, and all ends as if
there always had been.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.services.cases.faults import ERRORS, Faults
from tests.unit.services.cases.full_disk import filling
from tests.unit.services.cases.stories import STORIES, offices, told

SAMPLE = 5  # writes of each story that fail in the quick suite
THOROUGH = 150
FULL = ERRORS["disk-full"]


async def tell(
    story: str, left: int | None, folder: Path, empty: Path
) -> tuple[Faults, tuple[object, ...]]:
    """Tell a story on a disk that is full after some writes; return what is seen."""
    disk = Faults(error=FULL)
    with filling(disk), offices("sqlite", folder, empty) as make:
        office = replace(await make(Faults(error=FULL)), faults=disk)
        disk.calls, disk.left = 0, left
        return disk, await told(story, office)


async def compare(story: str, folder: Path, empty: Path, *, sample: int) -> None:
    quiet, wanted = await tell(story, None, folder / "quiet", empty)
    for number in range(sample):
        left = number * quiet.calls // sample
        disk, found = await tell(story, left, folder / str(number), empty)
        assert disk.struck == 1
        assert found == wanted, f"no room at write {left} of {quiet.calls}"


@pytest.mark.parametrize("story", STORIES)
async def test_a_disk_that_was_full_changes_nothing_of_the_outcome(
    story: str, tmp_path: Path, empty_sqlite: Path
) -> None:
    await compare(story, tmp_path, empty_sqlite, sample=SAMPLE)


@pytest.mark.slow
@pytest.mark.parametrize("story", STORIES)
async def test_the_same_at_many_more_writes(
    story: str, tmp_path: Path, empty_sqlite: Path
) -> None:
    await compare(story, tmp_path, empty_sqlite, sample=THOROUGH)
