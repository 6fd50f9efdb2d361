"""`postwarden audit ...`: who changed what, and the proof of it."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from postwarden.adapters.wholefiles import whole_file
from postwarden.cli.arguments import Limit
from postwarden.cli.exits import FAILED
from postwarden.cli.grammar import new_group
from postwarden.cli.invocation import Invocation, Opens, command
from postwarden.cli.output import Output
from postwarden.cli.signatures import Anchors, PublicKey, anchors_of, public_key_of
from postwarden.dialects.native.shapes import operations as shapes
from postwarden.model.audit import AuditEntry
from postwarden.model.audit_heads import head_facts
from postwarden.model.errors import AlreadyExists, Invalid, NotFound
from postwarden.services import audit
from postwarden.services.audit import anchoring, exporting, verification
from postwarden.services.ports import UnitOfWork
from postwarden.settings.quantities import seconds_of

app = new_group("See who changed what, and prove it.")


@command(
    app,
    "list",
    examples=[
        "postwarden audit list --since 7d",
        "postwarden audit list --object 'account ada@example.org' --json",
    ],
)
async def list_(
    run: Invocation,
    *,
    actor: Annotated[
        str | None, typer.Option("--actor", metavar="NAME", help="Only of this actor.")
    ] = None,
    dialect: Annotated[
        str | None, typer.Option("--dialect", metavar="NAME", help="cli, james, ...")
    ] = None,
    object_: Annotated[
        str | None,
        typer.Option("--object", metavar="OBJECT", help="As in 'domain example.org'."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="TIME", help="An ISO day or time, or as in 7d."
        ),
    ] = None,
    limit: Limit = None,
) -> None:
    """List administrative acts, oldest first.

    With --json each line has what its hash is over: docs/audit.md tells how to
    compute it anew.
    """
    start = _instant(since, run.platform.clock()) if since else None

    def read(uow: UnitOfWork, after: int, count: int) -> Sequence[AuditEntry]:
        return audit.page(
            uow,
            run.actor,
            after=after,
            limit=count,
            by=actor,
            dialect=dialect,
            object=object_,
            since=start,
        )

    rows = run.output.rows("id", "time", "actor", "dialect", "action", "object")
    async for page in run.pages(read, lambda entry: entry.id, after=0, limit=limit):
        rows.write(map(shapes.audit, page))


def _instant(text: str, now: datetime) -> datetime:
    """Read a time in UTC, or how long ago it was; raises Invalid."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        try:
            return now - timedelta(seconds=seconds_of(text))
        except (Invalid, OverflowError) as error:
            raise Invalid(
                f"since takes an ISO day or time, or as in 7d; not {text!r}",
                field="since",
            ) from error
    return time.replace(tzinfo=now.tzinfo) if time.tzinfo is None else time


@command(
    app,
    "verify",
    examples=[
        "postwarden audit verify",
        "postwarden audit verify --anchor /mnt/elsewhere/head.json --json",
    ],
)
async def verify(
    run: Invocation, anchor: Anchors = None, public_key: PublicKey = None
) -> None:
    """Follow the chain of hashes from the first entry to the newest.

    Every entry that was altered, dropped, inserted or moved breaks it; the first
    such entry is named, and the exit status is 1. That entries were cut off at the
    end shows only against a head that was kept elsewhere: give it with --anchor.
    """
    anchors, key = anchors_of(anchor), public_key_of(public_key)
    with run.output.progress("entries") as progress:
        verdict = await verification.verify(
            run.platform.store,
            run.actor,
            anchors=anchors,
            key=key,
            progress=progress.advance,
        )
    tell(run.output, shapes.verdict(verdict), "the audit log")


@command(
    app,
    "check",
    opens=Opens.NOTHING,
    needs_no_store=True,
    examples=[
        "postwarden audit check audit.jsonl",
        "postwarden audit check audit.jsonl --public-key store.pem --anchor head.json",
    ],
)
async def check(
    run: Invocation,
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False)],
    anchor: Anchors = None,
    public_key: PublicKey = None,
) -> None:
    """Check a file that `audit export` wrote; needs no store.

    Without --public-key the file proves that it is of one piece, not whose it is.
    """
    anchors, key = anchors_of(anchor), public_key_of(public_key)
    try:
        with file.open("rb") as lines, run.output.progress("entries") as progress:
            verdict = exporting.check(
                iter(lambda: lines.readline(exporting.MAX_LINE), b""),
                anchors=anchors,
                key=key,
                progress=progress.advance,
            )
    except FileNotFoundError as error:
        raise NotFound("file", str(file)) from error
    tell(run.output, shapes.verdict(verdict), str(file))


def tell(output: Output, verdict: shapes.VerdictShape, what: str) -> None:
    """Print a verdict; a log that is not whole fails."""
    if verdict["problem"] is not None:
        if output.as_json:
            output.one(verdict)
        output.problem("altered", verdict["problem"])
        raise typer.Exit(FAILED)
    signed = verdict["signed"]
    key = f", signed by {signed['public_key']}" if signed else ""
    output.done(f"{what} is whole: {verdict['entries']} entries{key}", verdict)


@command(
    app,
    "anchor",
    examples=[
        "postwarden audit anchor --to /mnt/elsewhere/head.json",
        "postwarden audit anchor | mail -s 'audit head' auditor@example.net",
    ],
)
async def anchor_(
    run: Invocation,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Write it there.")
    ] = None,
) -> None:
    """Sign the newest entry, to be kept where nobody of this machine can write.

    Prints one line of JSON, or writes it to a file. Only such a head shows later
    that nothing was cut off the end of the log: `audit verify --anchor FILE`.
    """
    head = await anchoring.anchor(run.platform.store, run.platform.signer, run.actor)
    facts = head_facts(head)
    if to is None:
        typer.echo(json.dumps(facts))
        return
    with whole_file(to) as file:
        file.write(json.dumps(facts).encode() + b"\n")
    run.output.done(f"wrote the head of entry {head.entry} to {to}", facts)


@command(app, "export", examples=["postwarden audit export --to audit.jsonl"])
async def export(
    run: Invocation,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="A new file.")],
) -> None:
    """Write the whole log to a file that `audit check` can check anywhere."""
    if to.exists():
        raise AlreadyExists("file", str(to))
    lines = exporting.export(run.platform.store, run.platform.signer, run.actor)
    with run.output.progress("entries"), whole_file(to) as file:
        async for part in lines:
            file.write(part)
    key = run.platform.signer.public_key()
    run.output.done(
        f"wrote {to}; check it with: postwarden audit check {to} "
        f"--public-key {key.hex()}",
        {"file": str(to.absolute()), "public_key": key.hex()},
    )
