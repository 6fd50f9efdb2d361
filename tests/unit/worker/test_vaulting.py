"""From the end of retention to octets that are gone, and mail that comes again."""

from datetime import timedelta
from hashlib import sha256

import pytest

from postwarden.adapters.memory.content import MemoryBlobs
from postwarden.model.errors import NotFound
from postwarden.model.mailboxes import CopyState
from postwarden.model.messages import Message
from postwarden.model.queries import parse
from postwarden.model.queue import QueueEntry, QueueState
from postwarden.model.tasks import TaskState
from postwarden.services import contents, ingest, placement, vault, vault_restoring
from postwarden.services.indexing import index_next
from postwarden.services.ports import UnitOfWork
from postwarden.worker import runner
from postwarden.worker.context import WorkerContext
from tests.support.factories import NOW, Clock
from tests.unit.services.world import add_account, add_domain, at

MAIL = b"From: eve@evil.example\r\nSubject: Secret\r\n\r\nUnrepeatable words.\r\n"


@pytest.fixture
def blobs(context: WorkerContext, clock: Clock) -> MemoryBlobs:
    assert isinstance(context.blobs, MemoryBlobs)
    context.blobs.clock = clock
    return context.blobs


def deliver(uow: UnitOfWork, content: bytes) -> int:
    """File content, which is stored already, for ada."""
    if uow.domains.find("example.org") is None:
        add_domain(uow)
        add_account(uow, at("ada"))
    message = uow.messages.add(ingest.new_message(sha256(content).digest(), content))
    box = placement.mailbox_named(uow, 1, "INBOX")
    new = placement.NewCopy(
        account=1,
        mailbox=box.id,
        message=message.id,
        size=message.size,
        internal_date=uow.now,
    )
    return placement.file(uow, [new])[0].id


def delete(uow: UnitOfWork, *copies: int) -> None:
    known = uow.copies.many(copies)
    placement.withdraw(uow, list(known.values()), CopyState.VAULTED)


async def receive(context: WorkerContext, content: bytes = MAIL) -> int:
    await context.blobs.put(content)
    copy = await context.store.transact(deliver, content)
    while await index_next(context.index, context.blobs):
        pass
    return copy


async def run(context: WorkerContext, name: str) -> dict[str, object]:
    task = await context.store.transact(
        lambda uow: uow.tasks.add(name, "now", {}, uow.now)
    )
    ended = await runner.run_task(context, task.id)
    assert ended.state is TaskState.COMPLETED, ended.error
    return dict(ended.result or {})


async def expire(context: WorkerContext) -> dict[str, object]:
    return await run(context, vault.EXPIRE)


def find_words(uow: UnitOfWork) -> list[int]:
    query = parse("unrepeatable", now=NOW)
    return list(uow.copies.search(query, states=tuple(CopyState), similar={}))


def known(uow: UnitOfWork) -> Message | None:
    return uow.messages.find(sha256(MAIL).digest())


async def test_the_last_copy_takes_the_content_along(
    context: WorkerContext, blobs: MemoryBlobs, clock: Clock
) -> None:
    store = context.store
    copies = [await receive(context), await receive(context)]
    await store.transact(delete, copies[0])
    clock.forward(days=10)
    await store.transact(delete, copies[1])

    clock.forward(days=20)
    assert await expire(context) == {
        "destroyed": 1,
        "octets": len(MAIL),
        "removed": 0,
    }
    assert await blobs.get(sha256(MAIL).digest()) == MAIL
    assert await store.read(find_words) == copies[1:]

    clock.forward(days=10)
    assert (await expire(context))["removed"] == 1
    with pytest.raises(NotFound):
        await blobs.get(sha256(MAIL).digest())
    gone = await store.read(known)
    assert gone is not None
    assert (gone.is_emptied, gone.subject) == (True, "Secret")

    def traced(uow: UnitOfWork) -> set[str | None]:
        found = uow.ledger.search(parse("event:PURGE", now=NOW), similar={})
        return {row.subject for row in uow.ledger.rows(found)}

    assert await store.read(traced) == {"Secret"}


async def test_the_same_mail_may_come_again(
    context: WorkerContext, blobs: MemoryBlobs, clock: Clock
) -> None:
    await context.store.transact(delete, await receive(context))
    clock.forward(days=31)
    await expire(context)

    copy = await receive(context)

    assert await context.store.read(find_words) == [copy]
    assert await blobs.get(sha256(MAIL).digest()) == MAIL
    assert await run(context, contents.TASK) == {"removed": 0}
    assert await context.store.read(find_words) == [copy]


