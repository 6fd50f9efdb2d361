"""Verifying the audit log in the background, for whoever cannot wait for it."""

from collections.abc import Sequence

from postwarden.model.actors import Actor
from postwarden.model.audit_heads import SignedHead, head_facts
from postwarden.model.permissions import Permission
from postwarden.model.tasks import Task
from postwarden.services import access, audit, tasks
from postwarden.services.ports import UnitOfWork

TASK = "audit.verify"


def start(
    uow: UnitOfWork,
    actor: Actor,
    *,
    anchors: Sequence[SignedHead] = (),
    key: bytes | None = None,
) -> Task:
    """Order a verification; the task's result is the verdict."""
    access.require(actor, Permission.AUDIT_READ)
    access.everything(actor, "verify the audit log")
    payload = {
        "anchors": [head_facts(each) for each in anchors],
        "key": None if key is None else key.hex(),
    }
    task = tasks.submit(uow, actor, TASK, actor.name, payload)
    audit.record(
        uow,
        actor,
        "audit.verify",
        f"task {task.id}",
        after={"anchors": len(anchors)},
    )
    return task
