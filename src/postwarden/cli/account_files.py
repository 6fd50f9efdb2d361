"""`postwarden account create-many FILE`: accounts from a CSV file."""

import asyncio
import csv
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Annotated, TextIO

import typer

from postwarden.bootstrap import Platform
from postwarden.cli.arguments import interruptible, quota_of
from postwarden.cli.exits import FAILED
from postwarden.cli.invocation import DryRun, Invocation, command
from postwarden.cli.output import Output, Progress
from postwarden.model.addresses import Address
from postwarden.model.errors import AlreadyExists, Invalid, MailError, NotFound
from postwarden.services import accounts, rehearsal
from postwarden.services.ports import UnitOfWork

COLUMNS = ("address", "password", "password_hash", "name", "quota", "quota_messages")
CHUNK = 250  # rows per transaction
MAX_LINE = 1 << 20  # characters

FileWord = Annotated[
    Path,
    typer.Argument(metavar="FILE.csv", show_default=False, help="- is standard input."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the file; the header is row 1."""

    number: int
    new: accounts.NewAccount
    password: str | None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot become an account, and why."""

    number: int
    error: MailError


@dataclass(slots=True)
class Tally:
    """What became of the rows so far."""

    created: int = 0
    failed: int = 0
    present: int = 0

    def count(
        self, rows: Sequence[Row], errors: Sequence[MailError | None]
    ) -> list[BadRow]:
        """Count rows that were tried; return those that failed."""
        bad = [
            BadRow(row.number, error)
            for row, error in zip(rows, errors, strict=True)
            if error is not None
        ]
        self.created += len(rows) - len(bad)
        self.present += sum(isinstance(each.error, AlreadyExists) for each in bad)
        return bad

    def tell(self, output: Output, bad: Sequence[BadRow]) -> None:
        """Count and print the bad rows of a chunk, in order."""
        self.failed += len(bad)
        for each in sorted(bad, key=lambda each: each.number):
            output.problem(each.error.code, str(each.error), row=each.number)


def add_command(app: typer.Typer) -> None:
    """Register the command with the others of `account`."""
    command(
        app,
        "create-many",
        examples=[
            "postwarden account create-many people.csv",
            "postwarden account create-many people.csv --dry-run",
        ],
    )(create_many)


async def create_many(run: Invocation, file: FileWord, dry_run: DryRun = False) -> None:
    """Create accounts from a CSV file.

    Its first row names the columns: address, and if wanted password or
    password_hash, name, quota (as in 2G) and quota_messages. Bad rows are
    reported by their number, where the first row is 1, and the others are created.
    """
    seen: set[str] | None = set() if dry_run else None
    with told(run.output, file, dry_run=dry_run) as (rows, tally, bar):
        while chunk := next_rows(rows, CHUNK):
            tally.tell(run.output, await _create(run, chunk, tally, seen))
            bar.advance(len(chunk))


@contextmanager
def told(
    output: Output, file: Path, *, dry_run: bool
) -> Iterator[tuple[Iterator[Row | BadRow], Tally, Progress]]:
    """Give the rows of a file and what counts them; tell the counts at the end."""
    started, tally = time.monotonic(), Tally()
    with _opened(file) as stream, output.progress("accounts") as bar:
        yield _rows(stream), tally, bar
    result: dict[str, object] = {
        "created": tally.created,
        "failed": tally.failed,
        "seconds": round(time.monotonic() - started, 3),
    }
    if dry_run:
        result["dry_run"] = True
    output.one(result)
    if tally.failed and not tally.created and not tally.present:
        raise typer.Exit(FAILED)


def next_rows(rows: Iterator[Row | BadRow], count: int) -> list[Row | BadRow]:
    """Return the next rows, while Ctrl-C works."""
    with interruptible():
        return list(islice(rows, count))


async def _create(
    run: Invocation,
    chunk: Sequence[Row | BadRow],
    tally: Tally,
    seen: set[str] | None,
) -> list[BadRow]:
    """Create what can be created of a chunk; return the rest."""
    good = [row for row in chunk if isinstance(row, Row)]
    bad = [row for row in chunk if isinstance(row, BadRow)]
    hashed = await asyncio.gather(*(_hashed(run.platform, row) for row in good))
    ready = [each for each in hashed if isinstance(each, Row)]
    bad += [each for each in hashed if isinstance(each, BadRow)]
    new = [row.new for row in ready]
    if seen is None:
        errors = await run.transact(accounts.create_many, run.actor, new)
    else:
        errors = await _rehearse(run, new, seen)
    return [*bad, *tally.count(ready, errors)]


async def _rehearse(
    run: Invocation, new: Sequence[accounts.NewAccount], seen: set[str]
) -> list[MailError | None]:
    """Like `accounts.create_many`, taken back; `seen` are the keys of earlier rows."""
    errors: list[MailError | None] = []

    def create(uow: UnitOfWork) -> None:
        errors[:] = accounts.create_many(uow, run.actor, new)

    await rehearsal.rehearse(run.platform.store, create)
    for position, each in enumerate(new):
        if each.address.key in seen:
            errors[position] = AlreadyExists("account", str(each.address))
    seen.update(each.address.key for each in new)
    return errors


async def _hashed(platform: Platform, row: Row) -> Row | BadRow:
    if row.password is None and row.new.password_hash is None:
        return row
    try:
        if row.password is None:
            platform.passwords.check(row.new.password_hash or "")
            return row
        hashed = await platform.passwords.hash(row.password)
    except MailError as error:
        return BadRow(row.number, error)
    return replace(row, new=replace(row.new, password_hash=hashed))


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    """Open the file, with or without a byte order mark; raises NotFound, Invalid."""
    if path == Path("-"):
        sys.stdin.reconfigure(  # type: ignore[union-attr]  # a real file at the edge
            encoding="utf-8-sig", errors="surrogateescape", newline=""
        )
        yield sys.stdin
        return
    try:
        stream = path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
    except FileNotFoundError as error:
        raise NotFound("file", str(path)) from error
    except OSError as error:
        raise Invalid(f"cannot read {path}: {error.strerror}", field="file") from error
    with stream:
        yield stream


def _rows(stream: TextIO) -> Iterator[Row | BadRow]:
    reader = csv.reader(_lines(stream), strict=True)
    columns = _columns(next(_records(reader), (1, [])))
    for number, record in _records(reader, start=2):
        if isinstance(record, csv.Error):
            yield BadRow(number, Invalid(f"not CSV: {record}"))
        elif record:
            yield _row(number, columns, record)


def _lines(stream: TextIO) -> Iterator[str]:
    while line := stream.readline(MAX_LINE):
        if len(line) == MAX_LINE:
            raise Invalid(f"a line has {MAX_LINE} characters at most", field="file")
        yield line


def _records(
    reader: "Iterable[list[str]]", *, start: int = 1
) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Yield numbered records; one that is no CSV comes as the error it raised."""
    lines = iter(reader)
    number = start
    while True:
        try:
            record: list[str] | csv.Error = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            record = error
        yield number, record
        number += 1


def _columns(first: tuple[int, list[str] | csv.Error]) -> list[str]:
    """Return the names of the columns; raises Invalid, naming what is allowed."""
    _, record = first
    names = [] if isinstance(record, csv.Error) else [n.strip().lower() for n in record]
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or "address" not in names or len(set(names)) < len(names):
        wrong = f"not {unknown[0]!r}" if unknown else f"each once; not {names}"
        raise Invalid(
            f"the first row names the columns, address and some of "
            f"{', '.join(COLUMNS[1:])}; {wrong}",
            field="file",
        )
    return names


def _row(number: int, columns: Sequence[str], record: Sequence[str]) -> Row | BadRow:
    if len(record) > len(columns):
        return BadRow(number, Invalid("more fields than the first row has"))
    # A field that is empty, or missing at the end of a row, was not given.
    given = {name: field for name, field in zip(columns, record, strict=False) if field}
    try:
        if "password" in given and "password_hash" in given:
            raise Invalid("password or password_hash; not both")
        messages = given.get("quota_messages")
        new = accounts.NewAccount(
            address=Address.parse(given.get("address", "")),
            name=given.get("name", ""),
            password_hash=given.get("password_hash"),
            quota_octets=quota_of(given.get("quota")),
            quota_messages=quota_of(messages),
        )
    except MailError as error:
        return BadRow(number, error)
    return Row(number=number, new=new, password=given.get("password"))