async def test_content_that_is_just_being_stored_again_stays(
    context: WorkerContext, blobs: MemoryBlobs, clock: Clock
) -> None:
    await context.store.transact(delete, await receive(context))
    clock.forward(days=31)
    await blobs.put(MAIL)  # its rows are not committed yet

    assert (await expire(context))["removed"] == 0

    assert await blobs.get(sha256(MAIL).digest()) == MAIL
    copy = await context.store.transact(deliver, MAIL)
    assert await context.store.read(
        lambda uow: [each.hold for each in uow.copies.facts([copy])]
    ) == [()]
    clock.forward(days=2)
    assert (await run(context, contents.TASK))["removed"] == 0
    assert await blobs.get(sha256(MAIL).digest()) == MAIL


async def test_what_nobody_took_up_goes_after_the_grace(
    context: WorkerContext, blobs: MemoryBlobs, clock: Clock
) -> None:
    await context.store.transact(delete, await receive(context))
    clock.forward(days=31)
    await blobs.put(MAIL)  # of a client that hung up before its mail was accepted
    await expire(context)

    clock.now += contents.GRACE + timedelta(seconds=1)
    assert (await run(context, contents.TASK))["removed"] == 1
    with pytest.raises(NotFound):
        await blobs.get(sha256(MAIL).digest())


async def test_what_the_queue_needs_is_looked_at_again(
    context: WorkerContext, blobs: MemoryBlobs, clock: Clock
) -> None:
    store = context.store
    copy = await receive(context)

    def park(uow: UnitOfWork) -> None:
        uow.queue.add(
            [
                QueueEntry(
                    trace_id="t",
                    reception=1,
                    recipient=0,
                    message=uow.copies.many([copy])[copy].message,
                    reverse_path=None,
                    forward_path=at("x"),
                    via=at("x"),
                    state=QueueState.PARKED,
                    created_at=NOW,
                )
            ]
        )

    await store.transact(park)
    await store.transact(delete, copy)
    clock.forward(days=31)

    assert (await expire(context))["removed"] == 0
    found = await store.read(known)
    assert found is not None
    assert not found.is_emptied
    assert await store.read(lambda uow: uow.disposal.due(uow.now, 9)) == []
    clock.forward(days=1)
    assert await store.read(lambda uow: uow.disposal.due(uow.now, 9)) == [found]


async def test_a_copy_filed_meanwhile_takes_its_message_off_the_list(
    context: WorkerContext, blobs: MemoryBlobs, clock: Clock
) -> None:
    store = context.store
    await store.transact(delete, await receive(context))
    clock.forward(days=31)
    while (await store.transact(vault.expire_chunk)).left:
        pass
    copy = await receive(context)

    assert await run(context, contents.TASK) == {"removed": 0}

    assert await store.read(find_words) == [copy]
    assert await store.read(lambda uow: uow.disposal.due(uow.now, 9)) == []


async def test_a_sweep_that_was_cut_off_is_finished(
    context: WorkerContext, blobs: MemoryBlobs, clock: Clock
) -> None:
    store = context.store
    await store.transact(delete, await receive(context))
    clock.forward(days=31)
    while (await store.transact(vault.expire_chunk)).left:
        pass
    while await store.transact(contents.empty_chunk):
        pass  # and here the process dies

    assert await run(context, contents.TASK) == {"removed": 1}
    with pytest.raises(NotFound):
        await blobs.get(sha256(MAIL).digest())


async def test_restoring_runs_as_a_task_and_says_what_failed(
    context: WorkerContext, blobs: MemoryBlobs
) -> None:
    store = context.store
    copies = [await receive(context), await receive(context)]
    await store.transact(delete, *copies)
    payload = {"query": "unrepeatable", "item": None, "to": None}
    task = await store.transact(
        lambda uow: uow.tasks.add(vault_restoring.TASK, "x", payload, uow.now)
    )

    ended = await runner.run_task(context, task.id)

    assert ended.result == {"restored": 2, "failed": 0, "reasons": []}
    assert await store.read(
        lambda uow: {each.state for each in uow.copies.facts(copies)}
    ) == {CopyState.LIVE}
