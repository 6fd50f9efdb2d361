"""Quotas at their levels, as they are kept."""

from postwarden.model.quotas import LARGEST, Limits
from postwarden.services.ports import Store, UnitOfWork


async def test_what_is_said_comes_back(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        for key, limits in (
            ("*", Limits(octets=0, messages=-1)),
            ("domain example.org", Limits(octets=LARGEST)),
            ("account 1", Limits()),
        ):
            assert uow.quotas.get(key) is None
            uow.quotas.put(key, limits)
            assert uow.quotas.get(key) == limits

    await store.transact(work)


async def test_what_is_said_anew_replaces_what_was(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.quotas.put("*", Limits(octets=1))
        uow.quotas.put("*", Limits(messages=2))
        assert uow.quotas.get("*") == Limits(messages=2)
        uow.quotas.remove("*")
        uow.quotas.remove("*")
        assert uow.quotas.get("*") is None

    await store.transact(work)
