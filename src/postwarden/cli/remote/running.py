"""Running a command against a server instead of a store."""

from collections.abc import Mapping
from itertools import islice
from typing import Any

import typer

from postwarden.cli import unreached
from postwarden.cli.arguments import refuse_nothing
from postwarden.cli.options import GlobalOptions
from postwarden.cli.output import Output
from postwarden.cli.remote.asking import completed, fields_of, path_of
from postwarden.cli.remote.client import Client
from postwarden.cli.remote.commands import OTHERS, REMOTE
from postwarden.cli.remote.words import Remote, Words
from postwarden.model.errors import Invalid
from postwarden.model.systems import LOCAL

_BATCH = 500  # rows printed at a time


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
    asked = words.get("system") not in (None, [], LOCAL, [LOCAL])
    if asked and path != ("case", "preview"):
        raise Invalid(
            "other systems are asked from the machine that has the store: leave "
            "--system or --server out",
            field="system",
        )
    if path == ("trace",) and words.get("format_") is not None:
        raise Invalid(
            "logs are written on the machine that has the store: leave --format or "
            "--server out",
            field="format",
        )
    if path in OTHERS:
        return OTHERS[path](client, output, words)
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
    found = client.lines(path_of(remote.path, words), fields_of(remote.query, words))
    rows = output.rows(*remote.columns)
    shown = islice(found, words.get("limit"))
    while batch := list(islice(shown, _BATCH)):
        rows.write(batch)


def _ask(client: Client, output: Output, remote: Remote, words: Words) -> None:
    query, is_rehearsal = fields_of(remote.query, words), bool(words.get("dry_run"))
    if is_rehearsal:
        query["dry_run"] = "true"
    body = None if remote.body is None else fields_of(remote.body, words)
    if remote.method == "PATCH":
        refuse_nothing(body or None)
    answer = client.ask(remote.method, path_of(remote.path, words), query, body)
    if is_rehearsal:
        output.rehearsed(answer["changes"])
        return
    if remote.waits and answer["task"] is not None:
        completed(client, answer["task"])
    if remote.after:
        answer = client.ask("GET", path_of(remote.after, {**words, **answer}))
    if remote.only:
        answer = {name: answer[name] for name in remote.only}
    if remote.done:
        output.done(remote.done.format(**answer), answer)
    else:
        output.one(answer)
    if remote.fails is not None and _at(answer, remote.fails[0]):
        raise typer.Exit(remote.fails[1])
    if remote.problems:
        told = answer[remote.problems]
        unreached.tell(output, ((each["system"], each["reason"]) for each in told))


def _at(answer: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = answer
    for name in path:
        value = value[name]
    return value
