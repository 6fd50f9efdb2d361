"""`postwarden key ...`: API keys of administrators."""

from datetime import timedelta
from typing import Annotated

import typer

from postwarden.cli.arguments import Limit
from postwarden.cli.grammar import new_group
from postwarden.cli.invocation import DryRun, Invocation, command
from postwarden.cli.roles import Allow, permissions_of
from postwarden.dialects.native.shapes import administration as shapes
from postwarden.model.administrators import administrator_name, network_of
from postwarden.model.errors import Invalid
from postwarden.services import keys
from postwarden.settings.quantities import seconds_of

app = new_group("Manage API keys.")


@command(
    app,
    "create",
    examples=[
        "postwarden key create --actor carol --expires 30d",
        "postwarden key create --actor carol --allow mail.trace --from 192.0.2.0/24",
    ],
)
async def create(
    run: Invocation,
    *,
    actor: Annotated[
        str, typer.Option("--actor", metavar="NAME", help="Whose key it is.")
    ],
    expires: Annotated[
        str | None,
        typer.Option("--expires", metavar="TIME", help="How long it lives, as in 30d."),
    ] = None,
    allow: Allow = None,
    networks: Annotated[
        list[str] | None,
        typer.Option(
            "--from", metavar="CIDR ...", help="Where it may be used; may be repeated."
        ),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Make a key and show its secret this once.

    It may do what its owner may at the time of use, or only what --allow names.
    Programs send it as `Authorization: Bearer SECRET`; commands take it as --key
    or, unseen by others on the machine, as POSTWARDEN_KEY.
    """
    lives = None if expires is None else seconds_of(expires, field="expires")
    if lives == 0:
        raise Invalid("a key lives longer than no time", field="expires")
    created = await run.write(
        dry_run,
        keys.create,
        run.actor,
        administrator_name(actor),
        expires_at=(
            None if lives is None else run.platform.clock() + timedelta(seconds=lives)
        ),
        permissions=permissions_of(allow),
        networks=[network_of(each) for each in networks or ()],
    )
    if created is not None:
        run.output.one(shapes.new_key(created))
        run.output.note("the secret is not shown again")


@command(app, "list", examples=["postwarden key list", "postwarden key list --json"])
async def list_(
    run: Invocation,
    *,
    actor: Annotated[
        str | None, typer.Option("--actor", metavar="NAME", help="Only of this one.")
    ] = None,
    limit: Limit = None,
) -> None:
    """List keys by the beginnings of their secrets, oldest first."""
    owner = None if actor is None else administrator_name(actor)
    rows = run.output.rows(
        *("id", "actor", "prefix", "state", "expires", "last_used_at", "networks")
    )
    now = run.platform.clock()
    async for page in run.pages(
        lambda uow, after, count: keys.page(
            uow, run.actor, owner=owner, after=after, limit=count
        ),
        lambda each: each.key.id,
        after=0,
        limit=limit,
    ):
        rows.write(shapes.key(each, now) for each in page)


@command(app, "revoke", examples=["postwarden key revoke 3"])
async def revoke(
    run: Invocation,
    id_: Annotated[int, typer.Argument(metavar="ID", show_default=False, min=1)],
    dry_run: DryRun = False,
) -> None:
    """End a key at once. ID is what `postwarden key list` shows."""
    revoked = await run.write(dry_run, keys.revoke, run.actor, id_)
    if revoked is not None:
        shape = shapes.key(revoked, run.platform.clock())
        run.output.done(f"revoked key {revoked.key.id}", shape)
