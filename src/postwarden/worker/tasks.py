"""The tasks there are: each alternates transactions until nothing is left."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import cast

from postwarden.model.actors import Actor
from postwarden.model.mailboxes import DiscardKind
from postwarden.services import (
    contents,
    deliveries,
    delivery,
    holds,
    ledger_retention,
    notices,
    removals,
    tasks,
    vault,
    vault_restoring,
)
from postwarden.services.audit import anchoring, verifying
from postwarden.services.cases import arming, closing, notifying, running, undoing
from postwarden.services.logins import guard, sessions
from postwarden.services.mailboxes import keeping
from postwarden.services.quotas import recomputing, saying
from postwarden.worker import auditing, casework, holding, vaulting, webhooks
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


async def vault_account(lease: Lease) -> None:
    """Move the mail of a removed account into the vault, in chunks."""
    account = number(lease, "account")
    done = 0
    while count := await lease.context.store.transact(removals.vault_chunk, account):
        done += count
        await lease.renew(done, 0)


async def remove_mailbox(lease: Lease) -> None:
    """Throw a mailbox away with what lies in it, in chunks."""
    payload, done = lease.task.payload, 0
    actor = Actor(
        name=str(payload["actor"]),
        dialect=str(payload["dialect"]),
        on_behalf_of=cast("str | None", payload["on_behalf_of"]),
        account=number(lease, "account"),
    )
    kind = DiscardKind(str(payload["kind"]))
    mailbox = number(lease, "mailbox")
    remove = keeping.remove_chunk
    while await lease.context.store.transact(remove, actor, mailbox, kind):
        done += keeping.CHUNK
        await lease.renew(done, 0)


async def apply_quotas(lease: Lease) -> Mapping[str, object]:
    """Write what is said of a domain's quotas, or of all, to accounts, in chunks."""
    domain = cast("str | None", lease.task.payload["domain"])
    done, after = 0, ""
    while chunk := await lease.context.store.transact(
        saying.apply_chunk, domain, after
    ):
        after, count = chunk
        done += count
        await lease.renew(done, 0)
    return {"accounts": done}


async def recompute_usage(lease: Lease) -> Mapping[str, object]:
    """Count anew what accounts use, in chunks."""
    counted = corrected = 0
    after = ""
    while chunk := await lease.context.store.transact(recomputing.chunk, after):
        after = chunk.after
        counted += chunk.counted
        corrected += chunk.corrected
        await lease.renew(counted, 0)
    return {"accounts": counted, "corrected": corrected}


async def purge_tasks(lease: Lease) -> Mapping[str, object]:
    """Forget tasks that ended long ago, in chunks."""
    context, done = lease.context, 0
    while count := await context.store.transact(tasks.purge_chunk, context.keep_tasks):
        done += count
        await lease.renew(done, 0)
    return {"removed": done}


async def purge_ledger(lease: Lease) -> Mapping[str, object]:
    """Forget events that are older than their kind is kept, in chunks.

    Its progress is the last event that it has looked at: a ledger is long, and who
    takes an attempt over goes on behind that one.
    """
    context = lease.context
    after, removed, left = lease.task.done, 0, True
    while left:
        chunk = await context.store.transact(
            ledger_retention.purge_chunk, context.keep_events, after=after
        )
        after, left = chunk.up_to, chunk.left
        removed += chunk.removed
        await lease.renew(after, 0)
    return {"removed": removed}


async def purge_logins(lease: Lease) -> None:
    """Forget sessions and links that ended, and attempts of long ago, in chunks."""
    done = 0
    for forget in (sessions.forget_ended, guard.forget_old):
        while count := await lease.context.store.transact(forget):
            done += count
            await lease.renew(done, 0)


@dataclass(frozen=True, slots=True)
class Lane:
    """Tasks that wait for each other and for no task of another lane."""

    names: frozenset[str]
    slots: int


HANDLERS: Handlers = {
    anchoring.SIGN_HEAD: auditing.sign_head,
    verifying.TASK: auditing.verify_log,
    delivery.EXPAND: expand_delivery,
    running.TASK: casework.run_case,
    undoing.TASK: casework.undo_case,
    closing.TASK: casework.close_case,
    notifying.TASK: casework.notify_owners,
    arming.PURGE: casework.forget_rules,
    ledger_retention.PURGE: purge_ledger,
    removals.TASK: vault_account,
    keeping.REMOVE: remove_mailbox,
    vault.EXPIRE: vaulting.expire_vault,
    contents.TASK: vaulting.sweep_contents,
    vault.REDATE: vaulting.redate_vault,
    vault_restoring.TASK: vaulting.restore_from_vault,
    holds.PLACE: holding.place_hold,
    holds.RELEASE: holding.release_hold,
    sessions.PURGE: purge_logins,
    saying.APPLY: apply_quotas,
    recomputing.TASK: recompute_usage,
    tasks.PURGE: purge_tasks,
    notices.DELIVER: webhooks.deliver,
    deliveries.PURGE: webhooks.purge,
}

_MAIL = Lane(frozenset({delivery.EXPAND}), 1)
_NETWORK = Lane(frozenset({notices.DELIVER}), 4)
LANES = (
    _MAIL,
    _NETWORK,
    Lane(frozenset(HANDLERS) - _MAIL.names - _NETWORK.names, 1),
)
"""Mail that was accepted waits for no case, and nobody waits for the network."""
