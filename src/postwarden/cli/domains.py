"""`postwarden domain ...`: hosted domains."""

from datetime import timedelta
from typing import Annotated

import typer

from postwarden.cli.arguments import (
    DomainWord,
    Limit,
    Quota,
    QuotaMessages,
    duration_of,
    quota_of,
    refuse_nothing,
)
from postwarden.cli.grammar import new_group
from postwarden.cli.hosting import host_task
from postwarden.cli.invocation import DryRun, Invocation, Opens, command
from postwarden.dialects.native.shapes import directory as shapes
from postwarden.model.addresses import domain_name
from postwarden.services import domains, vault

app = new_group("Manage hosted domains.")

Delimiter = Annotated[
    str | None,
    typer.Option(
        "--delimiter",
        metavar="CHARACTER",
        help="Between account and detail, as in ada+shop; '' for none.",
    ),
]
VaultRetention = Annotated[
    str | None,
    typer.Option(
        "--vault-retention",
        metavar="TIME",
        help="How long deleted mail stays in the vault, as in 30d.",
    ),
]
RemovedRetention = Annotated[
    str | None,
    typer.Option(
        "--removed-account-retention",
        metavar="TIME",
        help="How long mail of a removed account stays, as in 90d.",
    ),
]


@command(
    app,
    "create",
    opens=Opens.NEW,
    examples=[
        "postwarden domain create example.org",
        "postwarden domain create example.org --quota 2G",
    ],
)
async def create(
    run: Invocation,
    domain: DomainWord,
    *,
    delimiter: Delimiter = "+",
    quota: Quota = None,
    quota_messages: QuotaMessages = None,
    vault_retention: VaultRetention = None,
    removed_account_retention: RemovedRetention = None,
    dry_run: DryRun = False,
) -> None:
    """Host DOMAIN. The quotas are what its new accounts get.

    The first domain makes the store.
    """
    created = await run.write(
        dry_run,
        domains.create,
        run.actor,
        domain_name(domain),
        delimiter=delimiter or "",
        quota_octets=quota_of(quota) or 0,
        quota_messages=quota_messages or 0,
        **_retentions(vault_retention, removed_account_retention),
    )
    if created is not None:
        run.output.done(f"created domain {created.name}", shapes.domain(created))


def _retentions(
    vault_retention: str | None, removed_account_retention: str | None
) -> dict[str, timedelta | None]:
    given = {
        "vault_retention": vault_retention,
        "removed_account_retention": removed_account_retention,
    }
    return {name: duration_of(text, field=name) for name, text in given.items()}


@command(app, "show", examples=["postwarden domain show example.org --json"])
async def show(run: Invocation, domain: DomainWord) -> None:
    """Show DOMAIN and how many addresses it has."""
    shown = await run.read(domains.overview, run.actor, domain_name(domain))
    run.output.one(shapes.whole_domain(*shown))


@command(app, "list", examples=["postwarden domain list --json"])
async def list_(run: Invocation, limit: Limit = None) -> None:
    """List the hosted domains."""
    rows = run.output.rows("domain", "catch_all", "postmaster", "created_at")
    async for page in run.pages(
        lambda uow, after, count: domains.page(
            uow, run.actor, after=after, limit=count
        ),
        lambda domain: domain.name,
        after="",
        limit=limit,
    ):
        rows.write(map(shapes.domain, page))


@command(
    app,
    "change",
    examples=[
        "postwarden domain change example.org --postmaster ada@example.org",
        "postwarden domain change example.org --catch-all ''",
        "postwarden domain change example.org --vault-retention 60d",
    ],
)
async def change(
    run: Invocation,
    domain: DomainWord,
    *,
    postmaster: Annotated[
        str | None,
        typer.Option(
            "--postmaster",
            metavar="ADDRESS",
            help="Gets postmaster's mail; '' for none.",
        ),
    ] = None,
    catch_all: Annotated[
        str | None,
        typer.Option(
            "--catch-all",
            metavar="ADDRESS",
            help="Gets mail for unknown addresses; '' for none.",
        ),
    ] = None,
    delimiter: Delimiter = None,
    quota: Quota = None,
    quota_messages: QuotaMessages = None,
    vault_retention: VaultRetention = None,
    removed_account_retention: RemovedRetention = None,
    dry_run: DryRun = False,
) -> None:
    """Change DOMAIN. The quotas are for accounts that come later.

    A new retention counts for what is in the vault already, too.
    """
    refuse_nothing(
        *(postmaster, catch_all, delimiter, quota, quota_messages),
        *(vault_retention, removed_account_retention),
    )
    changed = await run.write(
        dry_run,
        domains.change,
        run.actor,
        domain_name(domain),
        postmaster=postmaster,
        catch_all=catch_all,
        delimiter=delimiter,
        quota_octets=quota_of(quota),
        quota_messages=quota_messages,
        **_retentions(vault_retention, removed_account_retention),
    )
    if changed is not None:
        if task := await run.read(vault.redating, changed):
            await host_task(run, task, f"dating the vault of {changed.name}")
        run.output.done(f"changed domain {changed.name}", shapes.domain(changed))


@command(app, "remove", examples=["postwarden domain remove example.org"])
async def remove(run: Invocation, domain: DomainWord, dry_run: DryRun = False) -> None:
    """Stop hosting DOMAIN, which must have no addresses left."""
    removed = await run.write(dry_run, domains.remove, run.actor, domain_name(domain))
    if removed is not None:
        run.output.done(f"removed domain {removed.name}", shapes.domain(removed))
