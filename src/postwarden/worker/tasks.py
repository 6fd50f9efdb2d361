"""The tasks there are: each alternates transactions until nothing is left."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import cast

from postwarden.model.errors import MailError, Unavailable
from postwarden.services import (
    audit_anchoring,
    delivery,
    holds,
    removals,
    sessions,
    tasks,
    vault,
    vault_restoring,
)
from postwarden.services.cases import running, undoing
from postwarden.worker import holding, vaulting
from postwarden.worker.context import Lease, number

Handler = Callable[[Lease], Awaitable[Mapping[str, object] | None]]
"""Does a task; what it returns is JSON and stays with the task as its result."""
Handlers = Mapping[str, Handler]


async def expand_delivery(lease: Lease) -> None:
    """Deliver a mail to its many recipients, in chunks."""
    reception = number(lease, "reception")
    done = 0
    while count := await lease.context.store.transact(delivery.expand, reception):
        done += count
        await lease.renew(done, 0)


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


async def undo_case(lease: Lease) -> None:
    """Return what a case removed, in chunks."""
    case = number(lease, "case")
    accounts = cast("list[int]", lease.task.payload.get("accounts", []))
    store = lease.context.store
    done = 0

    async def act(limit: int) -> Step:
        nonlocal done
        undone = await store.transact(undoing.undo_chunk, case, accounts, limit=limit)
        done += undone.restored + undone.failed
        return Step(done, 0, left=undone.left)

    async def set_aside(error: MailError) -> bool:
        return await store.transact(undoing.fail_next, case, accounts, error)

    await _in_chunks(lease, act, set_aside)


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


async def vault_account(lease: Lease) -> None:
    """Move the mail of a removed account into the vault, in chunks."""
    account = number(lease, "account")
    done = 0
    while count := await lease.context.store.transact(removals.vault_chunk, account):
        done += count
        await lease.renew(done, 0)


async def purge_tasks(lease: Lease) -> Mapping[str, object]:
    """Forget tasks that ended long ago, in chunks."""
    context, done = lease.context, 0
    while count := await context.store.transact(tasks.purge_chunk, context.keep_tasks):
        done += count
        await lease.renew(done, 0)
    return {"removed": done}


async def sign_audit_head(lease: Lease) -> None:
    """Sign the newest entry of the audit log."""
    if lease.context.signer is not None:
        await audit_anchoring.sign_head(lease.context.store, lease.context.signer)


async def purge_logins(lease: Lease) -> None:
    """Forget sessions and links that ended, in chunks."""
    done = 0
    while count := await lease.context.store.transact(sessions.forget_ended):
        done += count
        await lease.renew(done, 0)


HANDLERS: Handlers = {
    audit_anchoring.SIGN_HEAD: sign_audit_head,
    delivery.EXPAND: expand_delivery,
    running.TASK: run_case,
    undoing.TASK: undo_case,
    removals.TASK: vault_account,
    vault.EXPIRE: vaulting.expire_vault,
    vault.REDATE: vaulting.redate_vault,
    vault_restoring.TASK: vaulting.restore_from_vault,
    holds.PLACE: holding.place_hold,
    holds.RELEASE: holding.release_hold,
    sessions.PURGE: purge_logins,
    tasks.PURGE: purge_tasks,
}
