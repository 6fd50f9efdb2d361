"""`account create-many` as requests, each with some rows of the file."""

from collections.abc import Sequence
from typing import Any

from postwarden.cli.account_files import BadRow, Row, next_rows, told
from postwarden.cli.output import Output
from postwarden.cli.remote.client import Client, error_of_code
from postwarden.cli.remote.words import Words
from postwarden.model.errors import AlreadyExists, MailError

_ROWS = 200  # of one request


def create_many(client: Client, output: Output, words: Words) -> None:
    """Create what can be created, and tell of the other rows by their numbers."""
    dry_run, seen = words["dry_run"], set[str]()
    with told(output, words["file"], dry_run=dry_run) as (rows, tally, bar):
        while chunk := next_rows(rows, _ROWS):
            bad = [row for row in chunk if isinstance(row, BadRow)]
            good = [row for row in chunk if isinstance(row, Row)]
            errors = _errors(client, good, seen if dry_run else None) if good else []
            tally.tell(output, [*bad, *tally.count(good, errors)])
            bar.advance(len(chunk))


def _errors(
    client: Client, rows: Sequence[Row], seen: set[str] | None
) -> list[MailError | None]:
    """Order some accounts; `seen` are the keys of earlier rows of a rehearsal."""
    query = {} if seen is None else {"dry_run": "true"}
    body = {"accounts": [_account(row) for row in rows]}
    items = client.ask("POST", "/accounts/bulk", query, body)["items"]
    errors = [each["error"] and error_of_code(each["error"]) for each in items]
    if seen is not None:
        for position, row in enumerate(rows):
            if row.new.address.key in seen:
                errors[position] = AlreadyExists("account", str(row.new.address))
        seen.update(row.new.address.key for row in rows)
    return errors


def _account(row: Row) -> dict[str, Any]:
    new = row.new
    fields = {
        "address": str(new.address),
        "name": new.name,
        "password": row.password,
        "password_hash": new.password_hash,
        "quota_octets": new.quota_octets,
        "quota_messages": new.quota_messages,
    }
    return {name: value for name, value in fields.items() if value is not None}
