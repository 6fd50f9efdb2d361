"""`postwarden forward ...`: mail of accounts that goes elsewhere."""

from typing import Annotated

import typer

from postwarden.cli.arguments import (
    AddressWord,
    InDomain,
    Limit,
    addresses_of,
    domain_or_none,
    refuse_nothing,
)
from postwarden.cli.grammar import new_group
from postwarden.cli.invocation import DryRun, Invocation, command
from postwarden.dialects.native.shapes import directory as shapes
from postwarden.model.addresses import Address
from postwarden.services import forwards

app = new_group("Send mail of accounts elsewhere.")


@command(
    app,
    "create",
    examples=[
        "postwarden forward create ada@example.org --to ada@example.net --keep-copy"
    ],
)
async def create(
    run: Invocation,
    address: AddressWord,
    *,
    to: Annotated[
        list[str],
        typer.Option("--to", metavar="ADDRESS ...", help="Where to; may be repeated."),
    ],
    keep_copy: Annotated[
        bool, typer.Option("--keep-copy", help="The account keeps a copy.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Forward the mail of the account ADDRESS."""
    created = await run.write(
        dry_run,
        forwards.create,
        run.actor,
        Address.parse(address),
        addresses_of(to),
        keep_copy=keep_copy,
    )
    if created is not None:
        run.output.done(f"{created.address} is forwarded", shapes.forward(created))


@command(app, "show", examples=["postwarden forward show ada@example.org"])
async def show(run: Invocation, address: AddressWord) -> None:
    """Show where the mail of the account ADDRESS goes."""
    entry = await run.read(forwards.of_account, run.actor, Address.parse(address))
    run.output.one(shapes.forward(entry))


@command(app, "list", examples=["postwarden forward list --domain example.org"])
async def list_(run: Invocation, domain: InDomain = None, limit: Limit = None) -> None:
    """List the accounts whose mail is forwarded."""
    wanted = domain_or_none(domain)
    rows = run.output.rows("address", "to", "keep_copy")
    async for page in run.pages(
        lambda uow, after, count: forwards.page(
            uow, run.actor, domain=wanted, after=after, limit=count
        ),
        lambda entry: entry.address.key,
        after="",
        limit=limit,
    ):
        rows.write(map(shapes.forward, page))


@command(
    app,
    "change",
    examples=["postwarden forward change ada@example.org --no-keep-copy"],
)
async def change(
    run: Invocation,
    address: AddressWord,
    *,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="ADDRESS ...", help="Where to from now on."),
    ] = None,
    keep_copy: Annotated[
        bool | None,
        typer.Option("--keep-copy/--no-keep-copy", help="Whether a copy is kept."),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Forward the mail of the account ADDRESS elsewhere, or keep a copy or none."""
    refuse_nothing(to or None, keep_copy)
    changed = await run.write(
        dry_run,
        forwards.change,
        run.actor,
        Address.parse(address),
        targets=addresses_of(to) if to else None,
        keep_copy=keep_copy,
    )
    if changed is not None:
        sentence = f"changed the forward of {changed.address}"
        run.output.done(sentence, shapes.forward(changed))


@command(app, "remove", examples=["postwarden forward remove ada@example.org"])
async def remove(
    run: Invocation, address: AddressWord, dry_run: DryRun = False
) -> None:
    """Deliver the mail of the account ADDRESS to itself again."""
    removed = await run.write(
        dry_run, forwards.remove, run.actor, Address.parse(address)
    )
    if removed is not None:
        sentence = f"removed the forward of {removed.address}"
        run.output.done(sentence, shapes.forward(removed))
