"""Answers that are kept for requests that come again."""

from datetime import timedelta

from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import NOW

LATER = NOW + timedelta(hours=1)


async def test_an_answer_is_its_actor_s_and_its_key_s(store: Store) -> None:
    await store.transact(lambda uow: uow.replays.keep("ada", "k1", b"one", NOW))

    def found(uow: UnitOfWork) -> list[bytes | None]:
        asked = [("ada", "k1"), ("ada", "k2"), ("bob", "k1")]
        return [uow.replays.find(*each, since=NOW) for each in asked]

    assert await store.read(found) == [b"one", None, None]


async def test_an_older_answer_is_not_given_and_gives_way(store: Store) -> None:
    await store.transact(lambda uow: uow.replays.keep("ada", "k", b"old", NOW))
    assert not await store.read(lambda uow: uow.replays.find("ada", "k", since=LATER))
    await store.transact(lambda uow: uow.replays.keep("ada", "k", b"new", LATER))
    new = await store.read(lambda uow: uow.replays.find("ada", "k", since=LATER))
    assert new == b"new"


async def test_old_answers_are_forgotten_some_at_a_time(store: Store) -> None:
    def three(uow: UnitOfWork) -> None:
        for number in range(3):
            uow.replays.keep("ada", f"k{number}", b"", NOW)

    await store.transact(three)
    await store.transact(lambda uow: uow.replays.keep("ada", "kept", b"new", LATER))
    counts = [
        await store.transact(lambda uow: uow.replays.forget(LATER, limit=2))
        for _ in range(3)
    ]
    assert counts == [2, 1, 0]
    assert await store.read(lambda uow: uow.replays.find("ada", "kept", since=NOW))
