"""Working on one task in this process, whether `serve` runs or not."""

from postwarden.cli.invocation import Invocation
from postwarden.model.errors import Unavailable
from postwarden.model.tasks import Task, TaskState


async def host_task(run: Invocation, task: Task, label: str) -> Task:
    """Work on a task until it ends, or watch the process that has it.

    Raises Unavailable when it did not complete; `serve`, or the same command
    again, goes on with it.
    """
    from postwarden.cli.serve import worker_context  # noqa: PLC0415  only who works
    from postwarden.worker.runner import run_task  # noqa: PLC0415

    with run.output.progress(label) as bar:
        context = worker_context(
            run.platform, progress=lambda _, done, total: bar.show(done, total)
        )
        ended = await run_task(context, task.id)
    if ended.state is TaskState.CANCELED:
        raise Unavailable(f"task {task.id} was canceled: {label} has not ended")
    if ended.state is not TaskState.COMPLETED:
        raise Unavailable(ended.error or f"{label} did not end; try again")
    return ended
