"""`postwarden import tracking-log`: other systems' logs into the ledger."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from postwarden.adapters.tracking_logs import tracking_logs
from postwarden.cli.exits import FAILED
from postwarden.cli.invocation import DryRun, Invocation, command
from postwarden.cli.output import Output
from postwarden.services.found_mail import BadItem
from postwarden.services.tracking_logs import importing
from postwarden.services.tracking_logs.importing import MAX_EVENTS, Tally
from postwarden.wire.tracking_log import Row

_ROWS = 1000  # in one transaction

Logs = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH...", help="Logs, or folders with MSGTRK*.LOG.", show_default=False
    ),
]
SourceName = Annotated[
    str | None,
    typer.Option("--source", metavar="NAME", help="What `trace` shows as source."),
]


def register(app: typer.Typer) -> None:
    """Add the command to the group `import`."""
    command(
        app,
        "tracking-log",
        examples=[
            "postwarden import tracking-log MSGTRK2026112708-1.LOG",
            "postwarden import tracking-log /mnt/mbx1 /mnt/mbx2 --source paris",
            "postwarden trace event:RECEIVE newer:2h larger:5M",
        ],
    )(_tracking_log)


async def _tracking_log(
    run: Invocation, paths: Logs, *, source: SourceName = None, dry_run: DryRun = False
) -> None:
    """Import message tracking logs of Exchange, so that `trace` tells of them.

    Each row becomes an event for each of its recipients. A row that is there
    already is skipped, so the same logs can be given again and again. A bad line is
    told with its number and passed over.
    """
    started = time.monotonic()
    named = importing.source_named(source)
    tally = Tally()
    await run.read(importing.check, run.actor)
    logs = tracking_logs(paths)
    try:
        with run.output.progress("importing") as progress:
            for rows in _batches(logs, run.output, tally):
                await _file(run, rows, named, tally, dry_run=dry_run)
                progress.advance(len(rows))
    finally:
        if not dry_run and (tally.files or tally.failed):
            places = [each.absolute() for each in paths]
            await run.transact(importing.record_run, run.actor, places, named, tally)
    result: dict[str, object] = {
        **importing.counts(tally),
        "seconds": round(time.monotonic() - started, 3),
    }
    run.output.one({"dry_run": True, **result} if dry_run else result)
    if tally.is_failure:
        raise typer.Exit(FAILED)


async def _file(
    run: Invocation, rows: list[Row], source: str, tally: Tally, *, dry_run: bool
) -> None:
    new = (
        await run.read(importing.new_rows, run.actor, rows)
        if dry_run
        else await run.transact(importing.file, run.actor, rows, source)
    )
    tally.imported += len(new)
    tally.duplicates += len(rows) - len(new)
    tally.events += sum(map(importing.events_of, new))


def _batches(
    logs: Iterable[tuple[str, Iterator[Row | BadItem]]], output: Output, tally: Tally
) -> Iterator[list[Row]]:
    """Yield rows for one transaction each; tell what is bad."""
    batch: list[Row] = []
    events = 0
    for _, rows in logs:
        tally.files += 1
        for row in rows:
            if isinstance(row, BadItem):
                tally.failed += 1
                output.problem("invalid", row.reason, path=row.place)
                continue
            batch.append(row)
            events += importing.events_of(row)
            if len(batch) == _ROWS or events >= MAX_EVENTS:
                yield batch
                batch, events = [], 0
    if batch:
        yield batch
