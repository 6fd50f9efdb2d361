"""`postwarden catch-all ...`: who gets mail for addresses that do not exist."""

from typing import Annotated

import typer

from postwarden.cli.arguments import DomainWord, Limit
from postwarden.cli.grammar import new_group
from postwarden.cli.invocation import DryRun, Invocation, command
from postwarden.dialects.native.shapes import directory as shapes
from postwarden.model.addresses import Address, domain_name
from postwarden.model.domains import MailDomain
from postwarden.model.errors import NotFound
from postwarden.services import domains

app = new_group("Say who gets mail for addresses that do not exist.")

To = Annotated[
    str, typer.Option("--to", metavar="ADDRESS", help="Who gets it, here or elsewhere.")
]


@command(
    app,
    "create",
    examples=["postwarden catch-all create example.org --to ada@example.org"],
)
async def create(
    run: Invocation, domain: DomainWord, to: To, dry_run: DryRun = False
) -> None:
    """Take mail for every unknown address of DOMAIN."""
    created = await run.write(
        dry_run,
        domains.set_catch_all,
        run.actor,
        domain_name(domain),
        Address.parse(to),
        new=True,
    )
    if created is not None:
        run.output.done(_sentence(created), shapes.catch_all(created))


@command(app, "show", examples=["postwarden catch-all show example.org"])
async def show(run: Invocation, domain: DomainWord) -> None:
    """Show who gets mail for unknown addresses of DOMAIN."""
    found = await run.read(domains.get, run.actor, domain_name(domain))
    if found.catch_all is None:
        raise NotFound("catch-all of", found.name)
    run.output.one(shapes.catch_all(found))


@command(app, "list", examples=["postwarden catch-all list --json"])
async def list_(run: Invocation, limit: Limit = None) -> None:
    """List the domains that have a catch-all."""
    rows = run.output.rows("domain", "to")
    async for page in run.pages(
        lambda uow, after, count: domains.catch_all_page(
            uow, run.actor, after=after, limit=count
        ),
        lambda domain: domain.name,
        after="",
        limit=limit,
    ):
        rows.write(map(shapes.catch_all, page))


@command(
    app,
    "change",
    examples=["postwarden catch-all change example.org --to bob@example.org"],
)
async def change(
    run: Invocation, domain: DomainWord, to: To, dry_run: DryRun = False
) -> None:
    """Give mail for unknown addresses of DOMAIN to somebody else."""
    changed = await run.write(
        dry_run,
        domains.set_catch_all,
        run.actor,
        domain_name(domain),
        Address.parse(to),
    )
    if changed is not None:
        run.output.done(_sentence(changed), shapes.catch_all(changed))


@command(app, "remove", examples=["postwarden catch-all remove example.org"])
async def remove(run: Invocation, domain: DomainWord, dry_run: DryRun = False) -> None:
    """Refuse mail for unknown addresses of DOMAIN again."""
    removed = await run.write(
        dry_run, domains.set_catch_all, run.actor, domain_name(domain), None
    )
    if removed is not None:
        run.output.done(
            f"removed the catch-all of {removed.name}", shapes.catch_all(removed)
        )


def _sentence(domain: MailDomain) -> str:
    return f"{domain.catch_all} gets mail for unknown addresses of {domain.name}"
