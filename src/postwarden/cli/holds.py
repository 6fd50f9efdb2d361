"""`postwarden hold ...`: what may not be destroyed, whoever asks."""

from typing import Annotated

import typer

from postwarden.cli.arguments import Limit
from postwarden.cli.grammar import new_group
from postwarden.cli.hosting import host_task
from postwarden.cli.invocation import PAGE, DryRun, Invocation, command
from postwarden.cli.output import Output
from postwarden.cli.queries import read_query, settle_files
from postwarden.cli.query_words import QueryCommand
from postwarden.dialects.native.shapes import holds as shapes
from postwarden.model.addresses import Address
from postwarden.model.holds import HeldAccount
from postwarden.model.queries import Query, Scope
from postwarden.services import holds
from postwarden.services.holds import NewHold

app = new_group("Keep mail from being destroyed, whoever asks.")

HoldNumber = Annotated[int, typer.Argument(metavar="N", help="The hold's number.")]
Reason = Annotated[str, typer.Option(help="Why; it stays with the hold.")]
OptionalWords = Annotated[
    list[str] | None,
    typer.Argument(metavar="QUERY", help="What to hold; see docs/query.md."),
]


@command(
    app,
    "create",
    kind=QueryCommand,
    examples=[
        'postwarden hold create from:@supplier.example --reason "dispute 2026-17"',
        "postwarden hold create --account ada@example.org --reason litigation",
        "postwarden hold create subject:merger after:2026-01-01 --reason audit "
        "--name merger",
        "postwarden hold create --case 3 --reason evidence",
    ],
)
async def create(
    run: Invocation,
    query: OptionalWords = None,
    *,
    reason: Reason,
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
    account: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Only mail of this account, whatever its address becomes.",
        ),
    ] = None,
    case: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Also the copies in this case's plans; without QUERY, its query.",
        ),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Hold what matches, wherever it lies, and what matches as it arrives.

    Held mail may be moved, deleted or contained, but not destroyed: it outlives its
    retention and its account. A query says only what never changes of a mail:
    sender, recipients, subject, dates, sizes, hashes, ids, account.
    """
    new = NewHold(
        query=await _query(run, query) if query else None,
        account=None if account is None else Address.parse(account),
        case=case,
        name=name,
        reason=reason,
    )
    created = await run.write(dry_run, holds.create, run.actor, new)
    if created is None:
        return
    hold, task = created
    await host_task(run, task, f"placing hold {hold.id}")
    shown = shapes.whole(*await run.read(holds.extent, run.actor, hold.id))
    run.output.done(
        f"hold {hold.id} holds {shown['copies']} copies in {shown['accounts']} "
        f"accounts: {hold.query}",
        shown,
    )


async def _query(run: Invocation, words: list[str]) -> Query:
    parsed, similar = await read_query(run, words, Scope.HOLD)
    return await settle_files(run, parsed, similar)


@command(app, "list", examples=["postwarden hold list --json"])
async def list_(run: Invocation, limit: Limit = None) -> None:
    """List all holds, released ones included, oldest first."""
    rows = run.output.rows(
        "hold", "state", "created_at", "created_by", "name", "query", "reason"
    )
    async for page in run.pages(
        lambda uow, after, count: holds.page(uow, run.actor, after=after, limit=count),
        lambda hold: hold.id,
        after=0,
        limit=limit,
    ):
        rows.write(map(shapes.hold, page))


@command(app, "show", examples=["postwarden hold show 1 --json"])
async def show(run: Invocation, hold: HoldNumber) -> None:
    """Show a hold and how much it holds."""
    run.output.one(shapes.whole(*await run.read(holds.extent, run.actor, hold)))


@command(app, "report", examples=["postwarden hold report 1 --json"])
async def report_(run: Invocation, hold: HoldNumber) -> None:
    """Show what a hold protects: how much, in which state, in which accounts."""
    held = await run.read(holds.extent, run.actor, hold)
    accounts: list[HeldAccount] = []
    async for page in run.pages(
        lambda uow, after, count: holds.extent_by_account(
            uow, run.actor, hold, after=after, limit=count
        ),
        lambda each: each.account,
        after=0,
    ):
        accounts += page
    tell_report(run.output, shapes.report(*held, accounts))


def tell_report(output: Output, report: shapes.HoldReportShape) -> None:
    """Print what a hold protects; people see so many accounts of it."""
    if output.as_json:
        return output.one(report)
    output.one({k: v for k, v in report.items() if k != "by_account"})
    accounts = report["by_account"]
    output.rows("account", "copies", "octets").write(accounts[:PAGE])
    if len(accounts) > PAGE:
        output.note(f"... and {len(accounts) - PAGE} more; --json has all")
    return None


@command(
    app,
    "release",
    examples=['postwarden hold release 1 --reason "dispute 2026-17 is settled"'],
)
async def release(
    run: Invocation, hold: HoldNumber, *, reason: Reason, dry_run: DryRun = False
) -> None:
    """Let go of what a hold holds; what no other hold holds may be destroyed again.

    What is overdue then goes at the next `vault expire`.
    """
    released = await run.write(dry_run, holds.release, run.actor, hold, reason=reason)
    if released is None:
        return
    _, task = released
    await host_task(run, task, f"releasing hold {hold}")
    shown = shapes.whole(*await run.read(holds.extent, run.actor, hold))
    run.output.done(f"released hold {hold}", shown)
