"""`postwarden group ...` and `postwarden list ...`: addresses with members."""

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

app = new_group("Manage addresses whose mail goes to members.")
lists = new_group("Manage lists, whose mail goes to subscribers.")


def _add_commands(to: typer.Typer, kind: EntryKind) -> None:
    words = f"postwarden {kind}"

    @command(
        to,
        "create",
        examples=[
            f"{words} create team@example.org --member ada@example.org "
            "--member bob@example.org"
        ],
    )
    async def create(
        run: Invocation,
        address: AddressWord,
        *,
        member: Annotated[
            list[str],
            typer.Option(
                "--member",
                metavar="ADDRESS ...",
                help="Here or elsewhere; may be repeated.",
            ),
        ],
        dry_run: DryRun = False,
    ) -> None:
        """Send the mail of ADDRESS to members, of which there is one at least."""
        await create_entry(run, kind, address, member, dry_run=dry_run)

    @command(
        to,
        "change",
        examples=[f"{words} change team@example.org --add eve@example.org"],
    )
    async def change(
        run: Invocation,
        address: AddressWord,
        *,
        member: Annotated[
            list[str] | None,
            typer.Option("--member", metavar="ADDRESS ...", help="Instead of all."),
        ] = None,
        add: Annotated[
            list[str] | None,
            typer.Option("--add", metavar="ADDRESS ...", help="One member more."),
        ] = None,
        remove: Annotated[
            list[str] | None,
            typer.Option("--remove", metavar="ADDRESS ...", help="One member less."),
        ] = None,
        state: StateOption = None,
        dry_run: DryRun = False,
    ) -> None:
        """Change who gets the mail of ADDRESS, or switch it off and on."""
        await change_entry(
            run,
            kind,
            address,
            to=member,
            add=add,
            remove=remove,
            state=state,
            dry_run=dry_run,
        )

    add_reading_commands(to, kind)


_add_commands(app, EntryKind.GROUP)
_add_commands(lists, EntryKind.LIST)
