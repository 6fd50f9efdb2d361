"""`postwarden store ...`: the store's own files."""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from postwarden.adapters.blobs.checking import ContentInspection, damaged_pages
from postwarden.adapters.sql.integrity import explained
from postwarden.bootstrap import NoStore, Places
from postwarden.cli.content_checkup import ContentCheckup, Problem, Report
from postwarden.cli.exits import FAILED, REFUSED
from postwarden.cli.grammar import new_group
from postwarden.cli.invocation import Invocation, Opens, command
from postwarden.model.errors import MailError

app = new_group("Check the store's own files.")


@command(
    app,
    "fsck",
    opens=Opens.NOTHING,
    on_machine=True,
    examples=["postwarden store fsck", "postwarden store fsck --full --repair --json"],
)
async def fsck(
    run: Invocation,
    *,
    full: Annotated[
        bool, typer.Option("--full", help="Read and verify the content of all mail.")
    ] = False,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Remove content that is no message's, and drafts, older than a day.",
        ),
    ] = False,
) -> None:
    """Compare messages with their content, from both sides.

    Without --full a random sample of the content is read and verified, and all
    of it is looked for. It may run beside `serve`. The exit status is 1 when
    content is missing or altered, or a database file is damaged.
    """
    places = run.options.places
    if not places.is_made:
        raise NoStore(places.store)
    report = Report(run.output)
    kept = ""
    with run.output.progress("messages") as progress:
        for database in _databases(places):
            for problem in await damaged_pages(database):
                report.add(Problem.DAMAGED, path=database, detail=problem)
        try:
            with (
                explained(),
                run.opened(create=False),
                closing(ContentInspection(places.blobs)) as content,
            ):
                checkup = ContentCheckup(run, content, report, full=full, repair=repair)
                await checkup.check(progress)
                kept = checkup.kept
        except MailError as error:
            report.add(Problem.STOPPED, detail=str(error))
    run.output.one(report.summary())
    if kept:
        run.output.problem("refused", kept)
    if not report.ok:
        raise typer.Exit(FAILED)
    if kept:
        raise typer.Exit(REFUSED)


def _databases(places: Places) -> list[Path]:
    paths = (
        places.rows,
        places.blobs / "content.db",
        places.rows.with_name("search.db"),
    )
    return [path for path in paths if path.exists()]
