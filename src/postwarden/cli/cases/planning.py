"""`postwarden case open|edit|list|status|preview|approve|review`: before a run."""

from collections.abc import Sequence
from typing import Annotated

import typer

from postwarden.cli import unreached
from postwarden.cli.cases.words import (
    CaseNumber,
    action_of,
    app,
    includable,
    notice_of,
    sha256_of,
)
from postwarden.cli.elsewhere import SystemNames
from postwarden.cli.invocation import DryRun, Invocation, command
from postwarden.cli.queries import read_query, settle_files
from postwarden.cli.query_words import QueryCommand, QueryWords
from postwarden.dialects.native.shapes import cases as shapes
from postwarden.model.cases import INCLUDABLE, Action, Case, OwnerNotice, Plan
from postwarden.model.errors import Invalid
from postwarden.model.queries import Query, Scope
from postwarden.services.cases import (
    approving,
    opening,
    previewing,
    reading,
)
from postwarden.services.cases.reading import Status
from postwarden.services.ports import UnitOfWork

_SHOWN = 20  # items that people are shown; --json has all


@command(
    app,
    "open",
    kind=QueryCommand,
    examples=[
        "postwarden case open 'similar:<id@example.net>' "
        '--reason "phishing reported by ada"',
        "postwarden case open from:@evil.example newer:2d --reason campaign",
    ],
)
async def open_(
    run: Invocation,
    query: QueryWords,
    *,
    reason: Annotated[str, typer.Option(help="Why; it stays with the case.")],
    ticket: Annotated[
        str | None, typer.Option(metavar="ID", help="A ticket elsewhere.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Open a case over what a query finds. Nothing is touched before `run`."""
    parsed = await _read(run, query)
    case = await run.write(
        dry_run, opening.open_case, run.actor, parsed, reason=reason, ticket=ticket
    )
    if case is not None:
        run.output.done(f"opened case {case.id}: {case.query}", shapes.case(case))


@command(
    app,
    "edit",
    kind=QueryCommand,
    examples=["postwarden case edit 1 from:@evil.example -account:bob@a.example"],
)
async def edit(
    run: Invocation, case: CaseNumber, query: QueryWords, *, dry_run: DryRun = False
) -> None:
    """Give a case that has not acted yet another query; its plan is void then."""
    parsed = await _read(run, query)
    edited = await run.write(dry_run, opening.edit, run.actor, case, parsed)
    if edited is not None:
        run.output.done(f"case {case} is now: {edited.query}", shapes.case(edited))


async def _read(run: Invocation, query: Sequence[str]) -> Query:
    parsed, similar = await read_query(run, query, Scope.CASE)
    return await settle_files(run, parsed, similar)


@command(app, "list")
async def list_(run: Invocation) -> None:
    """List all cases, oldest first."""
    rows = run.output.rows("case", "state", "opened_at", "opened_by", "query", "reason")

    def page(uow: UnitOfWork, after: int, limit: int) -> list[Case]:
        return reading.page(uow, run.actor, after, limit)

    async for cases in run.pages(page, lambda case: case.id, after=0):
        rows.write(shapes.case(case) for case in cases)


@command(app, "status", examples=["postwarden case status 1 --json"])
async def status(run: Invocation, case: CaseNumber) -> None:
    """Show a case, its newest plan in numbers, and what became of the items."""
    seen = await _status(run, case)
    run.output.one(shapes.status(seen))
    waiting = approving.unreviewed(seen.approvals)
    if waiting:
        run.output.alarm(
            f"case {case} was approved by breaking the glass and nobody has reviewed it"
        )


async def _status(run: Invocation, case: int) -> Status:
    return await run.read(reading.status, run.actor, case, run.platform.case_rules)


@command(
    app,
    "preview",
    examples=[
        "postwarden case preview 1",
        "postwarden case preview 1 --include variant --action move-junk",
        "postwarden case preview 1 --exclude legal@example.org --exclude @lab.example",
        "postwarden case preview 1 --system local --system exchange",
    ],
)
async def preview(
    run: Invocation,
    case: CaseNumber,
    *,
    action: Annotated[
        str,
        typer.Option(
            metavar="|".join(Action), help="What the plan does with the copies."
        ),
    ] = Action.CONTAIN.value,
    include: Annotated[
        list[str] | None,
        typer.Option(
            metavar="|".join(sorted(INCLUDABLE)),
            help="Classes to act on beside exact and same; repeatable.",
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS|@DOMAIN",
            help="Accounts whose copies are listed and left alone; repeatable.",
        ),
    ] = None,
    exclude_item: Annotated[
        list[int] | None,
        typer.Option(
            metavar="ITEM", help="Likewise, an item of the newest plan; repeatable."
        ),
    ] = None,
    include_sent: Annotated[
        bool,
        typer.Option(
            "--include-sent", help="Take what an author has in Sent of his own mail."
        ),
    ] = False,
    notice: Annotated[
        str,
        typer.Option(
            metavar="|".join(OwnerNotice), help="What owners are told of removed mail."
        ),
    ] = OwnerNotice.SILENT.value,
    system: SystemNames = None,
    dry_run: DryRun = False,
) -> None:
    """Freeze a plan: every copy it would act on, sealed by a SHA-256.

    A new preview makes an approval of an older plan void. What it says under
    `approval` is whose word the plan takes. With --system one plan has copies of our
    own store and of other systems; exit status 1 says that nobody could look
    everywhere.
    """
    platform = run.platform
    wanted = previewing.Wanted(
        action=action_of(action),
        include=frozenset(map(includable, include or ())),
        exclude=tuple(exclude or ()),
        exclude_items=tuple(exclude_item or ()),
        include_sent=include_sent,
        notice=notice_of(notice),
        systems=tuple(system or ()),
    )
    plan = await previewing.draft(
        platform.store,
        run.actor,
        case,
        platform.case_rules,
        wanted,
        keep=not dry_run,
        outside=platform.outside,
    )
    if dry_run:
        return await run.rehearse(previewing.finish, run.actor, plan)
    plan = await run.transact(previewing.finish, run.actor, plan)
    seen = await _status(run, case)
    items = [
        shapes.item(plan, item)
        async for page in reading.items(platform.store, run.actor, case, plan.id)
        for item in page
    ]
    if run.output.as_json:
        run.output.one(shapes.preview(seen, plan, items))
    else:
        _show_plan(run, seen, plan, items)
    problems = [(p.system, text) for p in plan.parts for text in p.problems]
    return unreached.tell(run.output, problems)


def _show_plan(
    run: Invocation, seen: Status, plan: Plan, items: Sequence[shapes.ItemShape]
) -> None:
    case = seen.case
    run.output.one(
        {"case": case.id, "state": case.state.value, **shapes.plan(plan, seen.need)}
    )
    rows = run.output.rows(
        *("item", *(("system",) if plan.parts else ()), "account", "mailbox", "uid"),
        *("class", "action", "outcome"),
    )
    rows.write(items[:_SHOWN])
    if len(items) > _SHOWN:
        run.output.note(f"... and {len(items) - _SHOWN} more; --json has all")
    if plan.sha256 is not None:
        run.output.note(
            f"approve with: postwarden case approve {case.id} "
            f"--plan {plan.sha256.hex()}"
        )
    if seen.need is not None:
        run.output.note(f"{seen.need}: with --key")


@command(
    app,
    "approve",
    examples=[
        "postwarden case approve 1 --plan 3f79bb7b435b0532...",
        "postwarden case approve 1 --plan 3f79bb7b435b0532... --key SECRET",
        "postwarden case approve 1 --plan 3f79bb7b435b0532... "
        '--break-glass --reason "it spreads, nobody else is awake"',
    ],
)
async def approve(
    run: Invocation,
    case: CaseNumber,
    *,
    plan: Annotated[
        str, typer.Option(metavar="SHA256", help="The plan's hash, from preview.")
    ],
    break_glass: Annotated[
        bool,
        typer.Option(
            "--break-glass", help="Approve one's own large plan, in an emergency."
        ),
    ] = False,
    reason: Annotated[
        str | None, typer.Option(help="Why the glass was broken.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Approve exactly one plan; the approval expires after a while.

    A large plan takes somebody who neither opened, edited nor previewed the case.
    Breaking the glass does without, and another person reviews it afterwards.
    """
    if break_glass is not (reason is not None):
        raise Invalid("--break-glass and --reason go together", field="reason")
    approved = await run.write(
        dry_run,
        approving.approve,
        run.actor,
        case,
        sha256_of(plan),
        run.platform.case_rules,
        break_glass=reason,
    )
    if approved is None:
        return
    if break_glass:
        run.output.alarm(
            f"{run.actor.name} broke the glass: case {case} is approved without a "
            f"second person; let somebody else run: postwarden case review {case}"
        )
    run.output.done(
        f"approved; run it with: postwarden case run {case}", shapes.case(approved)
    )


@command(
    app,
    "review",
    examples=['postwarden case review 1 --reason "justified, see ticket 4711"'],
)
async def review(
    run: Invocation,
    case: CaseNumber,
    *,
    reason: Annotated[str, typer.Option(help="What the review found.")],
    dry_run: DryRun = False,
) -> None:
    """Review what somebody else approved by breaking the glass."""
    count = await run.write(dry_run, approving.review, run.actor, case, reason=reason)
    if count is not None:
        run.output.done(f"reviewed case {case}", shapes.review(case, count))
