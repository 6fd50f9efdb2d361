"""Restoring a backup into a directory that is empty."""

import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

from postwarden.adapters.backups import manifests
from postwarden.adapters.backups.files import (
    Progress,
    copy_file,
    is_whole,
    make_folder,
    no_progress,
    sha256_of,
    sync_folders,
    understood,
)
from postwarden.adapters.backups.manifests import CONTENT, LARGE, ROWS, Manifest
from postwarden.model.errors import AlreadyExists, Unavailable

RESTORING = "RESTORING"  # a file that lies in a data directory until it is restored


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a store is to be; `keys` are key files by their names in a backup."""

    data: Path
    rows: Path
    blobs: Path
    keys: Mapping[str, Path]


def problems(
    directory: Path, manifest: Manifest, progress: Progress = no_progress
) -> Iterator[str]:
    """Yield what is not as the manifest says, one line per file."""
    for name, expected in manifest.files.items():
        path = directory / name
        if path.is_symlink() or not path.is_file():
            yield f"{name}: missing"
        elif sha256_of(path) != expected:
            yield f"{name}: altered"
        progress(1)
    count = 0
    for path, digest in _large_files(directory):
        count += 1
        if digest is None:
            yield f"{LARGE}/{path.name}: not content of a message"
        elif path.is_symlink() or not is_whole(path, digest):
            yield f"{LARGE}/{path.name}: altered"
        progress(1)
    if count < manifest.large:
        yield f"{LARGE}: {manifest.large - count} files are missing"


def restore(
    directory: Path, target: Target, *, progress: Progress = no_progress
) -> Manifest:
    """Bring the store of a backup to where it is to be.

    The rows come last: until then there is no store. What is not as the manifest
    says ends it. Raises NotFound without a whole backup, AlreadyExists when the
    target is not empty, Unavailable for a damaged backup.
    """
    manifest = manifests.read(directory)
    with understood():
        _claim(target)
        for folder in (target.rows.parent, target.blobs, target.blobs / "large"):
            make_folder(folder)
        for path, digest in _large_files(directory):
            placed = target.blobs / "large" / path.name
            if digest is None:
                continue
            copy_file(path, placed)
            if not is_whole(placed, digest):
                raise _damaged(f"{LARGE}/{path.name}")
            progress(1)
        for name in sorted(manifest.files, key=lambda name: name == ROWS):
            _place(directory, name, manifest.files[name], target)
            progress(1)
        (target.data / RESTORING).unlink()
        sync_folders(target.data)
    return manifest


def _claim(target: Target) -> None:
    """Mark the target as ours; raises AlreadyExists when something lies there."""
    marker = target.data / RESTORING
    make_folder(target.data)
    if not marker.exists():
        for path in (target.data, target.blobs):
            if path.is_dir() and any(path.iterdir()):
                raise AlreadyExists("directory", str(path))
        if target.rows.exists():
            raise AlreadyExists("store", str(target.rows))
    os.close(os.open(marker, os.O_CREAT | os.O_RDWR, 0o600))


def _place(directory: Path, name: str, digest: str, target: Target) -> None:
    places = {
        ROWS: target.rows,
        CONTENT: target.blobs / "content.db",
        **target.keys,
    }
    path = places[name]
    if name in target.keys and path.exists():
        return  # a key that was brought back already
    make_folder(path.parent)
    draft = path.with_name(f"{path.name}.restoring")
    if copy_file(directory / name, draft) != digest:
        raise _damaged(name)
    if name in {ROWS, CONTENT}:
        with closing(apsw.Connection(str(draft))) as database:
            database.execute("PRAGMA journal_mode = WAL").fetchall()
    draft.replace(path)
    sync_folders(path.parent)


def _damaged(name: str) -> Unavailable:
    return Unavailable(f"{name} is not what the backup's manifest says")


def _large_files(directory: Path) -> Iterator[tuple[Path, bytes | None]]:
    folder = directory / LARGE
    if not folder.is_dir():
        return
    with os.scandir(folder) as files:
        for file in files:
            try:
                digest = bytes.fromhex(file.name.removesuffix(".zst"))
            except ValueError:
                digest = b""
            yield Path(file.path), digest if len(digest) == 32 else None
