"""`postwarden audit ...`: who changed what."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

import typer

from postwarden.cli.arguments import Limit
from postwarden.cli.grammar import new_group
from postwarden.cli.invocation import Invocation, command
from postwarden.dialects.native.shapes import operations as shapes
from postwarden.model.audit import AuditEntry
from postwarden.model.errors import Invalid
from postwarden.services.ports import UnitOfWork
from postwarden.settings.quantities import seconds_of

app = new_group("See who changed what.")


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
    """List administrative acts, oldest first."""
    start = _instant(since, run.platform.clock()) if since else None

    def read(uow: UnitOfWork, after: int, count: int) -> Sequence[AuditEntry]:
        return uow.audit.page(
            after=after,
            limit=count,
            actor=actor,
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
