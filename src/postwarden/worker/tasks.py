"""The tasks there are: each alternates transactions until nothing is left."""

from collections.abc import Awaitable, Callable, Mapping
from typing import cast

from postwarden.model.cases import PlanItem
from postwarden.model.errors import MailError, Unavailable
from postwarden.services import delivery, removals, tasks
from postwarden.services.cases import running, undoing
from postwarden.worker.context import Lease

Handler = Callable[[Lease], Awaitable[None]]


async def expand_delivery(lease: Lease) -> None:
    """Deliver a mail to its many recipients, in chunks."""
    reception = _number(lease, "reception")
    done = 0
    while count := await lease.context.store.transact(delivery.expand, reception):
        done += count
        await lease.renew(done, 0)


async def run_case(lease: Lease) -> None:
    """Act on the pending items of a case's plan, in chunks."""
    case = _number(lease, "case")
    store = lease.context.store
    if lease.task.attempts > 1:  # time has passed since whoever began checked it
        await running.check_plan(store, case)
    done, total = 0, 1
    while done < total:
        try:
            done, total = await store.transact(
                running.run_chunk, case, limit=lease.context.case_batch
            )
        except Unavailable:
            raise
        except MailError:
            done, total = await _run_one_by_one(lease, case)
        await lease.renew(done, total)


async def _run_one_by_one(lease: Lease, case: int) -> tuple[int, int]:
    """Find the item that makes a chunk fail, and set it aside."""
    store = lease.context.store
    done, total = 0, 1
    for _ in range(lease.context.case_batch):
        item: PlanItem | None = await store.read(running.next_pending, case)
        if item is None:
            break
        try:
            done, total = await store.transact(running.run_chunk, case, limit=1)
        except Unavailable:
            raise
        except MailError as error:
            await store.transact(running.fail_item, case, item, error)
    return done, total


async def undo_case(lease: Lease) -> None:
    """Return what a case removed, in chunks."""
    case = _number(lease, "case")
    accounts = cast("list[int]", lease.task.payload.get("accounts", []))
    done = 0
    while True:
        undone = await lease.context.store.transact(
            undoing.undo_chunk, case, accounts, limit=lease.context.case_batch
        )
        done += undone.restored + undone.failed
        await lease.renew(done, 0)
        if not undone.left:
            return


async def vault_account(lease: Lease) -> None:
    """Move the mail of a removed account into the vault, in chunks."""
    account = _number(lease, "account")
    done = 0
    while count := await lease.context.store.transact(removals.vault_chunk, account):
        done += count
        await lease.renew(done, 0)


async def purge_tasks(lease: Lease) -> None:
    """Forget tasks that ended long ago, in chunks."""
    context, done = lease.context, 0
    while count := await context.store.transact(tasks.purge_chunk, context.keep_tasks):
        done += count
        await lease.renew(done, 0)


def _number(lease: Lease, name: str) -> int:
    return int(cast("int", lease.task.payload[name]))


HANDLERS: Mapping[str, Handler] = {
    delivery.EXPAND: expand_delivery,
    running.TASK: run_case,
    undoing.TASK: undo_case,
    removals.TASK: vault_account,
    tasks.PURGE: purge_tasks,
}
