"""`postwarden role ...`: bundles of permissions."""

from difflib import get_close_matches
from typing import Annotated

import typer

from postwarden.cli.arguments import Limit, refuse_nothing
from postwarden.cli.grammar import new_group
from postwarden.cli.invocation import DryRun, Invocation, command
from postwarden.dialects.native.shapes import administration as shapes
from postwarden.model.errors import Invalid
from postwarden.model.permissions import Permission
from postwarden.services import roles

app = new_group("Manage bundles of permissions.")

RoleWord = Annotated[str, typer.Argument(metavar="ROLE", show_default=False)]
Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        metavar="PERMISSION ...",
        help="What it allows (docs/permissions.md); may be repeated.",
    ),
]
Description = Annotated[
    str | None, typer.Option("--description", metavar="TEXT", help="What it is for.")
]


@command(
    app,
    "create",
    examples=[
        "postwarden role create helpdesk --allow directory.read "
        "--allow account.password",
    ],
)
async def create(
    run: Invocation,
    role: RoleWord,
    *,
    allow: Allow = None,
    description: Description = None,
    dry_run: DryRun = False,
) -> None:
    """Make a role from permissions that you have yourself."""
    created = await run.write(
        dry_run,
        roles.create,
        run.actor,
        role,
        permissions=permissions_of(allow) or [],
        description=description or "",
    )
    if created is not None:
        run.output.done(f"created role {created.name}", shapes.role(created))


@command(app, "show", examples=["postwarden role show auditor --json"])
async def show(run: Invocation, role: RoleWord) -> None:
    """Show what a role allows."""
    run.output.one(shapes.role(await run.read(roles.get, run.actor, role)))


@command(app, "list", examples=["postwarden role list"])
async def list_(run: Invocation, limit: Limit = None) -> None:
    """List the roles that every store has, and those made here."""
    rows = run.output.rows("role", "builtin", "description")
    async for page in run.pages(
        lambda uow, after, count: roles.page(uow, run.actor, after=after, limit=count),
        lambda each: each.name,
        after="",
        limit=limit,
    ):
        rows.write(map(shapes.role, page))


@command(
    app,
    "change",
    examples=["postwarden role change helpdesk --allow account.password"],
)
async def change(
    run: Invocation,
    role: RoleWord,
    *,
    allow: Allow = None,
    description: Description = None,
    dry_run: DryRun = False,
) -> None:
    """Change a role for everybody who has it.

    `--allow` names all its permissions anew.
    """
    refuse_nothing(allow or None, description)
    changed = await run.write(
        dry_run,
        roles.change,
        run.actor,
        role,
        permissions=permissions_of(allow),
        description=description,
    )
    if changed is not None:
        run.output.done(f"changed role {changed.name}", shapes.role(changed))


@command(app, "remove", examples=["postwarden role remove helpdesk"])
async def remove(run: Invocation, role: RoleWord, dry_run: DryRun = False) -> None:
    """Take a role away that nobody has."""
    removed = await run.write(dry_run, roles.remove, run.actor, role)
    if removed is not None:
        run.output.done(f"removed role {removed.name}", shapes.role(removed))


def permissions_of(words: list[str] | None) -> list[Permission] | None:
    """Read permissions; None where none was named. Raises Invalid."""
    return [_permission(word) for word in words] if words else None


def _permission(word: str) -> Permission:
    try:
        return Permission(word)
    except ValueError:
        close = get_close_matches(word, list(Permission), n=1)
        hint = f"did you mean {close[0]}?" if close else "see docs/permissions.md"
        raise Invalid(f"there is no permission {word}: {hint}", field="allow") from None
