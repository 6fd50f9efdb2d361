"""Commands about webhooks as requests."""

import math

import typer

from postwarden.cli.arguments import duration_of, read_secret, refuse_nothing
from postwarden.cli.exits import FAILED
from postwarden.cli.output import Output
from postwarden.cli.remote.asking import fields_of
from postwarden.cli.remote.client import Client
from postwarden.cli.remote.words import Path, Remote, Word, Words, given


def _secret(words: Words) -> str | None:
    return read_secret("secret") if words["secret_stdin"] else None


def _hours(words: Words) -> int | None:
    overlap = duration_of(words["overlap"], field="overlap")
    return None if overlap is None else math.ceil(overlap.total_seconds() / 3600)


_CHANGES: dict[str, Word] = {
    "url": "url",
    "events": given("event"),
    "state": "state",
    "new_secret": given("new_secret"),
    "secret": _secret,
    "overlap_hours": _hours,
}


def change(client: Client, output: Output, words: Words) -> None:
    """Change a webhook; a secret that was made is shown, this once."""
    body = fields_of(_CHANGES, words)
    refuse_nothing(body or None)
    query = {"dry_run": "true"} if words["dry_run"] else {}
    changed = client.ask("PATCH", f"/webhooks/{words['webhook']}", query, body)
    if words["dry_run"]:
        return output.rehearsed(changed["changes"])
    if changed["secret"] is not None:
        return output.one(changed)
    del changed["secret"]
    return output.done(f"changed webhook {changed['webhook']}", changed)


def test(client: Client, output: Output, words: Words) -> None:
    """Try a webhook; what is no success fails."""
    query = {"dry_run": "true"} if words["dry_run"] else {}
    tried = client.ask("POST", f"/webhooks/{words['webhook']}/test", query)
    if words["dry_run"]:
        return output.rehearsed(tried["changes"])
    output.one(tried)
    if tried["status"] is None or not 200 <= tried["status"] < 300:
        raise typer.Exit(FAILED)
    return None


WEBHOOKS: dict[Path, Remote] = {
    ("webhook", "create"): Remote(
        method="POST",
        path="/webhooks",
        body={
            "url": "url",
            "events": lambda words: words["event"] or [],
            "domains": given("domain"),
            "secret": _secret,
        },
    ),
    ("webhook", "list"): Remote(
        path="/webhooks",
        columns=("webhook", "url", "state", "events", "failing_since"),
    ),
    ("webhook", "show"): Remote(path="/webhooks/{webhook}"),
    ("webhook", "remove"): Remote(
        method="DELETE",
        path="/webhooks/{webhook}",
        done="removed webhook {webhook}",
    ),
    ("webhook", "queue", "list"): Remote(
        path="/webhook-deliveries",
        query={"webhook": "webhook", "state": given("state")},
        columns=(
            *("delivery", "webhook", "event", "object", "state", "attempts"),
            *("last_status", "last_error"),
        ),
    ),
    ("webhook", "queue", "replay"): Remote(
        method="POST",
        path="/webhook-deliveries/{delivery}/replay",
        done="delivery {delivery} is due again",
    ),
    ("webhook", "queue", "cancel"): Remote(
        method="POST",
        path="/webhook-deliveries/{delivery}/cancel",
        done="canceled delivery {delivery}",
    ),
}
