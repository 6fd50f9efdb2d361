"""Canceling tasks and trying them again: which allow it, and what else it means."""

from collections.abc import Callable, Mapping

from postwarden.model.actors import Actor
from postwarden.model.errors import Refused
from postwarden.model.permissions import Permission
from postwarden.model.tasks import Task, TaskState
from postwarden.services import (
    access,
    audit,
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
from postwarden.services.logins import sessions
from postwarden.services.mailboxes import keeping
from postwarden.services.ports import UnitOfWork
from postwarden.services.quotas import recomputing, saying

Stop = Callable[[UnitOfWork, Actor, Task], None]


def nothing_else(_uow: UnitOfWork, _actor: Actor, _task: Task) -> None:
    """Leave what the task worked on as it is: the same order again goes on."""


CANCELABLE: Mapping[str, Stop] = {
    running.TASK: running.canceled,
    undoing.TASK: running.canceled,
    anchoring.SIGN_HEAD: nothing_else,
    verifying.TASK: nothing_else,
    arming.PURGE: nothing_else,
    notifying.TASK: nothing_else,
    sessions.PURGE: nothing_else,
    ledger_retention.PURGE: nothing_else,
    tasks.PURGE: nothing_else,
    vault.EXPIRE: nothing_else,
    contents.TASK: nothing_else,
    recomputing.TASK: nothing_else,
    vault_restoring.TASK: nothing_else,
    deliveries.PURGE: nothing_else,
}
"""What to do, in the same transaction, when a task of that name is canceled."""

MUST_END: Mapping[str, str] = {
    delivery.EXPAND: "the mail was accepted, so it is delivered",
    removals.TASK: "the account is gone, and its mail belongs into the vault",
    keeping.REMOVE: "the mailbox is gone, and its mail belongs into the vault",
    holds.PLACE: "nothing that is to be held may be destroyed before it is marked",
    holds.RELEASE: "the hold is released",
    closing.TASK: "the case is closed, and its copies get their clock",
    vault.REDATE: "the domain has another retention",
    saying.APPLY: "accounts have other quotas",
    notices.DELIVER: "cancel deliveries instead, or disable the webhook",
}
"""Why a task of that name cannot be canceled, and is tried again when it failed."""


def cancel(uow: UnitOfWork, actor: Actor, number: int, *, reason: str = "") -> Task:
    """End a waiting task; let one in progress stop at its next chunk.

    To cancel it again changes nothing. Raises Refused for a task that has ended or
    that must end, NotFound, Forbidden.
    """
    access.require(actor, Permission.TASK_READ, Permission.TASK_CANCEL)
    task = tasks.find(uow, actor, number)
    if task.has_ended:
        raise Refused(f"task {number} has ended: it is {task.state}")
    if task.name not in CANCELABLE:
        why = MUST_END.get(task.name, "it must end")
        raise Refused(f"task {number} ({task.name}) cannot be canceled: {why}")
    canceled = uow.tasks.cancel(number, uow.now)
    if canceled.state is task.state:
        return canceled
    CANCELABLE[task.name](uow, actor, canceled)
    audit.record(
        uow,
        actor,
        "task.cancel",
        f"task {number}",
        before={"state": task.state.value, "name": task.name, "subject": task.subject},
        after={"state": canceled.state.value},
        reason=reason,
        domains=None if task.domain is None else (task.domain,),
    )
    return canceled


def retry(uow: UnitOfWork, actor: Actor, number: int) -> Task:
    """Submit a task that must end and has failed once more; return the new one.

    Raises Refused for any other: what was ordered is ordered again, so that it is
    checked again. Raises NotFound, Forbidden.
    """
    access.require(actor, Permission.TASK_READ, Permission.TASK_CANCEL)
    task = tasks.find(uow, actor, number)
    if task.state is not TaskState.FAILED:
        raise Refused(f"task {number} is {task.state}: only what failed is retried")
    if task.name not in MUST_END:
        raise Refused(
            f"task {number} ({task.name}) is not retried: give its order again"
        )
    new = tasks.submit(
        uow, actor, task.name, task.subject, task.payload, domain=task.domain
    )
    audit.record(
        uow,
        actor,
        "task.retry",
        f"task {number}",
        before={"name": task.name, "subject": task.subject},
        after={"task": new.id},
        domains=None if task.domain is None else (task.domain,),
    )
    return new


def is_cancelable(task: Task) -> bool:
    """Whether an order to cancel this task would be taken."""
    return not task.has_ended and task.name in CANCELABLE
