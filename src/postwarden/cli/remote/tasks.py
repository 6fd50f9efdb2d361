"""`task await` as requests, each of which waits a while for the end."""

import typer

from postwarden.cli.exits import FAILED
from postwarden.cli.output import Output
from postwarden.cli.remote.asking import watch
from postwarden.cli.remote.client import Client
from postwarden.cli.remote.words import Words
from postwarden.model.errors import Unavailable
from postwarden.model.tasks import TaskState
from postwarden.settings.quantities import seconds_of


def await_end(client: Client, output: Output, words: Words) -> None:
    """Wait until a task has ended; raises Unavailable when the time is over."""
    number, patience = words["task"], words["patience"]
    seconds = None if patience is None else seconds_of(patience, field="timeout")
    task = watch(client, number, seconds=seconds)
    output.one(task)
    if task["ended_at"] is None:
        raise Unavailable(
            f"task {number} has not ended within {patience}: it is {task['state']}"
        )
    if task["state"] != TaskState.COMPLETED.value:
        raise typer.Exit(FAILED)
