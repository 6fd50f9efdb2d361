"""Periodic tasks: once per interval, whoever serves and whatever the clock does."""

from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from postwarden.adapters.memory.content import MemoryBlobs, MemorySearchIndex
from postwarden.adapters.memory.store import MemoryStore
from postwarden.model.tasks import Task, TaskState
from postwarden.services import tasks
from postwarden.services.ports import Store, UnitOfWork
from postwarden.worker import runner, schedule
from postwarden.worker.context import WorkerContext
from postwarden.worker.tasks import HANDLERS
from tests.support.factories import NOW, Clock

HOUR = timedelta(hours=1)
SCHEDULE = {tasks.PURGE: HOUR}


async def look(context: WorkerContext) -> Task:
    """Keep the schedule as a process that serves does, and return the newest run."""
    await context.store.transact(schedule.keep, SCHEDULE)
    return await newest(context.store)


async def newest(store: Store) -> Task:
    def read(uow: UnitOfWork) -> Task | None:
        return uow.tasks.newest(tasks.PURGE, tasks.STORE)

    found = await store.read(read)
    assert found is not None
    return found


async def work(context: WorkerContext) -> int:
    """Do every task that is due; return how many there were."""
    done = 0
    while await runner.take_task(context):
        done += 1
    return done


def test_every_periodic_task_has_a_handler_and_time_to_run() -> None:
    assert set(schedule.SCHEDULE) <= set(HANDLERS)
    assert min(schedule.SCHEDULE.values()) >= timedelta(seconds=3 * schedule.LOOK)


async def test_a_task_that_never_ran_is_due_at_once_and_then_each_interval(
    context: WorkerContext, clock: Clock
) -> None:
    first = await look(context)
    assert first.run_at == NOW
    assert await work(context) == 1

    clock.forward(minutes=1)
    second = await look(context)
    assert second.id > first.id
    assert second.run_at == NOW + HOUR
    assert await work(context) == 0

    clock.forward(minutes=59)
    assert await work(context) == 1
    assert (await look(context)).run_at == NOW + 2 * HOUR


async def test_many_processes_make_one_run(context: WorkerContext) -> None:
    first = await look(context)
    assert await look(context) == first
    await work(context)
    second = await look(context)
    assert await look(context) == second


async def test_a_run_that_is_under_way_is_the_only_one(
    context: WorkerContext, clock: Clock
) -> None:
    await look(context)
    leased = await context.store.transact(
        lambda uow: uow.tasks.lease(
            "other", names=[tasks.PURGE], now=uow.now, until=uow.now + HOUR
        )
    )
    clock.forward(hours=5)
    assert await look(context) == leased


async def test_what_was_missed_is_done_once(
    context: WorkerContext, clock: Clock
) -> None:
    await look(context)
    await work(context)
    await look(context)
    clock.forward(hours=100)

    assert await work(context) == 1
    following = await look(context)
    assert following.run_at == clock.now + HOUR
    assert await work(context) == 0


async def test_a_schedule_that_nobody_kept_goes_on_from_its_last_run(
    context: WorkerContext, clock: Clock
) -> None:
    await look(context)
    await work(context)
    clock.forward(minutes=40)
    assert (await look(context)).run_at == NOW + HOUR
    await work(context)

    clock.forward(hours=9)
    await work(context)
    clock.forward(hours=9)
    assert (await look(context)).run_at == clock.now


async def test_a_clock_set_back_repeats_nothing_and_stops_nothing(
    context: WorkerContext, clock: Clock
) -> None:
    await look(context)
    await work(context)
    await look(context)
    clock.forward(hours=1)
    await work(context)
    clock.forward(days=-365)

    assert (await look(context)).run_at == clock.now + HOUR
    assert await work(context) == 0
    clock.forward(hours=1)
    assert await work(context) == 1
    assert (await look(context)).run_at == clock.now + HOUR


async def test_a_run_that_waits_while_the_clock_goes_back_comes_within_an_interval(
    context: WorkerContext, clock: Clock
) -> None:
    await look(context)
    await work(context)
    waiting = await look(context)
    clock.forward(days=-10)

    assert (await look(context)).id == waiting.id
    clock.forward(hours=1)
    assert await work(context) == 1


async def test_a_failed_run_does_not_end_the_schedule(
    context: WorkerContext, clock: Clock
) -> None:
    run = await look(context)

    def fail(uow: UnitOfWork) -> None:
        uow.tasks.lease("w", names=[run.name], now=uow.now, until=uow.now + HOUR)
        uow.tasks.finish(run.id, "w", TaskState.FAILED, uow.now, error="no")

    await context.store.transact(fail)
    assert (await look(context)).run_at == clock.now + HOUR


_STEPS = st.lists(
    st.one_of(
        st.sampled_from(["look", "work"]),
        st.integers(min_value=-200, max_value=200),  # minutes the clock moves
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(_STEPS)
async def test_between_two_runs_an_interval_passes_unless_the_clock_was_set(
    steps: list[str | int],
) -> None:
    clock = Clock()
    store = MemoryStore(clock=clock)
    context = WorkerContext(
        store=store, blobs=MemoryBlobs(), index=MemorySearchIndex(store)
    )
    starts: list[datetime] = []
    moved_back = True  # the first run is due at once
    for step in steps:
        if isinstance(step, int):
            clock.forward(minutes=step)
            moved_back = moved_back or step < 0
        elif step == "look":
            await look(context)
        elif await work(context):
            assert moved_back or clock.now - starts[-1] >= HOUR
            starts.append(clock.now)
            moved_back = False
    await look(context)
    assert (await newest(store)).run_at <= clock.now + HOUR
