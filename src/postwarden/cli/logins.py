"""`postwarden login ...`: who tried to log in, and who is."""

from typing import Annotated

import typer

from postwarden.cli.arguments import Limit
from postwarden.cli.grammar import new_group
from postwarden.cli.invocation import DryRun, Invocation, command
from postwarden.dialects.native.shapes import administration as shapes
from postwarden.model.addresses import Address
from postwarden.model.administrators import administrator_name
from postwarden.model.errors import Invalid
from postwarden.services.logins import guard, sessions

app = new_group("See who logs in, and log people out.")


@command(
    app,
    "list",
    examples=[
        "postwarden login list --json",
        "postwarden login list --account ada@example.org",
        "postwarden login list --admin carol",
    ],
)
async def list_(
    run: Invocation,
    *,
    account: Annotated[
        str | None, typer.Option("--account", metavar="ADDRESS", help="Only to this.")
    ] = None,
    admin: Annotated[
        str | None, typer.Option("--admin", metavar="NAME", help="Only to this one.")
    ] = None,
    limit: Limit = None,
) -> None:
    """List attempts to log in, those of a kind in one row a day, for 30 days.

    Successes are counted once a minute. What was typed is shown only where it is
    an address, since it may have been a password.
    """
    if account is not None and admin is not None:
        raise Invalid("an account or an admin, not both", field="account")
    owner = None
    if account is not None:
        owner = f"{guard.ACCOUNT} {Address.parse(account)}"
    if admin is not None:
        owner = f"{guard.ADMINISTRATOR} {administrator_name(admin)}"
    rows = run.output.rows(
        *("last_at", "account", "login", "client_ip", "protocol", "result", "count")
    )
    async for page in run.pages(
        lambda uow, after, count: guard.page(
            uow, run.actor, account=owner, after=after, limit=count
        ),
        lambda each: each.id,
        after=0,
        limit=limit,
    ):
        rows.write(map(shapes.login_attempts, page))


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
