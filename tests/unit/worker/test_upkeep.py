"""What the worker does for the store itself."""

from dataclasses import replace
from datetime import timedelta

import pytest

from postwarden.adapters.memory.signing import MemorySigner
from postwarden.cli.serve import kept_events
from postwarden.model.errors import NotFound
from postwarden.model.ledger import Event
from postwarden.model.tasks import TaskState
from postwarden.services import ledger_retention, tasks
from postwarden.services.audit import anchoring
from postwarden.services.ports import UnitOfWork
from postwarden.settings.sections import LedgerSettings
from postwarden.worker import runner
from postwarden.worker.context import WorkerContext
from postwarden.worker.schedule import SCHEDULE
from tests.support.factories import Clock, audit_entry, ledger_event


async def test_tasks_that_ended_long_ago_are_forgotten(
    context: WorkerContext, clock: Clock
) -> None:
    def end(uow: UnitOfWork, subject: str) -> int:
        task = uow.tasks.add("other", subject, {}, uow.now)
        until = uow.now + timedelta(minutes=1)
        uow.tasks.lease("w", names=["other"], now=uow.now, until=until)
        uow.tasks.finish(task.id, "w", TaskState.COMPLETED, uow.now)
        return task.id

    store = context.store
    old = await store.transact(
        lambda uow: [end(uow, str(number)) for number in range(tasks.CHUNK + 1)]
    )
    clock.now += context.keep_tasks
    recent = await store.transact(end, "recent")
    clock.forward(seconds=1)

    purge = await store.transact(
        lambda uow: uow.tasks.add(tasks.PURGE, tasks.STORE, {}, uow.now)
    )
    ended = await runner.run_task(context, purge.id)

    assert (ended.state, ended.done) == (TaskState.COMPLETED, len(old))
    assert (await store.read(lambda uow: uow.tasks.get(recent))).id == recent
    with pytest.raises(NotFound):
        await store.read(lambda uow: uow.tasks.get(old[-1]))


async def test_the_newest_audit_entry_is_signed(context: WorkerContext) -> None:
    store, signer = context.store, MemorySigner()
    context = replace(context, signer=signer)
    await store.transact(lambda uow: uow.audit.record(audit_entry()))

    signing = await store.transact(
        lambda uow: uow.tasks.add(anchoring.SIGN_HEAD, tasks.STORE, {}, uow.now)
    )
    ended = await runner.run_task(context, signing.id)

    assert ended.state is TaskState.COMPLETED
    signed = await store.read(lambda uow: uow.audit.newest_signed())
    assert signed is not None
    assert (signed.entry, signed.public_key) == (1, signer.public_key())
    assert anchoring.SIGN_HEAD in SCHEDULE


async def test_old_ledger_events_are_forgotten(
    context: WorkerContext, clock: Clock
) -> None:
    kept = kept_events(LedgerSettings(keep=(("*", 86_400.0), ("READ", 864_000.0))))
    context, store = replace(context, keep_events=kept), context.store
    old = [ledger_event(each, time=clock.now) for each in (Event.READ, Event.MOVE)]
    await store.transact(lambda uow: uow.ledger.record(old))
    clock.now += timedelta(days=2)

    purge = await store.transact(
        lambda uow: uow.tasks.add(ledger_retention.PURGE, tasks.STORE, {}, uow.now)
    )
    ended = await runner.run_task(context, purge.id)

    assert (ended.state, ended.result) == (TaskState.COMPLETED, {"removed": 1})
    (left,) = await store.read(lambda uow: uow.ledger.page(limit=9))
    assert left.event is Event.READ
    assert ledger_retention.PURGE in SCHEDULE


async def test_a_ledger_purge_that_was_cut_off_goes_on_behind_what_it_has_seen(
    context: WorkerContext, clock: Clock
) -> None:
    purge = ledger_retention.PURGE

    def cut_off(uow: UnitOfWork) -> int:
        uow.ledger.record(ledger_event(time=clock.now) for _ in range(5))
        task = uow.tasks.add(purge, tasks.STORE, {}, clock.now)
        until = clock.now + timedelta(minutes=1)
        uow.tasks.lease("dead", names=[purge], now=clock.now, until=until)
        uow.tasks.renew(task.id, "dead", now=clock.now, until=until, progress=(3, 0))
        return task.id

    store = context.store
    context = replace(context, keep_events={Event.RECEIVE: timedelta(days=1)})
    number = await store.transact(cut_off)
    clock.forward(days=2)
    ended = await runner.run_task(context, number)

    assert (ended.state, ended.result) == (TaskState.COMPLETED, {"removed": 2})
    left = await store.read(lambda uow: uow.ledger.page(limit=99))
    assert [each.id for each in left] == [1, 2, 3]
