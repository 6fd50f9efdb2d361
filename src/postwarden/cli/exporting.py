"""`postwarden export ...`: an account's mail into files."""

import json
import os
import time
from collections.abc import Callable
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
from postwarden.cli.rows import copy_row
from postwarden.model.addresses import Address
from postwarden.model.errors import Invalid, NotFound, Unavailable
from postwarden.model.mailboxes import Mailbox
from postwarden.services import exporting
from postwarden.services.ports import CopyFacts

app = new_group("Write mail to files.")

WRITERS: dict[str, Callable[[Path], MailWriter]] = {
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
    folder = ExportFolder(directory)
    await run.transact(exporting.begin, run.actor, owner, kind, str(directory))
    export = Export(run, folder, WRITERS[kind](directory))
    with run.output.progress("exporting", sum(m.messages for m in mailboxes)) as bar:
        for mailbox in mailboxes:
            await export.write(mailbox, bar)
    export.finish()
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
        self._folder.describe(_LINE(copy_row(facts)).encode())
        self.exported += 1
        self.octets += len(content)

    def finish(self) -> None:
        """Close the index; then all of it survives power loss."""
        self._folder.close()
        os.sync()
        if isinstance(self._writer, MaildirWriter) and self._writer.left_out:
            names = ", ".join(sorted(self._writer.left_out))
            self._run.output.note(
                f"a maildir has letters for 26 keywords; only the index has {names}"
            )
