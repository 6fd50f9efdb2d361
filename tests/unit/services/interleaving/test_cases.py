"""Owners, cases, holds, retention and armed rules in any order, against a model.

After every act the store must say what the model says: where each copy lies, what
holds mark, what became of every item of every plan. At the end its audit log is whole.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from postwarden.model.cases import Action
from tests.support.factories import Clock
from tests.support.stores import opened
from tests.unit.services.interleaving.casework import ACTIONS, Casework
from tests.unit.services.interleaving.owners import Act
from tests.unit.services.interleaving.recounted import recounted

OWNERS = ("append", "move", "flag", "expunge", "discard", "take_back", "deliver")
KEEPING = (
    *("restore", "destroy", "expire", "sweep", "wait", "retain", "redate", "remove"),
    *("rename", "hold", "hold_case", "place", "release"),
)
CASEWORK = (
    *("plan", "step", "finish", "stop", "resume", "undo", "undo_step", "undo_all"),
    *("close", "arm", "arm", "disarm"),
)
numbers = st.integers(0, 99)


def acts(*names: str) -> st.SearchStrategy[Act]:
    return st.tuples(st.sampled_from(names), numbers, numbers)


meanwhile = st.lists(
    st.one_of(acts(*OWNERS), acts(*KEEPING), acts(*CASEWORK)), max_size=3
)


@st.composite
def work(draw: st.DrawFn, case: int) -> list[Act]:
    """What is done to one case, from plan to end, perhaps over again."""
    done: list[Act] = []
    for _ in range(draw(st.integers(1, 2))):
        run = draw(st.sampled_from(["step", "finish", "finish"]))
        late = draw(st.sampled_from(["arm", "deliver", "step"]))
        end = draw(st.sampled_from(["undo", "undo_all", "undo_all", "close"]))
        done += [(name, case, draw(numbers)) for name in ("plan", run, late, end)]
    return done


@st.composite
def days(draw: st.DrawFn) -> list[Act]:
    """Two cases side by side, and whatever others do in between."""
    left = [draw(work(0)), draw(work(1))]
    day: list[Act] = []
    while left[0] or left[1]:
        ours = left[draw(st.integers(0, 1))] or left[0] or left[1]
        day += [*draw(meanwhile), ours.pop(0)]
    return day


CONTAIN, MOVE_JUNK = ACTIONS.index(Action.CONTAIN), ACTIONS.index(Action.MOVE_JUNK)
# One case moves to Junk what the other then contains: rare among random days.
TAKEN_TWICE: list[Act] = [
    *(("plan", 0, MOVE_JUNK), ("finish", 0, 0)),
    *(("plan", 1, CONTAIN), ("finish", 1, 0)),
]
BOTH_ARMED: list[Act] = [*TAKEN_TWICE, ("arm", 0, 1), ("arm", 1, 1), ("deliver", 0, 0)]
UNDO_BOTH: list[Act] = [("undo_all", 0, 0), ("undo_all", 1, 0)]


async def play(name: str, empty: Path, todo: list[Act]) -> None:
    clock = Clock()
    with TemporaryDirectory() as folder:
        place = Path(folder) / "store"
        with opened(name, place, clock, empty) as adapter:
            run = Casework(adapter.store, clock, index=adapter.index)
            await run.begin()
            for act in todo:
                await run.act(*act)
                await run.check()
            await run.end()
        if name == "sqlite":
            assert recounted(place / "postwarden.db") == (0, 0)


# No shrinking: it plays hundreds of days, and the acts that fail are named.
QUICKLY = settings(
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@settings(QUICKLY, max_examples=80)
@example(todo=[*TAKEN_TWICE, *UNDO_BOTH, ("undo_all", 0, 0)])
@example(todo=[*TAKEN_TWICE, ("close", 0, 0), ("undo_all", 1, 0)])
@example(todo=[*BOTH_ARMED, ("undo_all", 0, 0), ("deliver", 1, 0), ("undo_all", 1, 0)])
@given(todo=days())
async def test_cases_and_owners_in_any_order_leave_what_the_model_says(
    todo: list[Act], empty_sqlite: Path
) -> None:
    await play("memory", empty_sqlite, todo)


@settings(QUICKLY, max_examples=10)
@given(todo=days())
async def test_the_same_on_sqlite(todo: list[Act], empty_sqlite: Path) -> None:
    await play("sqlite", empty_sqlite, todo)
