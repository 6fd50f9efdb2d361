"""`directory export` and `directory import` as requests."""

import sys
import time
from pathlib import Path

import typer

from postwarden.adapters.wholefiles import whole_file
from postwarden.cli import directory
from postwarden.cli.exits import FAILED
from postwarden.cli.output import Output
from postwarden.cli.remote.client import Client
from postwarden.cli.remote.words import Words
from postwarden.model.errors import Unavailable
from postwarden.services.directory.files import Form, Mode

_MEDIA_TYPES = {Form.CSV: "text/csv", Form.YAML: "application/yaml"}


def export(client: Client, output: Output, words: Words) -> None:
    """Write the directory of the server to a file here."""
    to = words["to"]
    form = words["form"] or directory.form_of(to)
    body = {"format": form.value, "password_hashes": words["password_hashes"]}
    pieces = client.stream("POST", "/directory/export", body)
    if to == Path("-"):
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return None
    try:
        with whole_file(to.absolute()) as file:
            for piece in pieces:
                file.write(piece)
    except OSError as error:
        raise Unavailable(f"cannot write {to}: {error.strerror}") from error
    return directory.tell_written(output, to, form)


def import_(client: Client, output: Output, words: Words) -> None:
    """Send a file, and tell what became of its rows."""
    started = time.monotonic()
    form = words["form"] or directory.form_of(words["file"])
    query = {"mode": words["mode"].value}
    for flag in ("allow_empty", "dry_run"):
        query.update({flag: "true"} if words[flag] else {})
    with directory.opened(words["file"]) as stream:
        stream.seek(0)
        content = stream.read()
    answer = client.send_file("/directory/import", query, content, _MEDIA_TYPES[form])
    for each in answer["errors"]:
        where = {"row": each["row"]} if each["row"] else {}
        output.problem(each["code"], each["message"], **where)
    if words["dry_run"]:
        return output.rehearsed(answer["changes"])
    told = {k: v for k, v in answer.items() if k not in {"errors", "tasks", "kept"}}
    output.one({**told, "seconds": round(time.monotonic() - started, 3)})
    if words["mode"] is Mode.REPLACE and answer["failed"]:
        output.note("nothing was removed, since some rows failed; mend them first")
    done = sum(answer[each] for each in ("created", "changed", "unchanged", "removed"))
    if answer["kept"] or (answer["failed"] and not done):
        raise typer.Exit(FAILED)
    return None
