"""What accounts use, counted anew: counters are made to agree with the copies."""

from dataclasses import dataclass

from postwarden.model.accounts import Account, Usage
from postwarden.model.actors import Actor
from postwarden.model.directory import EntryKind
from postwarden.model.permissions import Permission
from postwarden.model.tasks import Task
from postwarden.services import access, audit, tasks
from postwarden.services.ports import UnitOfWork

TASK = "quota.recompute"
CHUNK = 20  # accounts per transaction: each reads all its copies


def start(uow: UnitOfWork, actor: Actor, *, per_second: int) -> Task:
    """Make a task of counting what every account uses.

    `per_second` is told with the task to who asked for it. Chunks are so short that
    nothing is slowed down for it.
    """
    access.require(actor, Permission.ACCOUNT_QUOTA)
    access.everything(actor, "count what accounts of every domain use")
    audit.record(uow, actor, "quota.recompute", tasks.STORE)
    payload = {"per_second": per_second}
    return tasks.submit(uow, actor, TASK, tasks.STORE, payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """What a chunk did: the last key, how many were counted, how many were wrong."""

    after: str
    counted: int
    corrected: int


def chunk(uow: UnitOfWork, after: str, *, limit: int = CHUNK) -> Recomputed | None:
    """Count what the next accounts use; None ends it."""
    found = uow.directory.page([EntryKind.ACCOUNT], after=after, limit=limit)
    if not found:
        return None
    known = uow.accounts.many(each.account for each in found if each.account)
    corrected = sum(_correct(uow, account) for account in known.values())
    return Recomputed(
        after=found[-1].address.key, counted=len(known), corrected=corrected
    )


def _correct(uow: UnitOfWork, account: Account) -> bool:
    counted = uow.accounts.counted(account.id)
    missing = Usage(
        octets=counted.octets - account.used_octets,
        messages=counted.messages - account.used_messages,
        vault_octets=counted.vault_octets - account.vault_octets,
        vault_messages=counted.vault_messages - account.vault_messages,
    )
    if missing != Usage():
        uow.accounts.use([(account.id, missing)])
    return missing != Usage()
