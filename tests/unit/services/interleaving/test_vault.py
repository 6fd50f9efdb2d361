"""Whatever users and administrators do: held mail stays, nothing goes early.

Sequences of acts run on every store, and what is there afterwards is compared with a
model that knows nothing of how it is done.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.factories import Clock
from tests.support.stores import ADAPTERS, opened
from tests.unit.services.interleaving.keeping import Keeping
from tests.unit.services.interleaving.owners import Act
from tests.unit.services.interleaving.recounted import recounted

ACTS = (
    *("append", "append", "append", "move", "flag", "expunge", "discard", "contain"),
    *("start_clock", "restore", "destroy", "expire", "expire", "sweep", "wait"),
    *("retain", "take_back", "redate", "remove", "rename", "hold", "hold", "place"),
    "release",
)
acts = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(0, 99), st.integers(0, 99)),
    min_size=10,
    max_size=40,
)


@pytest.mark.parametrize("name", ADAPTERS)
@settings(
    max_examples=30,
    deadline=None,
    # No shrinking: it opens hundreds of stores, and the acts that fail are named.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(steps=acts)
async def test_held_mail_stays_and_nothing_goes_early(
    name: str, steps: list[Act], empty_sqlite: Path
) -> None:
    clock = Clock()
    with TemporaryDirectory() as folder:
        place = Path(folder) / "store"
        with opened(name, place, clock, empty_sqlite) as adapter:
            run = Keeping(adapter.store, clock)
            await run.begin()
            for act in steps:
                await run.act(*act)
                await run.check()
        if name == "sqlite":
            assert recounted(place / "postwarden.db") == (0, 0)
