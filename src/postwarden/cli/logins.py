"""`postwarden login ...`: who is logged in."""

from typing import Annotated

import typer

from postwarden.cli.arguments import Limit
from postwarden.cli.grammar import new_group
from postwarden.cli.invocation import DryRun, Invocation, command
from postwarden.dialects.native.shapes import administration as shapes
from postwarden.model.administrators import administrator_name
from postwarden.services import sessions

app = new_group("See who is logged in, and end it.")


@command(app, "sessions", examples=["postwarden login sessions --json"])
async def sessions_(
    run: Invocation,
    *,
    admin: Annotated[
        str | None, typer.Option("--admin", metavar="NAME", help="Only of this one.")
    ] = None,
    limit: Limit = None,
) -> None:
    """List the sessions of administrators, oldest first."""
    owner = None if admin is None else administrator_name(admin)
    rows = run.output.rows("id", "admin", "factor", "last_seen_at", "client_ip")
    async for page in run.pages(
        lambda uow, after, count: sessions.page(
            uow, run.actor, owner=owner, after=after, limit=count
        ),
        lambda each: each.session.id,
        after=0,
        limit=limit,
    ):
        rows.write(map(shapes.session, page))


@command(app, "end", examples=["postwarden login end 3"])
async def end(
    run: Invocation,
    id_: Annotated[int, typer.Argument(metavar="ID", show_default=False, min=1)],
    dry_run: DryRun = False,
) -> None:
    """Log somebody out. ID is what `postwarden login sessions` shows."""
    ended = await run.write(dry_run, sessions.end, run.actor, id_)
    if ended is not None:
        run.output.done(f"ended session {ended.session.id}", shapes.session(ended))
