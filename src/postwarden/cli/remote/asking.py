"""From the words of a command to a request, and waiting for the task it makes."""

from collections.abc import Iterator, Mapping
from enum import Enum
from time import monotonic
from typing import Any

from postwarden.cli.remote.client import WAIT, Client, segment
from postwarden.cli.remote.words import Word, Words
from postwarden.model.errors import Unavailable
from postwarden.model.tasks import TaskState

_UNDER_WAY = {
    TaskState.WAITING.value,
    TaskState.IN_PROGRESS.value,
    TaskState.CANCELED_REQUESTED.value,
}


def fields_of(fields: Mapping[str, Word], words: Words) -> dict[str, Any]:
    """Return the fields of a request; what was not given is left out."""
    return dict(_given(fields, words))


def _given(fields: Mapping[str, Word], words: Words) -> Iterator[tuple[str, Any]]:
    for name, word in fields.items():
        value = words[word] if isinstance(word, str) else word(words)
        if value is not None:
            yield name, value.value if isinstance(value, Enum) else value


def path_of(template: str, words: Words) -> str:
    """Return a path with words in the place of its variables."""
    return template.format_map({k: segment(v) for k, v in words.items()})


def watch(client: Client, number: int, *, seconds: float | None = None) -> Any:
    """Return a task when it has ended, or as it is when `seconds` have passed."""
    until = None if seconds is None else monotonic() + seconds
    while True:
        left = WAIT if until is None else max(0.0, min(WAIT, until - monotonic()))
        task = client.ask("GET", f"/tasks/{number}", {"wait": left})
        if task["state"] not in _UNDER_WAY or (until and monotonic() >= until):
            return task


def completed(client: Client, number: int) -> Any:
    """Return a task that has completed; raises Unavailable when it did not."""
    task = watch(client, number)
    if task["state"] != TaskState.COMPLETED.value:
        raise Unavailable(task["error"] or f"task {number} is {task['state']}")
    return task
