"""`postwarden export ...`: an account's mail into files."""

import asyncio
import json
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from postwarden.adapters.mailexports import (
    EmlWriter,
    ExportFolder,
    MaildirWriter,
    MailWriter,
    MboxWriter,
)
from postwarden.cli import text
from postwarden.cli.arguments import AddressWord
from postwarden.cli.exits import FAILED
from postwarden.cli.grammar import new_group
from postwarden.cli.invocation import Invocation, command
from postwarden.cli.output import Progress
from postwarden.dialects.native.shapes import mail as shapes
from postwarden.model.addresses import Address
from postwarden.model.errors import Invalid, NotFound, Unavailable
from postwarden.model.mailboxes import Mailbox
from postwarden.services import exporting
from postwarden.services.ports import CopyFacts

app = new_group("Write mail to files.")

WRITERS: dict[str, type[EmlWriter | MaildirWriter | MboxWriter]] = {
    "eml": EmlWriter,
    "maildir": MaildirWriter,
    "mbox": MboxWriter,
}
_LINE = json.JSONEncoder(ensure_ascii=False, default=text.plain).encode


@command(
    app,
    "account",
    examples=[
        "postwarden export account ada@example.org --to ada/",
        "postwarden export account ada@example.org --to ada/ --format maildir",
    ],
)
async def account(
    run: Invocation,
    address: AddressWord,
    *,
    to: Annotated[
        Path, typer.Option("--to", metavar="DIR", help="An empty or new folder.")
    ],
    kind: Annotated[
        str,
        typer.Option("--format", metavar="eml|maildir|mbox", help="What to write."),
    ] = "eml",
) -> None:
    """Write all mail of ADDRESS as it is stored, and index.jsonl about it.

    eml: DIR/<mailbox>/<uid>.eml. maildir: with Maildir++ folders. mbox: a file
    for each mailbox, quoted as mboxrd. Contained and vaulted mail stays behind.
    """
    if kind not in WRITERS:
        raise Invalid(f"--format takes {', '.join(WRITERS)}", field="format")
    started = time.monotonic()
    owner, directory = Address.parse(address), to.absolute()
    mailboxes = await run.read(exporting.mailboxes, run.actor, owner)
    for mailbox in mailboxes:
        WRITERS[kind].check(mailbox.name)
    folder = ExportFolder(directory)
    writer = WRITERS[kind](folder)
    with closing(Export(run, folder, writer)) as export:
        await run.transact(exporting.begin, run.actor, owner, kind, str(directory))
        total = sum(mailbox.messages for mailbox in mailboxes)
        with run.output.progress("exporting", total) as progress:
            for mailbox in mailboxes:
                await export.write(mailbox, progress)
    # What is said to be written survives power loss.
    await asyncio.to_thread(folder.finish)
    if isinstance(writer, MaildirWriter) and writer.left_out:
        names = ", ".join(sorted(writer.left_out))
        run.output.note(f"a maildir has 26 letters for keywords; left out: {names}")
    run.output.one(
        {
            "account": str(owner),
            "directory": str(directory),
            "format": kind,
            "exported": export.exported,
            "failed": export.failed,
            "bytes": export.octets,
            "seconds": round(time.monotonic() - started, 3),
        }
    )
    if export.failed:
        raise typer.Exit(FAILED)


class Export:
    """One export and what it has written so far."""

    def __init__(
        self, run: Invocation, folder: ExportFolder, writer: MailWriter
    ) -> None:
        self._run = run
        self._folder = folder
        self._writer = writer
        self.exported = 0
        self.failed = 0
        self.octets = 0

    async def write(self, mailbox: Mailbox, progress: Progress) -> None:
        """Write a mailbox, in order of UIDs, as it is when it is reached."""
        self._writer.begin(mailbox.name)
        after = 0
        while True:
            copies = await self._run.transact(exporting.next_copies, mailbox.id, after)
            if not copies:
                break
            for facts in copies:
                await self._write_copy(facts)
            after = copies[-1].uid
            progress.advance(len(copies))
        self._writer.end()

    async def _write_copy(self, facts: CopyFacts) -> None:
        try:
            content = await self._run.platform.blobs.get(facts.sha256)
        except (NotFound, Unavailable) as error:
            self.failed += 1
            self._run.output.problem(
                error.code, str(error), mailbox=facts.mailbox, uid=facts.uid
            )
            return
        self._writer.add(facts, content)
        self._folder.describe(_LINE(shapes.copy(facts)).encode())
        self.exported += 1
        self.octets += len(content)

    def close(self) -> None:
        self._writer.end()
        self._folder.close()
