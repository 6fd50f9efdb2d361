"""`postwarden case export|check`: evidence, and whether it is what was written."""

from pathlib import Path
from typing import Annotated

import typer

from postwarden.cli.cases.words import CaseNumber, app
from postwarden.cli.exits import FAILED
from postwarden.cli.invocation import Invocation, Opens, command
from postwarden.cli.signatures import PublicKey, public_key_of
from postwarden.services.cases import evidence


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
