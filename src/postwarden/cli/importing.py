"""`postwarden import ...`: mail files into an account."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from postwarden.adapters import mailfiles
from postwarden.adapters.mailfiles import Item, Reading
from postwarden.cli import tracking_logs
from postwarden.cli.exits import FAILED
from postwarden.cli.grammar import new_group
from postwarden.cli.intake import Intake, digest_only
from postwarden.cli.invocation import DryRun, Invocation, command
from postwarden.cli.output import Progress
from postwarden.model.addresses import Address
from postwarden.model.mailboxes import mailbox_name
from postwarden.services import importing, indexing
from postwarden.services.found_mail import Arrival
from postwarden.services.importing import Identity, Outcome, Source, Tally

app = new_group("Bring mail, or what other systems logged of it, from files.")

PathWord = Annotated[Path, typer.Argument(metavar="PATH", show_default=False)]
Account = Annotated[
    str, typer.Option("--account", metavar="ADDRESS", help="Whose mail it becomes.")
]
IntoMailbox = Annotated[
    str | None,
    typer.Option("--mailbox", metavar="NAME", help="The mailbox that all goes into."),
]
Create = Annotated[
    bool,
    typer.Option("--create", help="Create the account if its domain is hosted."),
]
Duplicates = Annotated[
    bool,
    typer.Option("--duplicates", help="Also file mail that its mailbox already has."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A kind of mail files that can be imported; `meaning` is the command's help."""

    name: str
    find: Callable[[Path, Reading], Iterator[Item]]
    meaning: str
    examples: Sequence[str]


FORMATS = (
    Format(
        name="eml",
        find=mailfiles.eml_files,
        meaning="""Import every file below PATH; sub-folders become mailboxes.

        The date is that of the topmost Received field, else of Date, else the
        file's. Names that begin with a dot are left out.
        """,
        examples=[
            "postwarden import eml mails/ --account ada@example.org",
            "postwarden import eml a.eml --account ada@example.org --mailbox Archive",
        ],
    ),
    Format(
        name="maildir",
        find=mailfiles.maildirs,
        meaning="""Import the maildir PATH with its flags, dates and sub-folders.""",
        examples=[
            "postwarden import maildir Maildir/ --account ada@example.org --create"
        ],
    ),
    Format(
        name="mbox",
        find=mailfiles.mboxes,
        meaning="""Import an mbox file; of a folder, each file into its own mailbox.

        The date is that of the `From ` line. `>From ` stays as it stands, but in
        files that `postwarden export` wrote: those give back the very octets.
        """,
        examples=["postwarden import mbox archive.mbox --account ada@example.org"],
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What one import was asked to do."""

    source: Source
    address: Address
    create: bool
    duplicates: bool
    dry_run: bool


def _register(wanted: Format) -> None:
    async def import_mail(
        run: Invocation,
        path: PathWord,
        *,
        account: Account,
        mailbox: IntoMailbox = None,
        create: Create = False,
        duplicates: Duplicates = False,
        dry_run: DryRun = False,
    ) -> None:
        reading = Reading(
            max_size=run.settings.smtp.message_size,
            mailbox=None if mailbox is None else mailbox_name(mailbox),
        )
        wish = Wish(
            source=Source(kind=wanted.name, path=path.absolute()),
            address=Address.parse(account),
            create=create,
            duplicates=duplicates,
            dry_run=dry_run,
        )
        await _import(run, wish, wanted.find(path, reading))

    import_mail.__doc__ = wanted.meaning
    command(app, wanted.name, examples=wanted.examples)(import_mail)


for _each in FORMATS:
    _register(_each)
tracking_logs.register(app)


async def _import(run: Invocation, wish: Wish, items: Iterator[Item]) -> None:
    started = time.monotonic()
    work = _rehearsed if wish.dry_run else _imported
    with run.output.progress("importing") as progress:
        tally = await work(run, wish, items, progress)
    result: dict[str, object] = {
        **importing.counts(tally),
        "seconds": round(time.monotonic() - started, 3),
    }
    run.output.one({"dry_run": True, **result} if wish.dry_run else result)
    if tally.is_failure:
        raise typer.Exit(FAILED)


async def _imported(
    run: Invocation, wish: Wish, items: Iterator[Item], progress: Progress
) -> Tally:
    platform = run.platform
    account = await run.transact(
        importing.target, run.actor, wish.address, create=wish.create
    )

    async def file(arrivals: Sequence[Arrival]) -> list[Outcome]:
        return await run.transact(
            importing.file, account, arrivals, duplicates=wish.duplicates
        )

    async def present(mails: Sequence[Identity]) -> set[Identity]:
        if wish.duplicates:
            return set()
        known = list(await run.read(importing.present, account, mails))
        # Content that was lost is stored again; its mail is a duplicate even so.
        there = await platform.blobs.has([sha256 for _, sha256 in known])
        return {each for each, is_there in zip(known, there, strict=True) if is_there}

    intake = Intake(run.output, put=platform.blobs.put, file=file, present=present)
    try:
        await intake.take(items, progress)
    finally:
        await run.transact(
            importing.record_run, run.actor, wish.address, wish.source, intake.tally
        )
    while await indexing.index_next(platform.search, platform.blobs):
        pass
    return intake.tally


async def _rehearsed(
    run: Invocation, wish: Wish, items: Iterator[Item], progress: Progress
) -> Tally:
    account = await run.read(
        importing.rehearsed_target, run.actor, wish.address, create=wish.create
    )
    rehearsal = importing.Rehearsal(account)

    async def file(arrivals: Sequence[Arrival]) -> list[Outcome]:
        return await run.read(rehearsal.file, arrivals, duplicates=wish.duplicates)

    intake = Intake(run.output, put=digest_only, file=file)
    await intake.take(items, progress)
    return intake.tally
