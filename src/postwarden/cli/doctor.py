"""`postwarden doctor`: is the store whole, and are its surroundings fit?"""

from collections.abc import AsyncIterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Annotated

import typer

from postwarden.adapters.sql.integrity import (
    StoreInspection,
    explained,
    revision_of,
)
from postwarden.adapters.sql.migrating import HEAD
from postwarden.bootstrap import utc_now
from postwarden.cli.checkups import StoreCheckup, SurroundingsCheckup, finding_of
from postwarden.cli.exits import FAILED
from postwarden.cli.grammar import new_app
from postwarden.cli.invocation import Invocation, Opens, command
from postwarden.model.errors import MailError
from postwarden.services.diagnosis import Finding, Status, failed, ok, warning

app = new_app()

_DAMAGED = "restore a backup, or name another place; search.db alone can be removed"


@command(
    app,
    "doctor",
    opens=Opens.NOTHING,
    on_machine=True,
    examples=["postwarden doctor", "postwarden doctor --repair --full --json"],
)
async def doctor(
    run: Invocation,
    *,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what can be mended without loss.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Read and verify the content of all mail.")
    ] = False,
) -> None:
    """Check store, content, full text, disk, clock, files, TLS and ports.

    The exit status is 1 when a check failed; warnings leave it 0.
    """
    columns = ("check", "status", "message", "hint")
    rows = run.output.rows(*columns)
    found: list[Finding] = []
    with run.output.progress("checking") as progress:
        async for finding in _findings(run, repair=repair, full=full):
            found.append(finding)
            progress.advance()
            if run.output.as_json:
                rows.write([_row(finding)])
    if not run.output.as_json:
        # People get one table, whose columns fit all of it.
        rows.write(map(_row, found))
    if any(finding.status is Status.FAILED for finding in found):
        raise typer.Exit(FAILED)


def _row(finding: Finding) -> dict[str, object]:
    return {
        "check": finding.check,
        "status": finding.status.value,
        "message": finding.message,
        "hint": finding.hint,
    }


async def _findings(
    run: Invocation, *, repair: bool, full: bool
) -> AsyncIterator[Finding]:
    places = run.options.places
    store = _store(places.rows)
    yield store
    if store.status is Status.OK:
        async for finding in _inside(run, repair=repair, full=full):
            yield finding
    if places.rows.parent.exists():
        around = SurroundingsCheckup(places, run.settings, utc_now(), repair=repair)
        for name, check in around.checks().items():
            yield await finding_of(name, check)


async def _inside(
    run: Invocation, *, repair: bool, full: bool
) -> AsyncIterator[Finding]:
    places = run.options.places
    content = places.blobs / "content.db"
    with ExitStack() as opened:
        try:
            with explained():
                platform = opened.enter_context(run.opened(create=False))
                inspection = opened.enter_context(
                    closing(
                        StoreInspection(
                            places.rows, content if content.exists() else None
                        )
                    )
                )
        except MailError as error:
            yield failed("store", str(error), _DAMAGED)
            return
        checkup = StoreCheckup(
            platform, inspection, run.actor, repair=repair, full=full
        )
        for name, check in checkup.checks().items():
            yield await finding_of(name, check)


def _store(path: Path) -> Finding:
    """Look whether the store can be opened, before it is."""
    if not path.exists():
        hint = "`postwarden domain create NAME` makes one"
        return failed("store", f"there is no store at {path}", hint)
    try:
        revision = revision_of(path)
    except MailError as error:
        return failed("store", str(error), _DAMAGED)
    if revision == HEAD:
        return ok("store", f"{path}, schema {revision}")
    if revision is None or revision < HEAD:
        return warning(
            "store",
            f"{path} has schema {revision}, this release writes {HEAD}",
            "any command that opens the store brings it there; make a backup first",
        )
    return failed(
        "store",
        f"{path} has schema {revision}, which this release does not know",
        "use the release that wrote it, or a newer one",
    )
