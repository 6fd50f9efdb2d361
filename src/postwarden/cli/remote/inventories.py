"""`inventory` as requests: the rows come as JSON Lines, the files are made here."""

from collections.abc import Iterable
from itertools import islice

from postwarden.cli.inventory import written
from postwarden.cli.inventory_rows import ACCOUNTS, LISTS, Inventory
from postwarden.cli.output import Output
from postwarden.cli.remote.client import Client
from postwarden.cli.remote.words import Words

_BATCH = 500  # rows written at a time


def accounts(client: Client, output: Output, words: Words) -> None:
    """Write accounts, aliases and groups."""
    _write(client, output, words, "/inventory/accounts", ACCOUNTS)


def lists(client: Client, output: Output, words: Words) -> None:
    """Write mailing lists."""
    _write(client, output, words, "/inventory/lists", LISTS)


def _write(
    client: Client, output: Output, words: Words, path: str, kind: Inventory
) -> None:
    to, compat = words["output"], words["compat"]
    names: Iterable[str | None] = [words["domain"]]
    if compat and words["domain"] is None:  # the script goes from domain to domain
        names = [each["domain"] for each in client.lines("/domains")]
    with written(output, kind, to, compat=compat) as write:
        for name in names:
            rows = client.lines(path, {"domain": name})
            while batch := list(islice(rows, _BATCH)):
                write(batch if output.as_json else [kind.told(row) for row in batch])
