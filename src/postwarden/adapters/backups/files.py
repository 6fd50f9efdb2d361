"""Copies of files and databases that are durable and proven before they count."""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import mkstemp

import apsw
import zstandard

from postwarden.adapters.group_commit import translated
from postwarden.adapters.secret_files import sync_directory
from postwarden.model.errors import StorageFull, Unavailable

_STEP = 1024  # pages of 4 KiB that are copied at a time
_PIECE = 1024 * 1024  # octets read at a time

Progress = Callable[[int], None]


@contextmanager
def understood() -> Iterator[None]:
    """Turn failures of the disk and of SQLite into StorageFull or Unavailable."""
    try:
        with translated():
            yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise (StorageFull if full else Unavailable)(str(error)) from error


def no_progress(_steps: int) -> None:
    """Tell nobody."""


def copy_database(
    source: apsw.Connection, target: Path, progress: Progress = no_progress
) -> None:
    """Copy the snapshot that `source` reads, step by step, while others write.

    What is copied is one file: it has no write-ahead log beside it.
    """
    for suffix in ("", "-journal", "-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with closing(apsw.Connection(str(target))) as connection:
        with connection.backup("main", source, "main") as backup:
            while not backup.step(_STEP):
                progress(1)
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()
    _sync(target)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_file(source: Path, target: Path) -> str:
    """Copy a file, whole or not at all, for our eyes only; return its SHA-256."""
    digest = hashlib.sha256()
    descriptor, draft = mkstemp(prefix=".copy-", dir=target.parent)  # 0600
    try:
        with os.fdopen(descriptor, "wb") as written, source.open("rb") as read:
            while piece := read.read(_PIECE):
                digest.update(piece)
                written.write(piece)
            written.flush()
            os.fsync(written.fileno())
        Path(draft).replace(target)
    finally:
        Path(draft).unlink(missing_ok=True)
    return digest.hexdigest()


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file that is never rewritten another name, or copy it elsewhere."""
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        copy_file(source, target)


def is_whole(path: Path, digest: bytes) -> bool:
    """Tell whether a file of large content is what its name says."""
    actual = hashlib.sha256()
    try:
        with (
            path.open("rb") as file,
            zstandard.ZstdDecompressor().stream_reader(file) as content,
        ):
            while piece := content.read(_PIECE):
                actual.update(piece)
    except (OSError, zstandard.ZstdError):
        return False
    return actual.digest() == digest


def make_folder(path: Path) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def sync_folders(*folders: Path) -> None:
    for folder in folders:
        if folder.is_dir():
            sync_directory(folder)


def free_octets(path: Path) -> int:
    return shutil.disk_usage(path).free


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
