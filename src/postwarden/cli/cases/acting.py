"""`postwarden case run|stop|resume|verify|undo|close`: what a case does to mail."""

from datetime import timedelta
from typing import Annotated

import typer

from postwarden.cli import unreached
from postwarden.cli.cases.words import CaseNumber, app
from postwarden.cli.exits import FAILED, REFUSED
from postwarden.cli.hosting import host_task
from postwarden.cli.invocation import PAGE, DryRun, Invocation, command
from postwarden.dialects.native.shapes import cases as shapes
from postwarden.dialects.native.shapes.mail import copy
from postwarden.model.addresses import Address
from postwarden.model.cases import CaseState, Outcome
from postwarden.model.tasks import Task
from postwarden.services.cases import (
    arming,
    closing,
    reading,
    running,
    undoing,
    verifying,
)
from postwarden.services.cases.elsewhere import verifying as everywhere
from postwarden.settings.quantities import seconds_of


@command(app, "run", examples=["postwarden case run 1"])
async def run_case(
    run: Invocation, case: CaseNumber, *, dry_run: DryRun = False
) -> None:
    """Run the approved plan; after an interruption, give the command again."""
    platform = run.platform
    if dry_run:
        await running.check(platform.store, run.actor, case)
        rules = platform.case_rules
        return await run.rehearse(running.begin, run.actor, case, rules)
    task = await running.start(platform.store, run.actor, case, platform.case_rules)
    return await _finish_run(run, case, task)


@command(app, "stop", examples=["postwarden case stop 1"])
async def stop(run: Invocation, case: CaseNumber, *, dry_run: DryRun = False) -> None:
    """Stop a run or an undo before its next batch; what is done stays done.

    `case resume` lets a stopped run go on, `case undo` takes it back.
    """
    stopped = await run.write(dry_run, running.stop, run.actor, case)
    if stopped is not None:
        run.output.done(f"case {case} is {stopped.state}", shapes.case(stopped))


@command(app, "resume", examples=["postwarden case resume 1"])
async def resume(run: Invocation, case: CaseNumber, *, dry_run: DryRun = False) -> None:
    """Let a stopped run go on; its approval must not have expired."""
    platform = run.platform
    if dry_run:
        await running.check(platform.store, run.actor, case)
        rules = platform.case_rules
        return await run.rehearse(running.go_on, run.actor, case, rules)
    task = await running.resume(platform.store, run.actor, case, platform.case_rules)
    return await _finish_run(run, case, task)


async def _finish_run(run: Invocation, case: int, task: Task | None) -> None:
    if task is not None:
        await host_task(run, task, f"case {case}")
    telling = await run.read(reading.notifying_task, run.actor, case)
    if telling is not None:
        await host_task(run, telling, f"notices of case {case}")
    rules = run.platform.case_rules
    seen = await run.read(reading.status, run.actor, case, rules)
    run.output.one(shapes.run(seen))
    if seen.case.state is CaseState.STOPPED:
        run.output.note(f"stopped; go on with: postwarden case resume {case}")
    unreached.tell(run.output, seen.waiting)
    if seen.outcomes.get(Outcome.FAILED):
        raise typer.Exit(FAILED)


@command(app, "verify", examples=["postwarden case verify 1"])
async def verify(run: Invocation, case: CaseNumber) -> None:
    """Search everywhere again; exit status 5 when live copies are left.

    Where the plan looked: our own store, and the systems of its preview. Exit status 1
    says that one of these could not be asked.
    """
    platform = run.platform
    seen = await everywhere.verify(platform.store, run.actor, case, platform.outside)
    residual = seen.residual
    items = [
        copy(facts, residual.class_of[facts.id])
        for start in range(0, len(residual.copies), PAGE)
        for facts in await run.read(
            verifying.residual_facts, residual.copies[start : start + PAGE]
        )
    ]
    run.output.one(shapes.verification(case, seen, items))
    if seen.count:
        raise typer.Exit(REFUSED)
    unreached.tell(run.output, seen.problems)


@command(
    app,
    "undo",
    examples=[
        "postwarden case undo 1",
        "postwarden case undo 1 --account ada@example.org",
        "postwarden case undo 1 --account ada@example.org --to ada@example.org",
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
    to: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Who gets the mail of a removed account, named by --account.",
        ),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Put back what a case removed: bytes, mailbox, flags, keywords, date.

    What an undo failed on before is tried again. An account that was removed is
    another one than a new account of the same address: say --to whom its mail goes.
    """
    accounts = [Address.parse(text) for text in account or []]
    target = None if to is None else Address.parse(to)
    if dry_run:
        start = undoing.start
        return await run.rehearse(start, run.actor, case, accounts, target)
    task = await run.transact(undoing.start, run.actor, case, accounts, target)
    if task is not None:
        await host_task(run, task, f"undo of case {case}")
    seen = await run.read(reading.undone, run.actor, case)
    run.output.one(shapes.undo(case, seen))
    if seen.failed:
        raise typer.Exit(FAILED)
    return None


@command(
    app,
    "arm",
    examples=["postwarden case arm 1 --for 24h"],
)
async def arm(
    run: Invocation,
    case: CaseNumber,
    *,
    lasts: Annotated[
        str, typer.Option("--for", metavar="TIME", help="For how long, as in 24h.")
    ],
    dry_run: DryRun = False,
) -> None:
    """Do the same to late copies, as they arrive, for a while.

    After a run that contained copies or moved them to Junk. What is caught belongs to
    the case, and undo takes it back.
    """
    duration = timedelta(seconds=seconds_of(lasts, field="for"))
    rules = run.platform.case_rules
    rule = await run.write(dry_run, arming.arm, run.actor, case, rules, duration)
    if rule is not None:
        run.output.done(
            f"case {case} catches late copies until {rule.until:%Y-%m-%d %H:%M} UTC",
            {"case": case, **shapes.armed_rule(rule, rule.armed_at)},
        )


@command(app, "disarm", examples=["postwarden case disarm 1"])
async def disarm(run: Invocation, case: CaseNumber, *, dry_run: DryRun = False) -> None:
    """Let late copies arrive again."""
    ended = await run.write(dry_run, arming.disarm, run.actor, case)
    if ended is not None:
        run.output.done(
            f"ended {len(ended)} rules of case {case}",
            shapes.disarmed(case, ended),
        )


@command(app, "close", examples=["postwarden case close 1"])
async def close(run: Invocation, case: CaseNumber, *, dry_run: DryRun = False) -> None:
    """End a case for good: undo is over, retention begins for what it contains."""
    closed = await run.write(dry_run, closing.close, run.actor, case)
    if closed is None:
        return
    seen, task = closed
    if task is not None:
        await host_task(run, task, f"closing of case {case}")
    run.output.done(f"closed case {case}", shapes.case(seen))
