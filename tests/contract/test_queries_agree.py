"""What SQL finds is what `model.queries.matches` finds, whatever is asked.

The store in memory evaluates a query on the facts of each row: it is the
definition. Every other adapter compiles, and is held to it here.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from postwarden.model.queries import Query
from postwarden.services.ports import UnitOfWork
from tests.contract.strategies import Asked, asked
from tests.support.factories import Clock
from tests.support.stores import ADAPTERS, opened
from tests.support.worlds import build

Answer: TypeAlias = tuple[list[int], list[int], list[int]]


def answer(uow: UnitOfWork, query: Query, case: Asked) -> Answer:
    similar = case.similar
    return (
        list(uow.copies.search(query, states=case.states, similar=similar)),
        list(uow.copies.matching([1, 3, 99], query, similar=similar)),
        list(uow.ledger.search(query, similar=similar)),
    )


def answers(uow: UnitOfWork, case: Asked) -> dict[Query, Answer]:
    return {query: answer(uow, query, case) for query in case.queries}


async def ask(name: str, case: Asked, empty_sqlite: Path) -> dict[Query, Answer]:
    with (
        TemporaryDirectory() as folder,
        opened(name, Path(folder) / "store", Clock(), empty_sqlite) as adapter,
    ):
        await build(adapter.store, adapter.index, case.world)
        return await adapter.store.read(answers, case)


@pytest.mark.parametrize("name", [each for each in ADAPTERS if each != "memory"])
@settings(
    max_examples=60,
    deadline=None,
    # No shrinking: it opens hundreds of stores, and the query that fails is named.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(case=asked())
async def test_every_adapter_finds_what_the_definition_finds(
    name: str, case: Asked, empty_sqlite: Path
) -> None:
    expected = await ask("memory", case, empty_sqlite)
    found = await ask(name, case, empty_sqlite)

    differing = {
        q: (expected[q], found[q]) for q in expected if expected[q] != found[q]
    }
    assert differing == {}
