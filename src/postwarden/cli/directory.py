"""`postwarden directory ...`: the whole directory as one file, out and in."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated, BinaryIO

import typer

from postwarden.adapters.wholefiles import whole_file
from postwarden.cli.arguments import interruptible
from postwarden.cli.exits import FAILED
from postwarden.cli.grammar import new_group
from postwarden.cli.hosting import host_task
from postwarden.cli.invocation import DryRun, Invocation, Opens, command
from postwarden.cli.output import Output, Progress
from postwarden.model.errors import Invalid, MailError, NotFound, Unavailable
from postwarden.services.directory import files, rehearsing
from postwarden.services.directory.files import Form, Mode
from postwarden.services.directory.importing import DirectoryImport
from postwarden.wire.directory import (
    RowKind,
    UnreadableFile,
)

app = new_group("Write the directory to a file, and read it back.")

MAX_FILE = 256 << 20  # octets
_PIECE = 1 << 20


FormOption = Annotated[
    Form | None,
    typer.Option("--format", help="Else told by the file's name; csv without one."),
]


@command(
    app,
    "export",
    examples=[
        "postwarden directory export --to directory.yaml",
        "postwarden directory export --format csv >directory.csv",
    ],
)
async def export(
    run: Invocation,
    *,
    form: FormOption = None,
    to: Annotated[
        Path, typer.Option("--to", metavar="FILE", help="- is standard output.")
    ] = Path("-"),
    password_hashes: Annotated[
        bool,
        typer.Option(
            "--with-password-hashes",
            help="Also what passwords are checked against: a file to keep secret.",
        ),
    ] = False,
) -> None:
    """Write every domain, account, alias, group, list and forward there is.

    `directory import` reads it. Mail is no part of it, and without
    --with-password-hashes nobody can log in to what is imported elsewhere until a
    password is set.
    """
    kind = form or form_of(to)
    lines = files.write(run.platform.store, run.actor, kind, hashes=password_hashes)
    if to == Path("-"):
        async for line in lines:
            sys.stdout.buffer.write(line.encode())
        sys.stdout.buffer.flush()
        return None
    try:
        with whole_file(to.absolute()) as file:
            async for line in lines:
                file.write(line.encode())
    except OSError as error:
        raise Unavailable(f"cannot write {to}: {error.strerror}") from error
    return tell_written(run.output, to, kind)


def tell_written(output: Output, to: Path, form: Form) -> None:
    """Tell that the directory is in a file."""
    output.done(
        f"wrote the directory to {to}",
        {"file": str(to.absolute()), "format": form.value, "bytes": to.stat().st_size},
    )


@command(
    app,
    "import",
    opens=Opens.NEW,
    examples=[
        "postwarden directory import directory.csv --dry-run",
        "postwarden directory import directory.yaml --mode replace",
    ],
)
async def import_(
    run: Invocation,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", show_default=False, help="- is standard input."),
    ],
    *,
    form: FormOption = None,
    mode: Annotated[
        Mode, typer.Option("--mode", help="replace also removes what is not in FILE.")
    ] = Mode.MERGE,
    allow_empty: Annotated[
        bool,
        typer.Option(
            "--allow-empty", help="Replace even when every account or domain goes."
        ),
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Create and change what FILE says; with --mode replace also remove the rest.

    Rows that fail are reported by their number (in YAML that of their first line),
    and the others are imported; a replacing import then removes nothing. What is as
    the file says is left alone, so an import that was cut off is simply run again.
    The mail of removed accounts goes to the vault.
    """
    started = time.monotonic()
    kind = form or form_of(file)
    store = run.platform.store
    with opened(file) as stream, run.output.progress("rows") as bar:
        copy = run.platform.scratch() if dry_run else None
        if copy is not None:
            await rehearsing.copy_directory(store, run.actor, copy)
        work = DirectoryImport(
            copy or store,
            run.actor,
            lambda: files.read(stream, kind),
            _Listener(run.output, bar),
            check_hash=run.platform.passwords.check,
        )
        try:
            tally = await work.run(
                replace=mode is Mode.REPLACE, allow_empty=allow_empty
            )
        except UnreadableFile as error:
            raise Invalid(f"{file}: {error}", field="file") from error
    if copy is not None:
        run.output.rehearsed(await rehearsing.written(copy))
    else:
        for task in tally.vaulting:
            await host_task(run, task, "vaulting the mail of a removed account")
        run.output.one(
            {
                "created": tally.created,
                "changed": tally.changed,
                "unchanged": tally.unchanged,
                "removed": tally.removed,
                "failed": tally.failed,
                "seconds": round(time.monotonic() - started, 3),
            }
        )
    if mode is Mode.REPLACE and tally.failed:
        run.output.note("nothing was removed, since some rows failed; mend them first")
    if tally.is_failure or tally.kept:
        raise typer.Exit(FAILED)


class _Listener:
    def __init__(self, output: Output, bar: Progress) -> None:
        self._output = output
        self._bar = bar

    def failed(self, error: MailError, *, row: int) -> None:
        self._output.problem(error.code, str(error), row=row)

    def kept(self, error: MailError, kind: RowKind, name: str) -> None:
        self._output.problem(error.code, str(error), **{kind.value: name})

    def done(self, rows: int) -> None:
        self._bar.advance(rows)


def form_of(path: Path) -> Form:
    """Return what a file of that name looks like."""
    return Form.YAML if path.suffix.lower() in {".yaml", ".yml"} else Form.CSV


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Give a copy of the file for ourselves, since it is read more than once.

    Raises NotFound, and Invalid for what cannot be read or is too large.
    """
    with TemporaryFile(prefix="directory-") as copy:
        if path == Path("-"):
            with interruptible():
                _copy(sys.stdin.buffer, copy)
        else:
            try:
                with path.open("rb") as stream:
                    _copy(stream, copy)
            except FileNotFoundError as error:
                raise NotFound("file", str(path)) from error
            except OSError as error:
                raise Invalid(
                    f"cannot read {path}: {error.strerror}", field="file"
                ) from error
        yield copy


def _copy(source: BinaryIO, to: BinaryIO) -> None:
    size = 0
    while piece := source.read(_PIECE):
        size += len(piece)
        if size > MAX_FILE:
            raise Invalid(f"a file has {MAX_FILE} octets at most", field="file")
        to.write(piece)
