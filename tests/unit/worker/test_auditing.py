"""The audit log verified in the background: the task's result is the verdict."""

from dataclasses import replace

from postwarden.adapters.memory.signing import MemorySigner
from postwarden.model.actors import OPERATOR
from postwarden.model.audit_heads import SignedHead
from postwarden.model.tasks import TaskState
from postwarden.services.audit import anchoring, verifying
from postwarden.worker import runner
from postwarden.worker.context import WorkerContext
from tests.support.factories import audit_entry


async def _verdict(context: WorkerContext, *anchors: SignedHead) -> dict[str, object]:
    task = await context.store.transact(verifying.start, OPERATOR, anchors=anchors)
    ended = await runner.run_task(context, task.id)
    assert ended.state is TaskState.COMPLETED
    return dict(ended.result or {})


async def test_a_log_is_followed_and_held_against_what_was_anchored(
    context: WorkerContext,
) -> None:
    for _ in range(3):
        await context.store.transact(lambda uow: uow.audit.record(audit_entry()))
    head = await anchoring.anchor(context.store, MemorySigner(), OPERATOR)

    whole = await _verdict(context, head)
    cut = await _verdict(context, replace(head, entry=9))

    # Each order to verify is an entry itself.
    (ordered,) = await context.store.read(lambda uow: uow.audit.page(after=3, limit=1))
    assert (whole["whole"], whole["entries"], whole["problem"]) == (True, 4, None)
    assert whole["hash"] == ordered.hash.hex()
    assert cut["whole"] is False
    assert "6 to 9 are missing" in str(cut["problem"])
