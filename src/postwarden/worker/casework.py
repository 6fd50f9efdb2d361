"""The tasks of a case: running a plan, undoing what was done, closing."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from postwarden.model.cases import OwnerNotice, Plan, PlanItem
from postwarden.model.errors import MailError, Unavailable
from postwarden.services.cases import arming, closing, notifying, running, undoing
from postwarden.services.cases.elsewhere import containing, returning, runs
from postwarden.services.cases.elsewhere.copies import Unreached, connected
from postwarden.services.cases.notifying import Note
from postwarden.services.cases.undoing import Whose
from postwarden.services.ingest import new_message
from postwarden.services.ports import Connect
from postwarden.worker.context import Lease, number


async def run_case(lease: Lease) -> None:
    """Act on the pending items of a case's plan, in chunks."""
    case = number(lease, "case")
    store = lease.context.store
    if lease.task.attempts > 1:  # time has passed since whoever began checked it
        await running.check_plan(store, case)

    async def act(limit: int) -> Step:
        progress = await store.transact(running.run_chunk, case, limit=limit)
        return Step(progress.done, progress.total, left=progress.left)

    async def set_aside(error: MailError) -> bool:
        return await store.transact(running.fail_next, case, error)

    await _in_chunks(lease, act, set_aside)
    names = await store.read(runs.systems, case)
    if names:
        await _on_each(names, lambda name: _contain_on(lease, case, name))
        await store.transact(runs.end, case)


async def _on_each(
    names: Sequence[str], act: Callable[[str], Coroutine[None, None, None]]
) -> None:
    """Work on several systems at a time, until all are done or something is wrong."""
    try:
        async with asyncio.TaskGroup() as group:
            for name in names:
                group.create_task(act(name))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None  # as if there had been one system


async def _contain_on(lease: Lease, case: int, name: str) -> None:
    """Contain a case's copies on one system; one that is not reached stops no other."""
    store = lease.context.store

    async def step() -> None:
        progress = await store.read(runs.progress, case)
        await lease.renew(progress.done, progress.total)

    try:
        system = await store.read(runs.system, case, name)
        async with connected(_connect(lease), system) as way:
            await containing.contain(store, way, case, system=name, step=step)
    except Unreached as error:
        await store.transact(runs.unreached, case, name, str(error))


def _connect(lease: Lease) -> Connect:
    if lease.context.connect is None:
        raise Unreached("other systems cannot be reached from here")
    return lease.context.connect


async def undo_case(lease: Lease) -> None:
    """Return what a case removed, in chunks."""
    case, payload = number(lease, "case"), lease.task.payload
    whose = Whose(
        accounts=tuple(cast("list[int]", payload.get("accounts", ()))),
        addresses=tuple(cast("list[str]", payload.get("addresses", ()))),
        to=cast("int | None", payload.get("to")),
    )
    store = lease.context.store
    done = 0

    async def act(limit: int) -> Step:
        nonlocal done
        undone = await store.transact(undoing.undo_chunk, case, whose, limit=limit)
        done += undone.restored + undone.failed
        return Step(done, 0, left=undone.left)

    async def set_aside(error: MailError) -> bool:
        return await store.transact(undoing.fail_next, case, whose, error)

    await _in_chunks(lease, act, set_aside)
    names = await store.read(returning.systems, case, whose)
    await _on_each(names, lambda name: _return_on(lease, case, name, whose))
    await store.transact(undoing.end, case)


async def _return_on(lease: Lease, case: int, name: str, whose: Whose) -> None:
    """Return a case's copies on one system; one that is not reached stops no other."""
    context, store = lease.context, lease.context.store

    async def step() -> None:
        await lease.renew(0, 0)

    try:
        system = await store.read(returning.system, case, name)
        async with connected(_connect(lease), system) as way:
            await returning.give_back(
                store, context.blobs, way, case, system=name, whose=whose, step=step
            )
    except Unreached as error:
        await store.transact(returning.unreached, case, name, whose, str(error))


async def close_case(lease: Lease) -> None:
    """Start the retention of what a closed case contains; beginning anew is no harm."""
    case, store = number(lease, "case"), lease.context.store
    at: closing.Position | None = closing.Position()
    while at is not None:
        await lease.renew(at.done, 0)
        at = await store.transact(closing.close_chunk, case, at)


async def notify_owners(lease: Lease) -> Mapping[str, object]:
    """Place what a plan tells owners; beginning anew places nothing twice."""
    context, number_of = lease.context, number(lease, "plan")
    store = context.store
    plan = await store.read(lambda uow: uow.cases.plan(number_of))
    first: dict[int, PlanItem] = {}
    lines: dict[int, list[str]] = {}
    counts: Counter[int] = Counter()
    placed = after = 0
    while True:
        items, known = await store.read(notifying.page, plan, after)
        if not items:
            break
        after = items[-1].item
        if plan.notice is OwnerNotice.STUB:
            stubs = [notifying.stub(plan, i, known.get(i.sha256)) for i in items]
            placed += await _place(lease, plan, stubs)
            continue
        for item in items:
            first.setdefault(item.account, item)
            counts[item.account] += 1
            listed = lines.setdefault(item.account, [])
            if len(listed) < notifying.LISTED:
                listed.append(notifying.line(item, known.get(item.sha256)))
    digests = [
        notifying.digest(plan, item, lines[account], counts[account])
        for account, item in first.items()
    ]
    for start in range(0, len(digests), notifying.CHUNK):
        placed += await _place(lease, plan, digests[start : start + notifying.CHUNK])
    return {"placed": placed}


async def _place(lease: Lease, plan: Plan, notes: Sequence[Note]) -> int:
    """Make the content of some notes durable, then place them."""
    context = lease.context
    ready = []
    for note in notes:
        sha256 = await context.blobs.put(note.content)
        ready.append((note, new_message(sha256, note.content)))
    placed = await context.store.transact(notifying.place, plan, ready)
    await lease.renew(placed, 0)
    return placed


async def forget_rules(lease: Lease) -> None:
    """Forget what armed rules look for whose time is over."""
    while await lease.context.store.transact(arming.forget_chunk):
        pass


@dataclass(frozen=True, slots=True)
class Step:
    """How far work on a case's items is after a chunk."""

    done: int
    total: int  # 0 when unknown
    left: bool


async def _in_chunks(
    lease: Lease,
    act: Callable[[int], Awaitable[Step]],
    set_aside: Callable[[MailError], Awaitable[bool]],
) -> None:
    """Act on chunk after chunk until nothing is left.

    `act` takes a number of items. When a chunk fails its items are taken one by
    one, and those that fail alone are set aside: one never stops the others.
    Unavailable is nobody's fault, so it ends the attempt.
    """
    batch = lease.context.case_batch
    singly = 0  # items still to be taken one by one
    left = True
    while left:
        try:
            step = await act(1 if singly else batch)
        except Unavailable:
            raise
        except MailError as error:
            if not singly:
                singly = batch
            elif await set_aside(error):
                singly -= 1
            else:  # no item is left that could have been the reason
                raise
        else:
            left = step.left
            singly = max(0, singly - 1)
            await lease.renew(step.done, step.total)
