"""`postwarden audit ...`: who changed what, and the proof of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

import typer

from postwarden.cli.arguments import Limit
from postwarden.cli.exits import FAILED
from postwarden.cli.grammar import new_group
from postwarden.cli.invocation import Invocation, command
from postwarden.dialects.native.shapes import operations as shapes
from postwarden.model.audit import AuditEntry
from postwarden.model.errors import Invalid
from postwarden.services import audit, audit_verification
from postwarden.services.ports import UnitOfWork
from postwarden.settings.quantities import seconds_of

app = new_group("See who changed what, and prove it.")


@command(
    app,
    "list",
    examples=[
        "postwarden audit list --since 7d",
        "postwarden audit list --object 'account ada@example.org' --json",
    ],
)
async def list_(
    run: Invocation,
    *,
    actor: Annotated[
        str | None, typer.Option("--actor", metavar="NAME", help="Only of this actor.")
    ] = None,
    dialect: Annotated[
        str | None, typer.Option("--dialect", metavar="NAME", help="cli, james, ...")
    ] = None,
    object_: Annotated[
        str | None,
        typer.Option("--object", metavar="OBJECT", help="As in 'domain example.org'."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="An ISO day or time, or as in 7d."
        ),
    ] = None,
    limit: Limit = None,
) -> None:
    """List administrative acts, oldest first.

    With --json each line has what its hash is over: docs/audit.md tells how to
    compute it anew.
    """
    start = _instant(since, run.platform.clock()) if since else None

    def read(uow: UnitOfWork, after: int, count: int) -> Sequence[AuditEntry]:
        return audit.page(
            uow,
            run.actor,
            after=after,
            limit=count,
            by=actor,
            dialect=dialect,
            object=object_,
            since=start,
        )

    rows = run.output.rows("id", "time", "actor", "dialect", "action", "object")
    async for page in run.pages(read, lambda entry: entry.id, after=0, limit=limit):
        rows.write(map(shapes.audit, page))


def _instant(text: str, now: datetime) -> datetime:
    """Read a time in UTC, or how long ago it was; raises Invalid."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        try:
            return now - timedelta(seconds=seconds_of(text))
        except (Invalid, OverflowError) as error:
            raise Invalid(
                f"since takes an ISO day or time, or as in 7d; not {text!r}",
                field="since",
            ) from error
    return time.replace(tzinfo=now.tzinfo) if time.tzinfo is None else time


@command(
    app,
    "verify",
    examples=["postwarden audit verify", "postwarden audit verify --json"],
)
async def verify(run: Invocation) -> None:
    """Follow the chain of hashes from the first entry to the newest.

    Every entry that was altered, dropped, inserted or moved breaks it; the first
    such entry is named, and the exit status is 1.
    """
    with run.output.progress("entries") as progress:
        verdict = await audit_verification.verify(
            run.platform.store, run.actor, progress=progress.advance
        )
    result = {
        "whole": verdict.problem is None,
        "entries": verdict.entries,
        "hash": verdict.head and verdict.head.hash.hex(),
    }
    if verdict.problem is not None:
        if run.output.as_json:
            run.output.one({**result, "problem": verdict.problem})
        run.output.problem("altered", verdict.problem)
        raise typer.Exit(FAILED)
    run.output.done(f"the audit log is whole: {verdict.entries} entries", result)
