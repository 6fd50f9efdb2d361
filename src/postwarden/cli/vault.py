"""`postwarden vault ...`: where deleted mail waits for its retention to end."""

from typing import Annotated

import typer

from postwarden.cli.exits import FAILED
from postwarden.cli.grammar import new_group
from postwarden.cli.hosting import host_task
from postwarden.cli.invocation import DryRun, Invocation, command
from postwarden.cli.output import Output
from postwarden.cli.queries import read_query, settle_files
from postwarden.cli.query_words import QueryCommand, QueryWords
from postwarden.dialects.native.shapes import vault as shapes
from postwarden.model.addresses import Address
from postwarden.model.queries import Query, Scope
from postwarden.services import finding, vault, vault_restoring
from postwarden.services.vault_restoring import Wanted

app = new_group("See, restore and expire deleted mail.")

PAGE = 1000  # copies described at a time
OptionalWords = Annotated[
    list[str] | None,
    typer.Argument(metavar="QUERY", help="What to restore; see docs/query.md."),
]


@command(
    app,
    "find",
    kind=QueryCommand,
    examples=[
        "postwarden vault find account:ada@example.org newer:7d",
        "postwarden vault find all is:held --json",
    ],
)
async def find(run: Invocation, query: QueryWords) -> None:
    """List deleted and contained copies that match, and when they are destroyed."""
    parsed, similar = await read_query(run, query, Scope.VAULT)
    copies = await run.read(vault.find, run.actor, parsed, similar)
    rows = run.output.rows(
        *("item", "account", "mailbox", "author", "subject", "state", "expires_at"),
        "hold",
    )
    for start in range(0, len(copies), PAGE):
        page = await run.read(finding.facts, copies[start : start + PAGE])
        rows.write(map(shapes.vaulted, page))


@command(
    app,
    "restore",
    kind=QueryCommand,
    examples=[
        "postwarden vault restore account:ada@example.org from:bob@example.net",
        "postwarden vault restore --item 4711",
        "postwarden vault restore --item 4711 --to bob@example.org",
    ],
)
async def restore(
    run: Invocation,
    query: OptionalWords = None,
    *,
    item: Annotated[
        int | None,
        typer.Option(metavar="ID", help="One copy, by `item` of `vault find`."),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Whom to give it; else whose it was."),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Put deleted mail back where it lay: bytes, mailbox, flags, keywords, date.

    Mailboxes that are gone are made again, UIDs are new, the quota is not asked.
    Mail of a removed account needs --to; what a case contains, the case gives back.
    """
    wanted = Wanted(
        query=await _query(run, query) if query else None,
        item=item,
        to=None if to is None else Address.parse(to),
    )
    task = await run.write(dry_run, vault_restoring.start, run.actor, wanted)
    if task is None:
        return
    ended = await host_task(run, task, "restoring from the vault")
    result = shapes.restored(ended.result or {})
    tell_restored(run.output, result)
    if result["failed"]:
        raise typer.Exit(FAILED)


def tell_restored(output: Output, result: shapes.RestoredShape) -> None:
    """Print what came back, and why the rest did not."""
    for each in result["reasons"]:
        output.problem("not-restored", each["reason"], item=each["item"])
    output.done(f"restored {result['restored']} copies", result)


async def _query(run: Invocation, words: list[str]) -> Query:
    parsed, similar = await read_query(run, words, Scope.VAULT)
    return await settle_files(run, parsed, similar)


@command(
    app,
    "expire",
    examples=["postwarden vault expire --dry-run", "postwarden vault expire --json"],
)
async def expire(run: Invocation, dry_run: DryRun = False) -> None:
    """Destroy what has come to the end of its retention and is not held.

    `postwarden serve` does this every hour.
    """
    if dry_run:
        due = shapes.overdue(await run.read(vault.due, run.actor))
        return run.output.one({"dry_run": True, **due})
    task = await run.transact(vault.expire, run.actor)
    ended = await host_task(run, task, "expiring the vault")
    left = await run.read(vault.due, run.actor)
    return tell_expired(run.output, shapes.expired(ended.result or {}, left.held))


def tell_expired(output: Output, result: shapes.ExpiredShape) -> None:
    """Print what was destroyed, and how much that is due is held."""
    held = f"; {result['held']} more are held" if result["held"] else ""
    output.done(f"destroyed {result['destroyed']} copies{held}", result)
