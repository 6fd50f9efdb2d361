"""Tasks under faults: killed workers, lost leases, late orders to cancel."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import pytest

from postwarden.model.errors import Invalid, Unavailable
from postwarden.model.tasks import Task, TaskState
from postwarden.services import tasks
from postwarden.services.ports import Store, UnitOfWork
from postwarden.worker import runner
from postwarden.worker.context import Lease, WorkerContext, new_owner
from postwarden.worker.tasks import Handlers
from tests.support.factories import Clock

P = ParamSpec("P")
T = TypeVar("T")


class Killed(BaseException):
    """As if the process had ended there."""


@dataclass(slots=True)
class Work:
    """A task of five chunks, and what happens behind each of them."""

    chunks: list[int] = field(default_factory=list)
    behind: dict[int, Callable[[Lease], object]] = field(default_factory=dict)
    total: int = 5

    @property
    def handlers(self) -> Handlers:
        return {"count": self.count}

    async def count(self, lease: Lease) -> dict[str, object]:
        while len(self.chunks) < 5:
            self.chunks.append(len(self.chunks) + 1)
            if act := self.behind.pop(len(self.chunks), None):
                waited_for = act(lease)
                if asyncio.iscoroutine(waited_for):
                    await waited_for
            await lease.renew(len(self.chunks), self.total)
        return {"chunks": len(self.chunks)}


class Broken:
    """A store in which one call to a method of `uow.tasks` fails."""

    def __init__(self, store: Store, method: str) -> None:
        self._store, self._method = store, method

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def transact(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        def run(uow: UnitOfWork) -> T:
            return fn(cast(UnitOfWork, _Proxy(uow, self)), *args, **kwargs)

        return await self._store.transact(run)

    def fails(self, method: str) -> bool:
        is_it = method == self._method
        self._method = "" if is_it else self._method
        return is_it


class _Proxy:
    def __init__(self, wrapped: Any, broken: Broken) -> None:
        self._wrapped, self._broken = wrapped, broken

    def __getattr__(self, name: str) -> Any:
        if name == "tasks":
            return _Proxy(self._wrapped.tasks, self._broken)
        if self._broken.fails(name):
            raise Unavailable(f"{name} failed")
        return getattr(self._wrapped, name)


@pytest.fixture
def work() -> Work:
    return Work()


async def submitted(context: WorkerContext) -> int:
    task = await context.store.transact(
        lambda uow: uow.tasks.add("count", "1", {}, uow.now)
    )
    return task.id


async def seen(context: WorkerContext, number: int) -> Task:
    return await context.store.read(lambda uow: uow.tasks.get(number))


async def cancel(context: WorkerContext, number: int) -> Task:
    return await context.store.transact(lambda uow: uow.tasks.cancel(number, uow.now))


def other(context: WorkerContext) -> WorkerContext:
    return replace(context, owner=new_owner())


def lease_ends(context: WorkerContext, clock: Clock) -> None:
    clock.forward(seconds=context.lease_seconds)


async def test_a_task_ends_with_its_result_and_times(
    context: WorkerContext, work: Work, clock: Clock
) -> None:
    number = await submitted(context)
    begun = clock.forward(minutes=1)
    work.behind[3] = lambda _: clock.forward(minutes=1)

    assert await runner.take_task(context, work.handlers)

    task = await seen(context, number)
    assert task.state is TaskState.COMPLETED
    assert (task.done, task.total, task.result) == (5, 5, {"chunks": 5})
    assert (task.started_at, task.ended_at) == (begun, clock.now)
    assert task.lease_owner is None
    assert not await runner.take_task(context, work.handlers)


async def test_a_killed_worker_is_replaced_when_its_lease_ends(
    context: WorkerContext, work: Work, clock: Clock
) -> None:
    def die(_: Lease) -> None:
        raise Killed

    number = await submitted(context)
    work.behind[3] = die
    with pytest.raises(Killed):
        await runner.take_task(context, work.handlers)
    second = other(context)
    assert not await runner.take_task(second, work.handlers)

    lease_ends(context, clock)
    assert await runner.take_task(second, work.handlers)

    assert (await seen(context, number)).state is TaskState.COMPLETED
    assert work.chunks == [1, 2, 3, 4, 5]


async def test_a_task_that_kills_every_worker_is_given_up(
    context: WorkerContext, clock: Clock
) -> None:
    async def die(_: Lease) -> None:
        raise Killed

    number = await submitted(context)
    context = replace(context, attempts=3)
    for _ in range(3):
        with pytest.raises(Killed):
            await runner.take_task(context, {"count": die})
        lease_ends(context, clock)
    assert await runner.take_task(context, {"count": die})

    task = await seen(context, number)
    assert (task.state, task.attempts) == (TaskState.FAILED, 4)
    assert "3 workers died" in (task.error or "")


async def test_a_worker_that_lost_its_lease_stops_and_ends_nothing(
    context: WorkerContext, work: Work, clock: Clock
) -> None:
    number = await submitted(context)
    second, later = other(context), Work(total=0)

    async def steal(_: Lease) -> None:
        lease_ends(context, clock)
        await second.store.transact(
            lambda uow: uow.tasks.lease(
                second.owner, names=["count"], now=uow.now, until=uow.now
            )
        )

    work.behind[2] = steal
    assert await runner.take_task(context, work.handlers)

    task = await seen(context, number)
    assert work.chunks == [1, 2]
    assert (task.state, task.lease_owner) == (TaskState.IN_PROGRESS, second.owner)
    assert task.done == 1
    assert await runner.take_task(second, later.handlers)
    assert (await seen(context, number)).state is TaskState.COMPLETED


async def test_a_task_is_canceled_between_two_chunks(
    context: WorkerContext, work: Work
) -> None:
    number = await submitted(context)
    work.behind[2] = lambda _: cancel(context, number)

    assert await runner.take_task(context, work.handlers)

    task = await seen(context, number)
    assert work.chunks == [1, 2]
    assert (task.state, task.done, task.result) == (TaskState.CANCELED, 2, None)
    assert task.ended_at is not None


async def test_an_order_to_cancel_that_comes_too_late_changes_nothing(
    context: WorkerContext, work: Work
) -> None:
    number = await submitted(context)
    work.behind[5] = lambda _: cancel(context, number)

    await runner.take_task(context, work.handlers)

    task = await seen(context, number)
    assert (task.state, task.result) == (TaskState.COMPLETED, {"chunks": 5})
    assert (await cancel(context, number)).state is TaskState.COMPLETED


async def test_a_canceled_task_whose_worker_died_is_not_begun_again(
    context: WorkerContext, work: Work, clock: Clock
) -> None:
    async def cancel_and_die(_: Lease) -> None:
        await cancel(context, number)
        raise Killed

    number = await submitted(context)
    work.behind[2] = cancel_and_die
    with pytest.raises(Killed):
        await runner.take_task(context, work.handlers)
    lease_ends(context, clock)

    assert await runner.take_task(other(context), work.handlers)

    assert (await seen(context, number)).state is TaskState.CANCELED
    assert work.chunks == [1, 2]


async def test_a_canceled_task_is_not_tried_again(
    context: WorkerContext, work: Work
) -> None:
    async def cancel_and_fail(_: Lease) -> None:
        await cancel(context, number)
        raise Unavailable("the disk is gone")

    number = await submitted(context)
    work.behind[2] = cancel_and_fail
    await runner.take_task(context, work.handlers)

    task = await seen(context, number)
    assert (task.state, task.error) == (TaskState.CANCELED, "the disk is gone")


async def test_what_is_unavailable_is_tried_again_later_and_parked_in_the_end(
    context: WorkerContext, clock: Clock
) -> None:
    async def fail(_: Lease) -> None:
        raise Unavailable("busy")

    number = await submitted(context)
    task = await seen(context, number)
    waits = []
    for _ in range(context.attempts):
        before = clock.now
        assert await runner.take_task(context, {"count": fail})
        task = await seen(context, number)
        waits.append((task.run_at - before).total_seconds())
        assert not await runner.take_task(context, {"count": fail})
        clock.now = max(clock.now, task.run_at)
    assert (task.state, task.error) == (TaskState.FAILED, "busy")
    assert task.ended_at == clock.now
    assert all(2**n <= w <= 2 ** (n + 1) for n, w in enumerate(waits[:-1]))


async def test_progress_makes_an_attempt_the_first_again(
    context: WorkerContext, clock: Clock
) -> None:
    done = 0

    async def creep(lease: Lease) -> None:
        nonlocal done
        if (done := done + 1) == 20:
            return
        await lease.renew(done, 20)
        raise Unavailable("busy")

    number = await submitted(context)
    while not (task := await seen(context, number)).has_ended:
        clock.now = max(clock.now, task.run_at)
        assert await runner.take_task(context, {"count": creep})
    assert task.state is TaskState.COMPLETED


@pytest.mark.parametrize(
    ("error", "told"), [(Invalid("no such thing"), "no such thing"), (KeyError(), None)]
)
async def test_a_task_that_cannot_be_done_fails_and_says_so(
    context: WorkerContext, error: Exception, told: str | None
) -> None:
    async def fail(_: Lease) -> None:
        raise error

    number = await submitted(context)
    assert await runner.take_task(context, {"count": fail})
    task = await seen(context, number)
    assert (task.state, task.error) == (TaskState.FAILED, told or "internal error")


@pytest.mark.parametrize("method", ["renew", "finish"])
async def test_a_store_that_fails_for_a_moment_costs_an_attempt(
    context: WorkerContext, work: Work, clock: Clock, method: str
) -> None:
    number = await submitted(context)
    shaky = replace(context, store=cast(Store, Broken(context.store, method)))

    await runner.take_task(shaky, work.handlers)
    assert not (await seen(context, number)).has_ended
    while not (task := await seen(context, number)).has_ended:
        clock.now = max(clock.now, task.run_at, task.leased_until or clock.now)
        await runner.take_task(shaky, work.handlers)

    assert task.state is TaskState.COMPLETED
    assert work.chunks == [1, 2, 3, 4, 5]


async def test_a_store_that_fails_when_an_attempt_is_given_back_loses_no_task(
    context: WorkerContext, work: Work, clock: Clock
) -> None:
    async def fail(_: Lease) -> None:
        raise Unavailable("busy")

    number = await submitted(context)
    shaky = replace(context, store=cast(Store, Broken(context.store, "retry")))
    assert not await runner.take_task(shaky, {"count": fail})
    assert (await seen(context, number)).state is TaskState.IN_PROGRESS

    lease_ends(context, clock)
    assert await runner.take_task(shaky, work.handlers)
    assert (await seen(context, number)).state is TaskState.COMPLETED


async def test_two_workers_share_tasks_and_do_each_once(
    context: WorkerContext,
) -> None:
    done: list[str] = []

    async def note(lease: Lease) -> None:
        await lease.renew(0, 1)
        done.append(lease.task.subject)
        await lease.renew(1, 1)

    def submit(uow: UnitOfWork) -> None:
        for number in range(20):
            uow.tasks.add("count", str(number), {}, uow.now)

    await context.store.transact(submit)

    async def serve(worker: WorkerContext) -> None:
        while await runner.take_task(worker, {"count": note}):
            pass

    await asyncio.gather(*(serve(other(context)) for _ in range(3)))
    assert sorted(done, key=int) == [str(number) for number in range(20)]


async def test_a_lease_is_kept_while_a_chunk_takes_long(
    context: WorkerContext, clock: Clock
) -> None:
    async def sleep_long(lease: Lease) -> None:
        later = clock.forward(minutes=1)
        with context.store.watch() as watch:
            while (await seen(context, number)).heartbeat_at != later:
                await watch.wait()
        assert not await runner.take_task(other(context), {"count": sleep_long})
        await lease.renew(1, 1)

    number = await submitted(context)
    quick = replace(context, lease_seconds=0.03)
    assert await runner.take_task(quick, {"count": sleep_long})
    assert (await seen(context, number)).state is TaskState.COMPLETED


async def test_a_result_that_is_too_large_is_left_out_and_says_so(
    context: WorkerContext,
) -> None:
    async def talk(_: Lease) -> dict[str, object]:
        return {"text": "x" * tasks.LARGEST_RESULT}

    number = await submitted(context)
    await runner.take_task(context, {"count": talk})
    result = (await seen(context, number)).result
    assert result == {"omitted_octets": tasks.LARGEST_RESULT + len('{"text": ""}')}


async def test_whoever_hosts_a_task_waits_for_the_process_that_has_it(
    context: WorkerContext, work: Work
) -> None:
    number = await submitted(context)
    told: list[int] = []
    heard = asyncio.Event()

    def hear(_: Task, done: int, __: int) -> None:
        told.append(done)
        heard.set()

    waiting = replace(other(context), progress=hear)

    hosted: list[asyncio.Task[Task]] = []

    async def host_meanwhile(_: Lease) -> None:
        host = runner.run_task(waiting, number, work.handlers)
        hosted.append(asyncio.create_task(host))
        await heard.wait()

    work.behind[2] = host_meanwhile
    assert await runner.take_task(context, work.handlers)
    assert (await hosted[0]).state is TaskState.COMPLETED
    assert told[0] == 1
    assert work.chunks == [1, 2, 3, 4, 5]
