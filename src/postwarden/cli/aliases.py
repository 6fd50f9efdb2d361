"""`postwarden alias ...`: addresses that stand for others."""

from typing import Annotated

import typer

from postwarden.cli.arguments import AddressWord
from postwarden.cli.grammar import new_group
from postwarden.cli.invocation import DryRun, Invocation, command
from postwarden.cli.targets import (
    StateOption,
    add_reading_commands,
    change_entry,
    create_entry,
)
from postwarden.model.directory import EntryKind

app = new_group("Manage addresses that stand for others.")


@command(
    app,
    "create",
    examples=[
        "postwarden alias create sales@example.org --to ada@example.org",
        "postwarden alias create sales@example.org --to ada@example.org "
        "--to bob@example.net",
    ],
)
async def create(
    run: Invocation,
    address: AddressWord,
    *,
    to: Annotated[
        list[str],
        typer.Option(
            "--to", metavar="ADDRESS ...", help="Here or elsewhere; may be repeated."
        ),
    ],
    dry_run: DryRun = False,
) -> None:
    """Make ADDRESS stand for other addresses."""
    await create_entry(run, EntryKind.ALIAS, address, to, dry_run=dry_run)


@command(
    app,
    "change",
    examples=["postwarden alias change sales@example.org --add bob@example.org"],
)
async def change(
    run: Invocation,
    address: AddressWord,
    *,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to", metavar="ADDRESS ...", help="Instead of all it stands for."
        ),
    ] = None,
    add: Annotated[
        list[str] | None,
        typer.Option("--add", metavar="ADDRESS ...", help="One more."),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove", metavar="ADDRESS ...", help="One less."),
    ] = None,
    state: StateOption = None,
    dry_run: DryRun = False,
) -> None:
    """Make ADDRESS stand for others, or switch it off and on."""
    await change_entry(
        run,
        EntryKind.ALIAS,
        address,
        to=to,
        add=add,
        remove=remove,
        state=state,
        dry_run=dry_run,
    )


add_reading_commands(app, EntryKind.ALIAS)
