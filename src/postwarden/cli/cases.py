"""`postwarden case ...`: trace, preview, approve, contain, verify, undo, export."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from postwarden.cli.exits import FAILED, REFUSED
from postwarden.cli.grammar import new_group
from postwarden.cli.hosting import host_task
from postwarden.cli.invocation import PAGE, DryRun, Invocation, Opens, command
from postwarden.cli.queries import read_query, settle_files
from postwarden.cli.query_words import QueryCommand, QueryWords
from postwarden.cli.signatures import PublicKey, public_key_of
from postwarden.dialects.native.shapes import cases as shapes
from postwarden.dialects.native.shapes.mail import copy
from postwarden.model.addresses import Address
from postwarden.model.cases import INCLUDABLE, Action, Case, MatchClass, Outcome, Plan
from postwarden.model.errors import Invalid
from postwarden.model.queries import Scope
from postwarden.services.cases import (
    evidence,
    opening,
    previewing,
    reading,
    running,
    undoing,
)

app = new_group("Find every copy, remove it, prove it, take it back.")

CaseNumber = Annotated[int, typer.Argument(metavar="N", help="The case's number.")]
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
    parsed, similar = await read_query(run, query, Scope.CASE)
    settled = await settle_files(run, parsed, similar)
    if dry_run:
        return await run.rehearse(
            opening.open_case, run.actor, settled, reason=reason, ticket=ticket
        )
    case = await run.transact(
        opening.open_case, run.actor, settled, reason=reason, ticket=ticket
    )
    return run.output.done(f"opened case {case.id}: {case.query}", shapes.case(case))


@command(app, "list")
async def list_(run: Invocation) -> None:
    """List all cases, oldest first."""
    rows = run.output.rows("case", "state", "opened_at", "opened_by", "query", "reason")
    pages = run.pages(reading.page, lambda case: case.id, after=0)
    async for page in pages:
        rows.write(shapes.case(case) for case in page)


@command(app, "status", examples=["postwarden case status 1 --json"])
async def status(run: Invocation, case: CaseNumber) -> None:
    """Show a case, its newest plan in numbers, and what became of the items."""
    seen = await run.read(reading.status, case)
    run.output.one(shapes.status(seen))


@command(
    app,
    "preview",
    examples=[
        "postwarden case preview 1",
        "postwarden case preview 1 --include variant --action move-junk",
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
) -> None:
    """Freeze a plan: every copy it would act on, sealed by a SHA-256.

    A new preview makes an approval of an older plan void.
    """
    plan = await previewing.preview(
        run.platform.store,
        run.actor,
        case,
        action=_action(action),
        include=[_includable(word) for word in include or []],
    )
    seen = await run.read(reading.status, case)
    items = [
        evidence.item_facts(plan, item)
        async for page in reading.items(run.platform.store, plan.id)
        for item in page
    ]
    if run.output.as_json:
        return run.output.one(shapes.preview(case, seen.case.state, plan, items))
    return _show_plan(run, seen.case, plan, items)


def _show_plan(
    run: Invocation, case: Case, plan: Plan, items: Sequence[dict[str, object]]
) -> None:
    run.output.one({"case": case.id, "state": case.state.value, **shapes.plan(plan)})
    rows = run.output.rows("item", "account", "mailbox", "uid", "class", "action")
    rows.write(items[:_SHOWN])
    if len(items) > _SHOWN:
        run.output.note(f"... and {len(items) - _SHOWN} more; --json has all")
    if plan.sha256 is not None:
        run.output.note(
            f"approve with: postwarden case approve {case.id} "
            f"--plan {plan.sha256.hex()}"
        )


@command(
    app, "approve", examples=["postwarden case approve 1 --plan 3f79bb7b435b0532..."]
)
async def approve(
    run: Invocation,
    case: CaseNumber,
    *,
    plan: Annotated[
        str, typer.Option(metavar="SHA256", help="The plan's hash, from preview.")
    ],
) -> None:
    """Approve exactly one plan; the approval expires after a while."""
    ttl = timedelta(seconds=run.settings.cases.approval_seconds)
    approved = await run.transact(opening.approve, run.actor, case, _sha256(plan), ttl)
    run.output.done(
        f"approved; run it with: postwarden case run {case}", shapes.case(approved)
    )


@command(app, "run", examples=["postwarden case run 1"])
async def run_case(run: Invocation, case: CaseNumber) -> None:
    """Run the approved plan; after an interruption, give the command again."""
    task = await running.start(run.platform.store, run.actor, case)
    if task is not None:
        await host_task(run, task, f"case {case}")
    seen = await run.read(reading.status, case)
    run.output.one(shapes.run(seen))
    if seen.outcomes.get(Outcome.FAILED):
        raise typer.Exit(FAILED)


@command(app, "verify", examples=["postwarden case verify 1"])
async def verify(run: Invocation, case: CaseNumber) -> None:
    """Search everywhere again; exit status 5 when live copies are left."""
    residual = await run.read(undoing.verify, case)
    items = [
        copy(facts, residual.class_of[facts.id])
        for start in range(0, len(residual.copies), PAGE)
        for facts in await run.read(
            undoing.residual_facts, residual.copies[start : start + PAGE]
        )
    ]
    run.output.one(shapes.verification(case, items))
    if items:
        raise typer.Exit(REFUSED)


@command(
    app,
    "undo",
    examples=[
        "postwarden case undo 1",
        "postwarden case undo 1 --account ada@example.org",
    ],
)
async def undo(
    run: Invocation,
    case: CaseNumber,
    *,
    account: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="Only this account; repeatable."),
    ] = None,
) -> None:
    """Put back what a case removed: bytes, mailbox, flags, keywords, date."""
    accounts = [Address.parse(text) for text in account or []]
    task = await run.transact(undoing.start, run.actor, case, accounts)
    if task is not None:
        await host_task(run, task, f"undo of case {case}")
    seen = await run.read(reading.undone, case)
    run.output.one(shapes.undo(case, seen))
    if seen.failed:
        raise typer.Exit(FAILED)


@command(app, "export", examples=["postwarden case export 1 --to evidence-1"])
async def export(
    run: Invocation,
    case: CaseNumber,
    *,
    to: Annotated[Path, typer.Option(metavar="DIR", help="A new or empty directory.")],
) -> None:
    """Write the evidence: mails, where they lay, ledger, audit, hashes; signed."""
    from postwarden.adapters.evidence import (  # noqa: PLC0415  only `export` pays
        EvidenceDirectory,
    )

    await run.read(reading.status, case)  # no directory for a case that is not there
    sink = EvidenceDirectory(to, run.platform.signer)
    digest = await evidence.export(
        run.platform.store, run.platform.blobs, sink, run.actor, case
    )
    run.output.one(
        {
            "case": case,
            "directory": str(to.absolute()),
            "manifest_sha256": digest.hex(),
            "public_key": sink.signer.public_key().hex(),
        }
    )


@command(
    app,
    "check",
    opens=Opens.NOTHING,
    examples=[
        "postwarden case check evidence-1",
        "postwarden case check evidence-1 --public-key store.pem",
    ],
)
async def check(
    run: Invocation,
    directory: Annotated[Path, typer.Argument(metavar="DIR")],
    public_key: PublicKey = None,
) -> None:
    """Check an evidence directory: hashes, signature, audit; needs no store.

    Without --public-key the signature shows that nothing changed since it was made,
    not whose it is: give the key of the store that you expect.
    """
    from postwarden.adapters import evidence_checking  # noqa: PLC0415  as above

    checked = evidence_checking.check(directory, key=public_key_of(public_key))
    for problem in checked.problems:
        run.output.problem("altered", problem)
    if checked.problems:
        raise typer.Exit(FAILED)
    key = checked.signed_by and checked.signed_by.hex()
    signed = f"signed by {key}" if key else "but not signed: of an older release"
    run.output.done(
        f"{directory} is intact, {signed}",
        {"directory": str(directory.absolute()), "intact": True, "signed_by": key},
    )


def _action(word: str) -> Action:
    try:
        return Action(word)
    except ValueError:
        raise Invalid(f"--action takes {', '.join(Action)}", field="action") from None


def _includable(word: str) -> MatchClass:
    if word not in INCLUDABLE:
        raise Invalid(
            f"--include takes {', '.join(sorted(INCLUDABLE))}", field="include"
        )
    return MatchClass(word)


def _sha256(text: str) -> bytes:
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        digest = b""
    if len(digest) != 32:
        raise Invalid("--plan takes 64 hexadecimal digits", field="plan")
    return digest
