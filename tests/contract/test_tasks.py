"""Tasks: leased, resumable work."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from postwarden.model.errors import NotFound
from postwarden.model.tasks import LONGEST_LEASE, Task, TaskState
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import NOW

MINUTE = timedelta(minutes=1)
NAMES = ("expand", "index")


def add(
    uow: UnitOfWork, name: str = "expand", subject: str = "1", time: datetime = NOW
) -> Task:
    return uow.tasks.add(name, subject, {"reception": 1}, time)


def lease(
    uow: UnitOfWork,
    owner: str = "w1",
    *,
    now: datetime = NOW,
    names: tuple[str, ...] = NAMES,
    task: int | None = None,
) -> Task | None:
    return uow.tasks.lease(owner, names=names, now=now, until=now + MINUTE, task=task)


async def test_a_task_begins_waiting(store: Store) -> None:
    payload = {"b": [1, "x", None], "a": {"ü": 2.5}}

    added = await store.transact(lambda uow: uow.tasks.add("n", "s", payload, NOW))

    assert added == Task(
        id=added.id,
        name="n",
        subject="s",
        payload=payload,
        state=TaskState.WAITING,
        created_at=NOW,
        run_at=NOW,
    )
    assert await store.read(lambda uow: uow.tasks.get(added.id)) == added
    with pytest.raises(NotFound):
        await store.read(lambda uow: uow.tasks.get(99))


async def test_a_payload_comes_back_as_json_has_it(store: Store) -> None:
    added = await store.transact(
        lambda uow: uow.tasks.add("n", "s", {"pair": (1, 2)}, NOW)
    )

    assert added.payload == {"pair": [1, 2]}
    with pytest.raises(TypeError):
        await store.transact(lambda uow: uow.tasks.add("n", "t", {"at": NOW}, NOW))


async def test_one_unfinished_task_per_name_and_subject(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        first = add(uow)
        assert uow.tasks.add("expand", "1", {"other": 2}, NOW + MINUTE) == first
        assert add(uow, subject="2").id != first.id
        assert add(uow, name="index").id != first.id
        assert uow.tasks.unfinished("expand", "1") == first
        assert uow.tasks.unfinished("expand", "3") is None
        leased = lease(uow, task=first.id)
        assert uow.tasks.unfinished("expand", "1") == leased
        assert add(uow) == leased
        assert uow.tasks.finish(first.id, "w1", TaskState.COMPLETED, NOW)
        assert uow.tasks.unfinished("expand", "1") is None
        assert add(uow).id > first.id

    await store.transact(work)


async def test_the_oldest_due_task_is_leased_first(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.tasks.add("expand", "future", {}, NOW, run_at=NOW + MINUTE)
        second = add(uow, subject="second")
        third = add(uow, name="index", subject="third")
        first = add(uow, subject="first", time=NOW - MINUTE)
        add(uow, name="foreign", time=NOW - MINUTE)
        assert lease(uow) == replace(
            first,
            state=TaskState.IN_PROGRESS,
            started_at=NOW,
            heartbeat_at=NOW,
            lease_owner="w1",
            leased_until=NOW + MINUTE,
            attempts=1,
        )
        assert [(lease(uow) or first).id for _ in range(2)] == [second.id, third.id]
        assert lease(uow) is None
        assert lease(uow, names=()) is None

    await store.transact(work)


async def test_a_named_task_is_leased_before_it_is_due_but_not_stolen(
    store: Store,
) -> None:
    def work(uow: UnitOfWork) -> None:
        add(uow, subject="due")
        later = uow.tasks.add("expand", "later", {}, NOW, run_at=NOW + MINUTE)
        assert lease(uow, names=("index",), task=later.id) is None
        leased = lease(uow, task=later.id)
        assert leased is not None
        assert leased.id == later.id
        assert lease(uow, "w2", task=later.id) is None
        assert lease(uow, "w2", task=99) is None

    await store.transact(work)


async def test_an_expired_lease_is_taken_over(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        task = add(uow)
        lease(uow)
        assert lease(uow, "w2", now=NOW + MINUTE - timedelta(microseconds=1)) is None
        stolen = lease(uow, "w2", now=NOW + MINUTE)
        assert stolen is not None
        assert (stolen.lease_owner, stolen.attempts) == ("w2", 2)
        assert uow.tasks.renew(task.id, "w1", now=NOW, until=NOW + MINUTE) is None
        assert not uow.tasks.finish(task.id, "w1", TaskState.COMPLETED, NOW)
        assert not uow.tasks.retry(task.id, "w1", run_at=NOW, error="late")
        assert uow.tasks.get(task.id) == stolen

    await store.transact(work)


async def test_a_renewed_lease_lasts_and_tells_of_its_owner(store: Store) -> None:
    def renew(uow: UnitOfWork, minutes: int) -> TaskState | None:
        return uow.tasks.renew(1, "w1", now=NOW, until=NOW + minutes * MINUTE)

    def work(uow: UnitOfWork) -> None:
        task = add(uow)
        assert task.id == 1
        assert renew(uow, 1) is None
        leased = lease(uow)
        assert renew(uow, 3) is TaskState.IN_PROGRESS
        assert lease(uow, "w2", now=NOW + 2 * MINUTE) is None
        # Expired, and still its owner's as long as nobody took it.
        later = NOW + 4 * MINUTE
        uow.tasks.renew(1, "w1", now=later, until=NOW + 9 * MINUTE)
        assert leased is not None
        assert uow.tasks.get(task.id) == replace(
            leased, heartbeat_at=later, leased_until=NOW + 9 * MINUTE
        )

    await store.transact(work)


async def test_progress_belongs_to_the_owner_and_is_a_new_first_attempt(
    store: Store,
) -> None:
    def advance(uow: UnitOfWork, owner: str) -> TaskState | None:
        until = NOW + 9 * MINUTE
        return uow.tasks.renew(1, owner, now=NOW, until=until, progress=(5, 10))

    def work(uow: UnitOfWork) -> None:
        task = add(uow)
        assert advance(uow, "w1") is None
        lease(uow)
        taken = lease(uow, "w2", now=NOW + MINUTE)
        assert taken is not None
        assert advance(uow, "w1") is None
        assert uow.tasks.get(task.id) == taken
        assert advance(uow, "w2") is TaskState.IN_PROGRESS
        now = uow.tasks.get(task.id)
        assert (now.done, now.total, now.attempts) == (5, 10, 1)

    await store.transact(work)


@pytest.mark.parametrize(
    "state", [TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELED]
)
async def test_a_finished_task_is_nobodys(store: Store, state: TaskState) -> None:
    def work(uow: UnitOfWork) -> None:
        task = add(uow)
        assert not uow.tasks.finish(task.id, "w1", state, NOW)
        lease(uow)
        assert uow.tasks.finish(
            task.id, "w1", state, NOW + MINUTE, error="why", result={"n": (1, "ü")}
        )
        assert uow.tasks.get(task.id) == replace(
            task,
            state=state,
            started_at=NOW,
            heartbeat_at=NOW,
            ended_at=NOW + MINUTE,
            attempts=1,
            error="why",
            result={"n": [1, "ü"]},
        )
        assert not uow.tasks.finish(task.id, "w1", TaskState.COMPLETED, NOW)
        assert uow.tasks.renew(task.id, "w1", now=NOW, until=NOW + MINUTE) is None
        assert lease(uow, now=NOW + MINUTE) is None
        assert lease(uow, now=NOW + MINUTE, task=task.id) is None

    await store.transact(work)


async def test_a_task_that_is_retried_waits_again(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        task = add(uow)
        lease(uow)
        assert uow.tasks.retry(task.id, "w1", run_at=NOW + MINUTE, error="busy")
        assert uow.tasks.get(task.id) == replace(
            task,
            run_at=NOW + MINUTE,
            started_at=NOW,
            heartbeat_at=NOW,
            attempts=1,
            error="busy",
        )
        assert not uow.tasks.retry(task.id, "w1", run_at=NOW, error="again")
        assert lease(uow) is None
        again = lease(uow, "w2", now=NOW + MINUTE)
        assert again is not None
        assert (again.attempts, again.error) == (2, "busy")
        assert again.started_at == NOW

    await store.transact(work)


async def test_the_newest_task_of_a_name_is_found_finished_or_not(
    store: Store,
) -> None:
    def work(uow: UnitOfWork) -> None:
        assert uow.tasks.newest("expand", "1") is None
        first = add(uow)
        add(uow, subject="2")
        assert uow.tasks.newest("expand", "1") == first
        lease(uow, task=first.id)
        uow.tasks.finish(first.id, "w1", TaskState.FAILED, NOW)
        assert (uow.tasks.newest("expand", "1") or first).state is TaskState.FAILED
        second = add(uow)
        assert uow.tasks.newest("expand", "1") == second

    await store.transact(work)


async def test_a_task_may_be_for_later_and_brought_forward(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        task = uow.tasks.add("expand", "1", {}, NOW, run_at=NOW + 3 * MINUTE)
        assert (task.created_at, task.run_at) == (NOW, NOW + 3 * MINUTE)
        uow.tasks.bring_forward(task.id, NOW + 4 * MINUTE)
        assert uow.tasks.get(task.id) == task
        uow.tasks.bring_forward(task.id, NOW + MINUTE)
        assert uow.tasks.get(task.id).run_at == NOW + MINUTE
        assert lease(uow) is None
        leased = lease(uow, now=NOW + MINUTE)
        uow.tasks.bring_forward(task.id, NOW)
        assert uow.tasks.get(task.id) == leased
        uow.tasks.bring_forward(99, NOW)

    await store.transact(work)


async def test_a_clock_that_was_set_back_stops_no_task(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        future = add(uow, time=NOW + 9 * LONGEST_LEASE)
        leased = lease(uow, now=NOW)
        assert leased is not None
        assert leased.id == future.id
        uow.tasks.renew(future.id, "w1", now=NOW, until=NOW + LONGEST_LEASE)
        assert lease(uow, "w2", now=NOW) is None
        uow.tasks.renew(future.id, "w1", now=NOW, until=NOW + 2 * LONGEST_LEASE)
        assert lease(uow, "w2", now=NOW) is not None
        # Tried before: its time is that of a backoff, and it is not repeated at once.
        uow.tasks.retry(future.id, "w2", run_at=NOW + MINUTE, error="busy")
        assert lease(uow, now=NOW) is None

    await store.transact(work)


async def test_tasks_that_ended_long_ago_are_removed_oldest_first(
    store: Store,
) -> None:
    def end(uow: UnitOfWork, subject: str, time: datetime) -> int:
        task = add(uow, subject=subject)
        lease(uow, task=task.id)
        uow.tasks.finish(task.id, "w1", TaskState.COMPLETED, time)
        return task.id

    def left(uow: UnitOfWork, numbers: list[int]) -> list[int]:
        found = [uow.tasks.newest("expand", subject) for subject in "12345"]
        return [task.id for task in found if task is not None and task.id in numbers]

    def work(uow: UnitOfWork) -> None:
        late = end(uow, "1", NOW + MINUTE)
        first = end(uow, "2", NOW - 3 * MINUTE)
        third = end(uow, "3", NOW - MINUTE)
        second = end(uow, "4", NOW - 2 * MINUTE)
        open_ = add(uow, subject="5", time=NOW - 9 * MINUTE).id
        numbers = [late, first, third, second, open_]
        assert uow.tasks.remove_ended(NOW, 2) == 2
        assert left(uow, numbers) == [late, third, open_]
        assert uow.tasks.remove_ended(NOW, 2) == 1
        assert uow.tasks.remove_ended(NOW, 2) == 0
        assert left(uow, numbers) == [late, open_]

    await store.transact(work)


async def test_who_submitted_a_task_stays_with_it(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        task = uow.tasks.add(
            *("expand", "1", {}, NOW),
            actor="ada",
            request_id="r1",
            domain="example.org",
        )
        assert (task.actor, task.request_id) == ("ada", "r1")
        assert task.domain == "example.org"
        again = uow.tasks.add("expand", "1", {}, NOW, actor="bob")
        assert again == task == uow.tasks.get(task.id)

    await store.transact(work)


async def test_a_waiting_task_is_canceled_at_once(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        task = add(uow)
        canceled = uow.tasks.cancel(task.id, NOW + MINUTE)
        assert canceled == replace(
            task, state=TaskState.CANCELED, ended_at=NOW + MINUTE
        )
        assert uow.tasks.get(task.id) == canceled
        assert uow.tasks.cancel(task.id, NOW + 2 * MINUTE) == canceled
        assert lease(uow, now=NOW + MINUTE) is None
        assert add(uow).id > task.id
        with pytest.raises(NotFound):
            uow.tasks.cancel(99, NOW)

    await store.transact(work)


async def test_the_worker_of_a_task_in_progress_hears_that_it_is_canceled(
    store: Store,
) -> None:
    def work(uow: UnitOfWork) -> None:
        task = add(uow)
        leased = lease(uow)
        assert leased is not None
        asked = uow.tasks.cancel(task.id, NOW)
        assert asked == replace(leased, state=TaskState.CANCELED_REQUESTED)
        assert uow.tasks.cancel(task.id, NOW) == asked
        assert add(uow) == asked
        assert lease(uow, "w2") is None
        renewed = uow.tasks.renew(
            task.id, "w1", now=NOW, until=NOW + MINUTE, progress=(1, 2)
        )
        assert renewed is TaskState.CANCELED_REQUESTED
        taken = lease(uow, "w2", now=NOW + MINUTE)
        assert taken is not None
        assert taken.state is TaskState.CANCELED_REQUESTED
        assert uow.tasks.finish(task.id, "w2", TaskState.CANCELED, NOW)
        assert uow.tasks.get(task.id).state is TaskState.CANCELED

    await store.transact(work)


async def test_tasks_are_listed_newest_first_by_state_name_and_domain(
    store: Store,
) -> None:
    def add_for(uow: UnitOfWork, subject: str, actor: str, domain: str | None) -> int:
        return uow.tasks.add("n", subject, {}, NOW, actor=actor, domain=domain).id

    def work(uow: UnitOfWork) -> None:
        first = add_for(uow, "1", "ada", None)
        second = add_for(uow, "2", "bob", "example.org")
        third = add_for(uow, "3", "bob", "example.net")
        system = add(uow, subject="4").id
        uow.tasks.cancel(third, NOW)

        def ids(before: int = 99, limit: int = 99, **filters: Any) -> list[int]:
            found = uow.tasks.page(before=before, limit=limit, **filters)
            return [task.id for task in found]

        assert ids() == [system, third, second, first]
        assert ids(limit=2) == [system, third]
        assert ids(before=third) == [second, first]
        assert ids(states=[TaskState.CANCELED]) == [third]
        assert ids(states=[TaskState.WAITING, TaskState.CANCELED], name="n") == [
            *(third, second, first)
        ]
        assert ids(actor="ada", domains=["example.org"]) == [second, first]
        assert ids(actor="ada", domains=[]) == [first]
        assert ids(domains=["example.net"]) == [third]
        assert ids(actor="ada") == [system, third, second, first]

    await store.transact(work)
