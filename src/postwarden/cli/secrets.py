"""`postwarden secret ...`: the master key that seals what must be read again."""

import asyncio
from typing import Annotated

import typer

from postwarden.cli.exits import FAILED
from postwarden.cli.grammar import new_group
from postwarden.cli.invocation import DryRun, Invocation, command
from postwarden.services import secrets

app = new_group("See and change the key that seals secrets.")

GRACE = 30.0  # seconds


@command(app, "status", examples=["postwarden secret status --json"])
async def status(run: Invocation) -> None:
    """Show which master keys there are, and how many secrets each has sealed.

    A key that is not there has sealed what cannot be opened until it is brought
    back. No key and no secret is shown.
    """
    platform = run.platform
    counts = await secrets.status(
        platform.store, platform.sealer, [platform.signer], run.actor
    )
    there = platform.sealer.ids()
    if not counts:
        run.output.note("nothing is sealed; the key is made when it is first needed")
    run.output.rows("key", "sealed", "state").write(
        {"key": key, "sealed": count, "state": _state(key, there)}
        for key, count in counts.items()
    )
    if counts.keys() - set(there):
        raise typer.Exit(FAILED)


def _state(key: str, there: list[str]) -> str:
    if key not in there:
        return "missing"
    return "seals" if key == there[-1] else "opens"


@command(
    app,
    "rotate",
    examples=["postwarden secret rotate", "postwarden secret rotate --grace 0 --json"],
)
async def rotate(
    run: Invocation,
    *,
    grace: Annotated[
        float,
        typer.Option(
            "--grace",
            metavar="SECONDS",
            min=0,
            max=3600,
            help="How long to wait for others who still write with the old key.",
        ),
    ] = GRACE,
    dry_run: DryRun = False,
) -> None:
    """Make a new master key, seal everything with it, and drop the old ones.

    It may run beside `serve`. Interrupted, it leaves every key that is needed; give
    it again. Backups made before need the old key: keep a copy of the key file with
    them as long as you keep them.
    """
    platform = run.platform
    if dry_run:
        counts = await secrets.status(
            platform.store, platform.sealer, [platform.signer], run.actor
        )
        return run.output.rehearsed(
            [
                {
                    "action": "secret.rotate",
                    "object": "master key",
                    "before": dict(counts),
                }
            ]
        )
    with run.output.progress("sealing anew"):
        done = await secrets.rotate(
            platform.store,
            platform.sealer,
            [platform.signer],
            run.actor,
            grace=lambda: asyncio.sleep(grace),
        )
    run.output.done(
        f"sealed {done.resealed} secrets with the new key {done.key}",
        {
            "key": done.key,
            "resealed": done.resealed,
            "lost": done.lost,
            "dropped": list(done.dropped),
        },
    )
    if done.lost:
        run.output.problem(
            "lost", f"{done.lost} secrets were sealed with a key that is not there"
        )
        raise typer.Exit(FAILED)
    return None
