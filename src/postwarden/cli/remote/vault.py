"""`vault restore` and `vault expire` as requests: orders whose tasks tell the end."""

import typer

from postwarden.cli.exits import FAILED
from postwarden.cli.output import Output
from postwarden.cli.remote.asking import completed, fields_of
from postwarden.cli.remote.client import Client
from postwarden.cli.remote.words import Words, filter_
from postwarden.cli.vault import tell_expired, tell_restored
from postwarden.dialects.native.shapes import vault as shapes


def restore(client: Client, output: Output, words: Words) -> None:
    """Put mail back and tell what could not be."""
    body = fields_of({"query": filter_, "item": "item", "to": "to"}, words)
    query = {"dry_run": "true"} if words["dry_run"] else {}
    ordered = client.ask("POST", "/vault/restore", query, body)
    if words["dry_run"]:
        return output.rehearsed(ordered["changes"])
    task = completed(client, ordered["task"])
    result = shapes.restored(task["result"] or {})
    tell_restored(output, result)
    if result["failed"]:
        raise typer.Exit(FAILED)
    return None


def expire(client: Client, output: Output, words: Words) -> None:
    """Destroy what is due, or count it."""
    if words["dry_run"]:
        due = client.ask("GET", "/vault/due")
        return output.one({"dry_run": True, **due})
    ordered = client.ask("POST", "/vault/expire")
    task = completed(client, ordered["task"])
    left = client.ask("GET", "/vault/due")
    return tell_expired(output, shapes.expired(task["result"] or {}, left["held"]))
