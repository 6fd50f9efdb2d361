"""Working on one task in this process, whether `serve` runs or not."""

from postwarden.cli.invocation import Invocation
from postwarden.model.errors import Unavailable
from postwarden.model.tasks import Task, TaskState


async def host_task(run: Invocation, task: Task, label: str) -> None:
    """Work on a task until it ends, or watch the process that has it.

    Raises Unavailable when it did not complete; `serve`, or the same command
    again, goes on with it.
    """
    from postwarden.cli.serve import worker_context  # noqa: PLC0415  only who works
    from postwarden.worker.runner import run_task  # noqa: PLC0415

    with run.output.progress(label) as bar:
        done = 0

        def advance(_: Task, now: int, _total: int) -> None:
            nonlocal done
            bar.advance(now - done)
            done = now

        context = worker_context(run.platform, progress=advance)
        ended = await run_task(context, task.id)
    if ended.state is not TaskState.COMPLETED:
        raise Unavailable(ended.error or f"{label} did not end; try again")
