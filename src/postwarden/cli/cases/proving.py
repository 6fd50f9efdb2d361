"""`postwarden case export|check|report`: what is shown to others."""

from pathlib import Path
from typing import Annotated

import typer

from postwarden.cli.cases import report_pages
from postwarden.cli.cases.words import CaseNumber, app
from postwarden.cli.exits import FAILED
from postwarden.cli.invocation import Invocation, Opens, command
from postwarden.cli.output import Output
from postwarden.cli.signatures import PublicKey, public_key_of
from postwarden.dialects.native.shapes import reports as shapes
from postwarden.model.errors import Invalid
from postwarden.services.cases import evidence, reporting


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

    # No directory for a case that is not there.
    await run.read(evidence.exportable, run.actor, case)
    sink = EvidenceDirectory(to, run.platform.signer)
    digest = await evidence.export(
        run.platform.store, run.platform.blobs, sink, run.actor, case
    )
    tell_exported(run.output, case, to, digest, sink.signer.public_key())


def tell_exported(
    output: Output, case: int, to: Path, digest: bytes, key: bytes
) -> None:
    """Tell where evidence lies, and by what it is known."""
    output.one(
        {
            "case": case,
            "directory": str(to.absolute()),
            "manifest_sha256": digest.hex(),
            "public_key": key.hex(),
        }
    )


@command(
    app,
    "check",
    opens=Opens.NOTHING,
    needs_no_store=True,
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


@command(
    app,
    "report",
    examples=[
        "postwarden case report 1",
        "postwarden case report 1 --format csv > case-1.csv",
        "postwarden case report 1 --format html > case-1.html",
    ],
)
async def report_(
    run: Invocation,
    case: CaseNumber,
    *,
    form: Annotated[
        str, typer.Option("--format", metavar="json|csv|html", help="Else a table.")
    ] = "",
) -> None:
    """Tell who had the mail, what they did with it, and for how long; worst first.

    It tells what the ledger knows, and what the flags of each copy said when the plan
    was made.
    """
    known_form(form)
    made = await reporting.report(run.platform.store, run.actor, case)
    tell_report(run.output, shapes.report(made), form)


def known_form(form: str) -> str:
    """Return a form of reports; raises Invalid for what is none."""
    if form not in {"", "json", "csv", "html"}:
        raise Invalid("--format takes json, csv or html", field="format")
    return form


def tell_report(output: Output, report: shapes.ReportShape, form: str) -> None:
    """Print a report in one of the forms; people see a table without any."""
    if form == "csv":
        output.octets(report_pages.csv_page(report))
    elif form == "html":
        page = "\n".join(report_pages.html_page(report))
        output.octets(f"{page}\n".encode())
    elif form == "json" or output.as_json:
        output.as_json = True
        output.one(report)
    else:
        rows = output.rows(
            *("account", "delivered_at", "read", "answered", "forwarded"),
            *("removed_at", "exposed_seconds"),
        )
        rows.write(report["accounts"])
