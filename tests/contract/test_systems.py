"""Mail systems elsewhere, as they are kept."""

from dataclasses import replace
from typing import Any

import pytest

from postwarden.model.errors import AlreadyExists, NotFound
from postwarden.model.systems import System, SystemKind
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import NOW


def system(**changes: Any) -> System:
    return replace(
        System(
            name="exchange",
            kind=SystemKind.EWS,
            url="https://ex.example.org/EWS/Exchange.asmx",
            options={},
            created_at=NOW,
            created_by="operator",
        ),
        **changes,
    )


async def test_a_system_comes_back_as_it_was_written(store: Store) -> None:
    full = system(
        name="full",
        user="svc@example.org",
        secret=b"sealed",
        authorities="-----BEGIN CERTIFICATE-----\n",
        options={"concurrency": "2", "folder": "Aufräumen"},
    )

    def work(uow: UnitOfWork) -> None:
        for each in (system(), full):
            added = uow.systems.add(each)
            assert added == replace(each, id=added.id)
            assert uow.systems.find(each.name) == added

    await store.transact(work)
    assert [each.name for each in await store.read(lambda uow: uow.systems.all())] == [
        "exchange",
        "full",
    ]


async def test_a_name_is_given_once(store: Store) -> None:
    await store.transact(lambda uow: uow.systems.add(system()))
    with pytest.raises(AlreadyExists):
        await store.transact(lambda uow: uow.systems.add(system()))


async def test_a_system_is_replaced_and_removed(store: Store) -> None:
    added = await store.transact(lambda uow: uow.systems.add(system()))
    changed = replace(added, user="other", secret=b"new")
    await store.transact(lambda uow: uow.systems.replace(changed))
    assert await store.read(lambda uow: uow.systems.find("exchange")) == changed
    await store.transact(lambda uow: uow.systems.remove(added.id))
    assert await store.read(lambda uow: uow.systems.find("exchange")) is None
    with pytest.raises(NotFound):
        await store.transact(lambda uow: uow.systems.replace(changed))
