"""Running a command against a server instead of a store."""

from collections.abc import Iterator, Mapping
from enum import Enum
from itertools import islice
from typing import Any

import typer

from postwarden.cli.arguments import refuse_nothing
from postwarden.cli.options import GlobalOptions
from postwarden.cli.output import Output
from postwarden.cli.remote.client import WAIT, Client, segment
from postwarden.cli.remote.commands import REMOTE
from postwarden.cli.remote.words import Remote, Word, Words
from postwarden.model.errors import Invalid, Unavailable
from postwarden.model.tasks import TaskState

_BATCH = 500  # rows printed at a time
_UNDER_WAY = {
    TaskState.WAITING.value,
    TaskState.IN_PROGRESS.value,
    TaskState.CANCELED_REQUESTED.value,
}
_SHOWN = 20  # items of a plan that people are shown; --json has all


def run_remotely(options: GlobalOptions, path: tuple[str, ...], words: Words) -> None:
    """Run a command as a client of `--server`.

    Raises Invalid for one that is for the machine of the store, and what the server
    refuses as the error that it is there.
    """
    output = Output(as_json=options.json, quiet=options.quiet)
    client = Client(
        options.value("--server") or "",
        key=options.value("--key"),
        ca=options.value("--ca"),
    )
    if path == ("case", "preview"):
        return _preview(client, output, words)
    remote = REMOTE.get(path)
    if remote is None:
        raise Invalid(
            f"`{' '.join(path)}` works on the machine that has the store: leave "
            "--server and POSTWARDEN_SERVER out",
            field="server",
        )
    for option, other in remote.instead.items():
        remote = other if words.get(option) else remote
    if remote.columns:
        return _list(client, output, remote, words)
    return _ask(client, output, remote, words)


def _list(client: Client, output: Output, remote: Remote, words: Words) -> None:
    found = client.lines(_path(remote.path, words), _read(remote.query, words))
    rows = output.rows(*remote.columns)
    shown = islice(found, words.get("limit"))
    while batch := list(islice(shown, _BATCH)):
        rows.write(batch)


def _ask(client: Client, output: Output, remote: Remote, words: Words) -> None:
    query, is_rehearsal = _read(remote.query, words), bool(words.get("dry_run"))
    if is_rehearsal:
        query["dry_run"] = "true"
    body = None if remote.body is None else _read(remote.body, words)
    if remote.method == "PATCH":
        refuse_nothing(body or None)
    answer = client.ask(remote.method, _path(remote.path, words), query, body)
    if is_rehearsal:
        output.rehearsed(answer["changes"])
        return
    if remote.waits and answer["task"] is not None:
        _await(client, answer["task"])
    if remote.after:
        answer = client.ask("GET", _path(remote.after, {**words, **answer}))
    if remote.only:
        answer = {name: answer[name] for name in remote.only}
    if remote.done:
        output.done(remote.done.format(**answer), answer)
    else:
        output.one(answer)
    if remote.fails is not None and _at(answer, remote.fails[0]):
        raise typer.Exit(remote.fails[1])


def _await(client: Client, number: int) -> None:
    """Wait until a task has ended; raises Unavailable when it did not complete."""
    while True:
        task = client.ask("GET", f"/tasks/{number}", {"wait": WAIT})
        if task["state"] == TaskState.COMPLETED.value:
            return
        if task["state"] not in _UNDER_WAY:
            said = task["error"] or f"task {number} is {task['state']}"
            raise Unavailable(said)


def _preview(client: Client, output: Output, words: Words) -> None:
    case = words["case"]
    body = {
        "action": words["action"],
        "include": words["include"] or [],
        "exclude": words["exclude"] or [],
        "exclude_items": words["exclude_item"] or [],
        "include_sent": words["include_sent"],
    }
    seen = client.ask("POST", f"/cases/{case}/preview", {}, body)
    items = client.lines(f"/cases/{case}/items")
    if output.as_json:
        output.one({**seen, "plan": {**seen["plan"], "items": list(items)}})
        return
    output.one({"case": case, "state": seen["state"], **seen["plan"]})
    rows = output.rows(
        "item", "account", "mailbox", "uid", "class", "action", "outcome"
    )
    rows.write(islice(items, _SHOWN))
    output.note(
        f"approve with: postwarden case approve {case} --plan {seen['plan']['sha256']}"
    )


def _read(fields: Mapping[str, Word], words: Words) -> dict[str, Any]:
    return dict(_given(fields, words))


def _given(fields: Mapping[str, Word], words: Words) -> Iterator[tuple[str, Any]]:
    for name, word in fields.items():
        value = words[word] if isinstance(word, str) else word(words)
        if value is not None:
            yield name, value.value if isinstance(value, Enum) else value


def _path(template: str, words: Words) -> str:
    return template.format_map({k: segment(v) for k, v in words.items()})


def _at(answer: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = answer
    for name in path:
        value = value[name]
    return value
