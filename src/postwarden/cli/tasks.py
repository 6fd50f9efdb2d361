"""`postwarden task ...`: what runs in the background, and how far it is."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from postwarden.cli.arguments import Limit
from postwarden.cli.exits import FAILED
from postwarden.cli.grammar import new_group
from postwarden.cli.invocation import DryRun, Invocation, command
from postwarden.dialects.native.shapes import tasks as shapes
from postwarden.model.errors import Invalid, Unavailable
from postwarden.model.tasks import Task, TaskState
from postwarden.services import awaiting, steering, tasks
from postwarden.services.ports import UnitOfWork
from postwarden.settings.quantities import seconds_of

app = new_group("See and steer what runs in the background.")

TaskNumber = Annotated[int, typer.Argument(metavar="N", min=1, help="Its number.")]


@command(
    app,
    "list",
    examples=[
        "postwarden task list --state in-progress --state waiting",
        "postwarden task list --name case.run --limit 20 --json",
    ],
)
async def list_(
    run: Invocation,
    *,
    state: Annotated[
        list[str] | None,
        typer.Option(
            metavar="|".join(TaskState), help="Only of this state; repeatable."
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="As in case.run.")
    ] = None,
    limit: Limit = None,
) -> None:
    """List tasks, newest first; those that ended stay for `worker.keep_seconds`."""
    states = [_state(word) for word in state or []]

    def read(uow: UnitOfWork, before: int, count: int) -> Sequence[Task]:
        return tasks.page(
            uow, run.actor, before=before, limit=count, states=states, name=name
        )

    rows = run.output.rows(
        *("task", "name", "subject", "state", "done", "total", "actor", "created_at")
    )
    found = False
    pages = run.pages(read, lambda task: task.id, after=tasks.LAST, limit=limit)
    async for page in pages:
        found = True
        rows.write(shapes.task(task) for task in page)
    if not found:
        run.output.note("no tasks")


@command(app, "show", examples=["postwarden task show 7 --json"])
async def show(run: Invocation, task: TaskNumber) -> None:
    """Show a task: who submitted it, how far it is, its result or its error."""
    run.output.one(shapes.task(await run.read(tasks.find, run.actor, task)))


@command(
    app,
    "await",
    examples=["postwarden task await 7", "postwarden task await 7 --timeout 30s"],
)
async def await_(
    run: Invocation,
    task: TaskNumber,
    *,
    patience: Annotated[
        str | None,
        typer.Option(
            "--timeout", metavar="TIME", help="As in 30s or 2h; without it, for good."
        ),
    ] = None,
) -> None:
    """Wait until a task has ended, whoever works on it.

    Exit status 0 when it completed, 1 when it failed, was canceled, or has not
    ended in time; it goes on then.
    """
    seconds = None if patience is None else seconds_of(patience, field="timeout")
    with run.output.progress(f"task {task}") as bar:
        ended = await awaiting.wait_for(
            run.platform.store,
            run.actor,
            task,
            seconds=seconds,
            heard=lambda now: bar.show(now.done, now.total),
        )
    run.output.one(shapes.task(ended))
    if not ended.has_ended:
        advice = "; does `postwarden serve` run?" if _is_left(ended) else ""
        raise Unavailable(
            f"task {task} has not ended within {patience}: it is {ended.state}{advice}"
        )
    if ended.state is not TaskState.COMPLETED:
        raise typer.Exit(FAILED)


def _is_left(task: Task) -> bool:
    return task.state is TaskState.WAITING and task.run_at <= datetime.now(UTC)


@command(
    app,
    "cancel",
    examples=['postwarden task cancel 7 --reason "wrong plan"'],
)
async def cancel(
    run: Invocation,
    task: TaskNumber,
    *,
    reason: Annotated[str, typer.Option(help="Why; it stays in the audit.")] = "",
    dry_run: DryRun = False,
) -> None:
    """Cancel a task; one in progress stops when its next chunk is done.

    What it did so far stays done. To cancel the run of a case is to stop the case.
    Some tasks must end and cannot be canceled: exit status 5.
    """
    canceled = await run.write(dry_run, steering.cancel, run.actor, task, reason=reason)
    if canceled is not None:
        done = canceled.state is TaskState.CANCELED
        said = "is canceled" if done else "will stop at its next chunk"
        run.output.done(f"task {task} {said}", shapes.task(canceled))


@command(app, "retry", examples=["postwarden task retry 7"])
async def retry(run: Invocation, task: TaskNumber, *, dry_run: DryRun = False) -> None:
    """Submit a failed task that must end once more, as in delivering a mail.

    What was ordered by a command is ordered by it again: it is checked again then.
    """
    new = await run.write(dry_run, steering.retry, run.actor, task)
    if new is not None:
        run.output.done(
            f"task {task} is tried again as task {new.id}", shapes.task(new)
        )


def _state(word: str) -> TaskState:
    try:
        return TaskState(word)
    except ValueError:
        raise Invalid(f"--state takes {', '.join(TaskState)}", field="state") from None
