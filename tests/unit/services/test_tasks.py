"""Tasks as administrators see them: whose they are, and what stops them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.cases import CaseState
from postwarden.model.errors import Forbidden, NotFound, Refused
from postwarden.model.permissions import EVERYTHING, Permission
from postwarden.model.tasks import Task, TaskState
from postwarden.services import awaiting, delivery, steering, tasks
from postwarden.services.cases import running
from postwarden.services.ports import Store, UnitOfWork
from postwarden.worker.tasks import HANDLERS
from tests.support.factories import Clock, case

NARROW = Actor(name="nora", permissions=EVERYTHING, domains=frozenset({"example.org"}))
OTHER = replace(NARROW, name="otto", domains=frozenset({"example.net"}))
RUN = tasks.PURGE


async def submitted(
    store: Store,
    actor: Actor = OPERATOR,
    name: str = RUN,
    *,
    domain: str | None = None,
    subject: str = "1",
) -> Task:
    return await store.transact(
        tasks.submit, actor, name, subject, {"case": 1}, domain=domain
    )


async def lease(store: Store) -> None:
    def take(uow: UnitOfWork) -> None:
        until = uow.now + timedelta(minutes=1)
        uow.tasks.lease("w", names=[RUN], now=uow.now, until=until)

    await store.transact(take)


async def fail(store: Store, task: Task) -> None:
    def end(uow: UnitOfWork) -> None:
        until = uow.now + timedelta(minutes=1)
        uow.tasks.lease("w", names=[task.name], now=uow.now, until=until)
        uow.tasks.finish(task.id, "w", TaskState.FAILED, uow.now, error="no")

    await store.transact(end)


async def visible(store: Store, actor: Actor) -> list[int]:
    page = await store.read(tasks.page, actor, limit=99)
    return [task.id for task in page]


def test_every_task_says_whether_it_can_be_canceled() -> None:
    assert steering.CANCELABLE.keys() | steering.MUST_END.keys() == HANDLERS.keys()
    assert not steering.CANCELABLE.keys() & steering.MUST_END.keys()


async def test_who_submitted_a_task_and_with_which_request(store: Store) -> None:
    task = await submitted(store, replace(NARROW, request_id="r1"))
    assert (task.actor, task.request_id, task.domain) == ("nora", "r1", None)


async def test_a_task_is_seen_by_its_submitter_and_by_its_domain(
    store: Store,
) -> None:
    own = await submitted(store, NARROW, subject="1")
    ours = await submitted(store, OPERATOR, subject="2", domain="example.org")
    foreign = await submitted(store, OTHER, subject="3", domain="example.net")
    system = await submitted(store, OPERATOR, subject="4")

    assert await visible(store, OPERATOR) == [*(system.id, foreign.id, ours.id, own.id)]
    assert await visible(store, NARROW) == [ours.id, own.id]
    assert await visible(store, OTHER) == [foreign.id]
    assert (await store.read(tasks.find, NARROW, own.id)).id == own.id
    for hidden in (foreign.id, system.id, 99, 2**63 - 1, 2**70, 0, -5):
        with pytest.raises(NotFound, match=f"task {hidden} does not exist"):
            await store.read(tasks.find, NARROW, hidden)
        with pytest.raises(NotFound):
            await store.transact(steering.cancel, NARROW, hidden)
        with pytest.raises(NotFound):
            await store.transact(steering.retry, NARROW, hidden)


async def test_permissions_are_asked_before_anything_is_looked_up(
    store: Store,
) -> None:
    nobody = Actor(name="eve", permissions=EVERYTHING - {Permission.TASK_READ})
    reader = Actor(name="eve", permissions=frozenset({Permission.TASK_READ}))
    with pytest.raises(Forbidden):
        await store.read(tasks.find, nobody, 99)
    with pytest.raises(Forbidden):
        await store.read(tasks.page, nobody, limit=1)
    with pytest.raises(Forbidden):
        await store.transact(steering.cancel, reader, 99)
    with pytest.raises(Forbidden):
        await store.transact(steering.retry, reader, 99)


async def audited(store: Store) -> list[tuple[str, str, str]]:
    entries = await store.read(lambda uow: uow.audit.page(limit=99))
    return [(each.action, each.object, each.reason) for each in entries]


async def test_canceling_is_audited_once(store: Store) -> None:
    task = await submitted(store)
    await lease(store)
    asked = await store.transact(steering.cancel, OPERATOR, task.id, reason="wrong")
    again = await store.transact(steering.cancel, OPERATOR, task.id, reason="again")
    assert asked.state is again.state is TaskState.CANCELED_REQUESTED
    assert await audited(store) == [("task.cancel", f"task {task.id}", "wrong")]


async def test_to_cancel_the_run_of_a_case_is_to_stop_the_case(store: Store) -> None:
    def run(uow: UnitOfWork) -> tuple[int, Task]:
        number = uow.cases.add(case(state=CaseState.RUNNING)).id
        payload = {"case": number}
        return number, tasks.submit(uow, OPERATOR, running.TASK, str(number), payload)

    number, task = await store.transact(run)
    await store.transact(steering.cancel, OPERATOR, task.id)
    assert (await store.read(lambda uow: uow.cases.get(number))).state is (
        CaseState.STOPPED
    )
    assert [action for action, *_ in await audited(store)] == ["task.cancel"]


async def test_what_has_ended_is_not_canceled(store: Store) -> None:
    task = await submitted(store)
    await store.transact(steering.cancel, OPERATOR, task.id)
    with pytest.raises(Refused, match="has ended: it is canceled"):
        await store.transact(steering.cancel, OPERATOR, task.id)


async def test_mail_that_was_accepted_cannot_be_canceled(store: Store) -> None:
    task = await submitted(store, name=delivery.EXPAND)
    with pytest.raises(Refused, match="cannot be canceled: the mail was accepted"):
        await store.transact(steering.cancel, OPERATOR, task.id)
    assert not await audited(store)


async def test_what_must_end_and_failed_is_tried_again(store: Store) -> None:
    old = await submitted(store, NARROW, delivery.EXPAND, domain="example.org")
    with pytest.raises(Refused, match="waiting"):
        await store.transact(steering.retry, OPERATOR, old.id)
    await fail(store, old)

    new = await store.transact(steering.retry, OPERATOR, old.id)

    assert new.id > old.id
    assert (new.name, new.subject, new.payload) == (old.name, "1", old.payload)
    assert (new.actor, new.domain) == ("operator", "example.org")
    assert await audited(store) == [("task.retry", f"task {old.id}", "")]


async def test_what_was_ordered_is_ordered_again_not_retried(store: Store) -> None:
    """The approval of a case is checked when it is run, not by its task."""
    old = await submitted(store)
    await fail(store, old)
    with pytest.raises(Refused, match="give its order again"):
        await store.transact(steering.retry, OPERATOR, old.id)


async def test_waiting_ends_when_the_task_does(store: Store, clock: Clock) -> None:
    task = await submitted(store)
    heard: list[TaskState] = []

    async def end() -> None:
        await store.transact(steering.cancel, OPERATOR, task.id)

    ended = await awaiting.wait_for(store, OPERATOR, task.id, seconds=0)
    assert ended.state is TaskState.WAITING
    await end()
    ended = await awaiting.wait_for(
        store, OPERATOR, task.id, heard=lambda now: heard.append(now.state)
    )
    assert ended.state is TaskState.CANCELED
    assert heard == [TaskState.CANCELED]
    with pytest.raises(NotFound):
        await awaiting.wait_for(store, NARROW, task.id)
