"""`postwarden backup` and `postwarden restore`: another copy of the whole store."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

import postwarden
from postwarden.adapters.backups import files, making, manifests, restoring
from postwarden.adapters.backups.manifests import MASTER_KEY, SIGNING_KEY, Manifest
from postwarden.adapters.sql.integrity import StoreInspection, explained
from postwarden.bootstrap import Places, Platform, open_platform, places_of
from postwarden.cli.exits import FAILED
from postwarden.cli.grammar import new_app, new_group
from postwarden.cli.invocation import PAGE, DryRun, Invocation, Opens, command
from postwarden.cli.output import Progress
from postwarden.model.audit import stamp
from postwarden.model.errors import MailError, StorageFull
from postwarden.model.permissions import Permission
from postwarden.model.webhooks import NoticeName
from postwarden.services import access, audit, notices
from postwarden.services.audit import verification
from postwarden.services.ports import UnitOfWork

app = new_group("Copy the whole store while it serves.", default="create")
restore_app = new_app()

Directory = Annotated[Path, typer.Argument(metavar="DIR", show_default=False)]


@command(
    app,
    "create",
    examples=[
        "postwarden backup --to /backup/monday",
        "postwarden backup create --to /backup/monday --with-master-key",
    ],
)
async def create(
    run: Invocation,
    *,
    to: Annotated[
        Path, typer.Option("--to", metavar="DIR", help="A new or empty directory.")
    ],
    with_master_key: Annotated[
        bool,
        typer.Option(
            "--with-master-key", help="Copy the key that opens sealed secrets, too."
        ),
    ] = False,
) -> None:
    """Make a backup beside a running `serve`; the word `create` may be left out.

    One that was interrupted is taken up again by the same command. The master key
    is left out, so that whoever finds the backup opens no sealed secret: keep it
    apart, or give --with-master-key. Full text is left out and made again.
    """
    access.require(run.actor, Permission.BACKUP)
    access.everything(run.actor, "make backups")
    keys = _keys(run, run.options.places)
    if not with_master_key:
        del keys[MASTER_KEY]
    await run.transact(
        audit.record,
        run.actor,
        "backup.create",
        "store",
        after={"directory": str(to.absolute()), "master_key": with_master_key},
    )
    places = run.options.places
    source = making.Source(rows=places.rows, blobs=places.blobs, keys=keys)
    begun = time.monotonic()
    with run.output.progress("backup") as progress:
        manifest = await asyncio.to_thread(
            making.make,
            source,
            to.absolute(),
            made_at=stamp(run.platform.clock()),
            release=postwarden.__version__,
            progress=progress.advance,
        )
    seconds = round(time.monotonic() - begun, 3)
    await run.transact(
        notices.tell,
        NoticeName.BACKUP_FINISHED,
        "store",
        data={"directory": str(to.absolute()), "messages": manifest.messages},
    )
    run.output.done(
        f"backed up {manifest.messages} messages, {manifest.octets} octets, to {to}",
        {"directory": str(to.absolute()), **_told(manifest), "seconds": seconds},
    )
    if manifest.missing:
        run.output.problem(
            "missing",
            f"{manifest.missing} messages have no content in the store itself: "
            "see `postwarden store fsck`",
        )
        raise typer.Exit(FAILED)


@command(
    app,
    "verify",
    opens=Opens.NOTHING,
    on_machine=True,
    examples=[
        "postwarden backup verify /backup/monday",
        "postwarden backup verify /backup/monday --scratch /var/tmp --json",
        "postwarden backup verify /backup/monday --quick",
    ],
)
async def verify(
    run: Invocation,
    directory: Directory,
    *,
    quick: Annotated[
        bool, typer.Option("--quick", help="Compare hashes only; restore nothing.")
    ] = False,
    scratch: Annotated[
        Path | None,
        typer.Option(
            "--scratch",
            metavar="DIR",
            help="Where the drill restores to; by default the system's temporary one.",
        ),
    ] = None,
) -> None:
    """Prove that a backup can be restored, by restoring it, and say how long it took.

    Compares all files with the manifest, then restores into a scratch directory,
    checks the databases, counters and the audit log there, and reads all content.
    The exit status is 1 when anything is wrong.
    """
    manifest = manifests.read(directory)
    with run.output.progress("files") as progress:
        found = await asyncio.to_thread(
            lambda: list(restoring.problems(directory, manifest, progress.advance))
        )
    seconds = None
    if not found and not quick:
        with TemporaryDirectory(prefix="postwarden-drill-", dir=scratch) as folder:
            seconds, found = await _drill(run, directory, manifest, Path(folder))
    for problem in found:
        run.output.problem("damaged", problem)
    result = {
        "directory": str(directory.absolute()),
        "whole": not found,
        **_told(manifest),
        "restore_seconds": seconds,
    }
    if found:
        if run.output.as_json:
            run.output.one(result)
        raise typer.Exit(FAILED)
    drill = "" if seconds is None else f"; a restore took {seconds} seconds"
    run.output.done(f"{directory} is whole{drill}", result)


async def _drill(
    run: Invocation, directory: Path, manifest: Manifest, folder: Path
) -> tuple[float, list[str]]:
    """Restore into `folder`; return how long it took, and what is wrong there."""
    if files.free_octets(folder) < manifest.octets:
        raise StorageFull(
            f"the drill needs {manifest.octets} octets in {folder.parent}: name "
            "another place with --scratch, or give --quick"
        )
    places = places_of(folder / "data")
    begun = time.monotonic()
    with run.output.progress("restore") as progress:
        await asyncio.to_thread(
            restoring.restore,
            directory,
            _target(places, _keys(None, places)),
            progress=progress.advance,
        )
    seconds = round(time.monotonic() - begun, 3)
    try:
        with _opened(run, places) as platform:
            return seconds, await _faults(run, platform, manifest)
    except MailError as error:
        return seconds, [str(error)]


@contextmanager
def _opened(run: Invocation, places: Places) -> Iterator[Platform]:
    platform = open_platform(places, run.settings)
    try:
        yield platform
    finally:
        platform.close()


async def _faults(run: Invocation, platform: Platform, manifest: Manifest) -> list[str]:
    places = platform.places
    content = places.blobs / "content.db"
    with (
        explained(),
        closing(
            StoreInspection(places.rows, content if content.exists() else None)
        ) as inspection,
    ):
        found = [*inspection.damaged_pages(), *inspection.dangling()]
        wrong = inspection.wrong_counters()
        if any(wrong):
            found.append(f"{wrong[0]} mailboxes and {wrong[1]} accounts count wrongly")
        verdict = await verification.verify(platform.store, run.actor)
        head = verdict.head and verdict.head.hash.hex()
        if verdict.problem:
            found.append(f"audit log: {verdict.problem}")
        elif head != manifest.audit_hash:
            found.append("audit log: its end is not the one in the manifest")
        with run.output.progress("content", manifest.messages) as progress:
            unreadable = await _unreadable(inspection, platform, progress)
        if unreadable != manifest.missing:
            found.append(f"{unreadable} messages have no content, or other content")
    return found


async def _unreadable(
    inspection: StoreInspection, platform: Platform, progress: Progress
) -> int:
    count = 0
    for number, digest in enumerate(inspection.digests(), 1):
        try:
            await platform.blobs.get(digest)
        except MailError:
            count += 1
        if number % PAGE == 0:
            progress.advance(PAGE)
    return count


@command(
    restore_app,
    "restore",
    opens=Opens.NOTHING,
    on_machine=True,
    examples=[
        "postwarden restore --from /backup/monday --data /var/lib/postwarden",
    ],
)
async def restore(
    run: Invocation,
    *,
    backup: Annotated[
        Path, typer.Option("--from", metavar="DIR", help="A backup that is whole.")
    ],
    dry_run: DryRun = False,
) -> None:
    """Bring a store back into a data directory that is empty or not there.

    Without the master key everything works but what needs a sealed secret; put the
    key into its place before or after. Full text is made again by `serve`.
    """
    places = run.options.places
    manifest = manifests.read(backup)
    keys = _keys(run, places)
    result = {"data": str(places.data), **_told(manifest)}
    if dry_run:
        return run.output.rehearsed(
            [{"action": "store.restore", "object": "store", "after": result}]
        )
    begun = time.monotonic()
    with run.output.progress("restore") as progress:
        await asyncio.to_thread(
            restoring.restore,
            backup,
            _target(places, keys),
            progress=progress.advance,
        )
    with run.opened(create=False):
        await run.transact(_record_restore, run, manifest)
    has_key = keys[MASTER_KEY].exists()
    run.output.done(
        f"restored {manifest.messages} messages to {places.data}",
        {
            **result,
            "master_key": has_key,
            "seconds": round(time.monotonic() - begun, 3),
        },
    )
    if not has_key:
        return run.output.note(
            f"note: the master key is not there; bring it back as {keys[MASTER_KEY]}"
        )
    return None


def _record_restore(uow: UnitOfWork, run: Invocation, manifest: Manifest) -> None:
    after = {"made_at": manifest.made_at, "audit_hash": manifest.audit_hash}
    audit.record(uow, run.actor, "store.restore", "store", after=after)


def _told(manifest: Manifest) -> dict[str, object]:
    facts = asdict(manifest)
    return {name: facts[name] for name in facts if name not in {"kind", "version"}}


def _keys(run: Invocation | None, places: Places) -> dict[str, Path]:
    """Return where the key files lie, or are to lie."""
    store = None if run is None else run.settings.store
    return {
        MASTER_KEY: (store and store.master_key) or places.data / MASTER_KEY,
        SIGNING_KEY: (store and store.signing_key) or places.data / SIGNING_KEY,
    }


def _target(places: Places, keys: dict[str, Path]) -> restoring.Target:
    return restoring.Target(
        data=places.data, rows=places.rows, blobs=places.blobs, keys=keys
    )
