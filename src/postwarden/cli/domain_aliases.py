"""`postwarden domain-alias ...`: other names of hosted domains."""

from typing import Annotated

import typer

from postwarden.cli.arguments import DomainWord, Limit, domain_or_none
from postwarden.cli.grammar import new_group
from postwarden.cli.invocation import DryRun, Invocation, command
from postwarden.dialects.native.shapes import directory as shapes
from postwarden.model.addresses import domain_name
from postwarden.services import domains

app = new_group("Give hosted domains other names.")

Of = Annotated[
    str, typer.Option("--of", metavar="DOMAIN", help="The domain it is a name of.")
]


@command(
    app,
    "create",
    examples=["postwarden domain-alias create example.net --of example.org"],
)
async def create(
    run: Invocation, domain: DomainWord, of: Of, dry_run: DryRun = False
) -> None:
    """Make DOMAIN another name of a hosted domain: every address of one is both."""
    created = await run.write(
        dry_run,
        domains.create_alias,
        run.actor,
        domain_name(domain),
        of=domain_name(of),
    )
    if created is not None:
        sentence = f"created domain alias {created.name} of {created.domain}"
        run.output.done(sentence, shapes.domain_alias(created))


@command(app, "show", examples=["postwarden domain-alias show example.net"])
async def show(run: Invocation, domain: DomainWord) -> None:
    """Show which domain DOMAIN is a name of."""
    alias = await run.read(domains.get_alias, run.actor, domain_name(domain))
    run.output.one(shapes.domain_alias(alias))


@command(app, "list", examples=["postwarden domain-alias list --of example.org"])
async def list_(
    run: Invocation,
    *,
    of: Annotated[
        str | None, typer.Option("--of", metavar="DOMAIN", help="Only names of it.")
    ] = None,
    limit: Limit = None,
) -> None:
    """List other names of domains."""
    wanted = domain_or_none(of)
    rows = run.output.rows("domain_alias", "of", "created_at")
    async for page in run.pages(
        lambda uow, after, count: domains.alias_page(
            uow, run.actor, of=wanted, after=after, limit=count
        ),
        lambda alias: alias.name,
        after="",
        limit=limit,
    ):
        rows.write(map(shapes.domain_alias, page))


@command(
    app,
    "change",
    examples=["postwarden domain-alias change example.net --of example.com"],
)
async def change(
    run: Invocation, domain: DomainWord, of: Of, dry_run: DryRun = False
) -> None:
    """Make DOMAIN a name of another hosted domain."""
    changed = await run.write(
        dry_run,
        domains.change_alias,
        run.actor,
        domain_name(domain),
        of=domain_name(of),
    )
    if changed is not None:
        sentence = f"{changed.name} is now a name of {changed.domain}"
        run.output.done(sentence, shapes.domain_alias(changed))


@command(app, "remove", examples=["postwarden domain-alias remove example.net"])
async def remove(run: Invocation, domain: DomainWord, dry_run: DryRun = False) -> None:
    """Take the name DOMAIN away from its domain."""
    removed = await run.write(
        dry_run, domains.remove_alias, run.actor, domain_name(domain)
    )
    if removed is not None:
        run.output.done(
            f"removed domain alias {removed.name}", shapes.domain_alias(removed)
        )
