"""Making a backup while the store is written to.

Rows and content are two databases. Both snapshots are taken under the lock that
adding and removing content takes, so each message among the rows has its content.
Large content lies in files that are linked or copied afterwards; should one have
been destroyed meanwhile, all begins again with newer snapshots.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from postwarden.adapters.backups import manifests
from postwarden.adapters.backups.files import (
    Progress,
    copy_database,
    copy_file,
    is_whole,
    link_or_copy,
    make_folder,
    no_progress,
    sha256_of,
    sync_folders,
    understood,
)
from postwarden.adapters.backups.manifests import (
    CONTENT,
    LARGE,
    ROWS,
    UNFINISHED,
    Manifest,
)
from postwarden.adapters.blobs.local import large_file
from postwarden.model.errors import AlreadyExists, Refused

_ROUNDS = 3
_BUSY = 20_000  # milliseconds that another process may keep the lock
_LARGE = "SELECT digest FROM blobs WHERE content IS NULL AND digest > ? ORDER BY digest"
# An emptied message, one with a tombstone, has no content any more.
_NAMED = "SELECT 1 FROM messages WHERE sha256 = ? AND tombstone = 0"
_MISSING = """
    SELECT count(*) FROM messages AS m
    WHERE m.tombstone = 0
    AND NOT EXISTS (SELECT 1 FROM content.blobs AS b WHERE b.digest = m.sha256)
"""
_MESSAGES = "SELECT count(*) FROM messages WHERE tombstone = 0"
_COUNTS = (
    _MESSAGES,
    "SELECT count(*) FROM copies",
    "SELECT count(*) FROM accounts",
    "SELECT coalesce(max(id), 0) FROM audit",
)
_HEAD = "SELECT lower(hex(hash)) FROM audit ORDER BY id DESC LIMIT 1"
_SCHEMA = "SELECT version_num FROM alembic_version"


class _Vanished(Exception):
    """Content was destroyed after the snapshots were taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a backup is made of; `keys` are key files by their names in it."""

    rows: Path
    blobs: Path
    keys: Mapping[str, Path]

    @property
    def content(self) -> Path:
        return self.blobs / "content.db"


def make(
    source: Source,
    directory: Path,
    *,
    made_at: str,
    release: str,
    progress: Progress = no_progress,
) -> Manifest:
    """Make a backup in a directory that is empty, not there, or an unfinished one.

    Raises AlreadyExists when something else is there, Refused when another process
    makes a backup in it, StorageFull or Unavailable when it cannot be finished;
    what was done then is used by the next attempt.
    """
    with understood(), _unfinished(directory):
        for folder in (directory / "blobs", directory / LARGE):
            make_folder(folder)
        missing_files = _copied(source, directory, progress)
        files = {
            name: sha256_of(directory / name)
            for name in (ROWS, CONTENT)
            if (directory / name).exists()
        }
        for name, path in source.keys.items():
            if path.exists():
                files[name] = copy_file(path, directory / name)
        sync_folders(directory / LARGE, directory / "blobs", directory)
        manifest = _described(
            directory, files, missing_files, made_at=made_at, release=release
        )
        manifests.write(directory, manifest)
    return manifest


@contextmanager
def _unfinished(directory: Path) -> Iterator[None]:
    """Keep a directory for ourselves, marked until we have come to the end."""
    marker = directory / UNFINISHED
    make_folder(directory)
    if not marker.exists() and any(directory.iterdir()):
        raise AlreadyExists("directory", str(directory))
    with os.fdopen(os.open(marker, os.O_CREAT | os.O_RDWR, 0o600)) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused(f"another process makes a backup in {directory}") from error
        (directory / manifests.NAME).unlink(missing_ok=True)
        yield
        marker.unlink()
    sync_folders(directory)


def _copied(source: Source, directory: Path, progress: Progress) -> int:
    """Copy rows and content; return how many large files the store itself lacks."""
    lacking: frozenset[bytes] | None = None
    for _ in range(_ROUNDS):
        _copy_databases(source, directory, progress)
        now = _named(directory, _copy_large(source, directory, progress))
        if not now or now == lacking:  # damage stays, destruction does not
            _drop_others(directory)
            return len(now)
        lacking = now
    return len(lacking or ())


def _named(directory: Path, digests: Iterable[bytes]) -> frozenset[bytes]:
    """Return those that a message of the backup has."""
    with closing(_open(directory / ROWS)) as rows:
        return frozenset(
            digest for digest in digests if rows.execute(_NAMED, (digest,)).fetchone()
        )


def _copy_databases(source: Source, directory: Path, progress: Progress) -> None:
    with ExitStack() as opened:
        rows = opened.enter_context(closing(_open(source.rows)))
        content: apsw.Connection | None = None
        if source.content.exists():
            content = opened.enter_context(closing(_open(source.content)))
            with closing(_open(source.content)) as lock:
                lock.execute("BEGIN IMMEDIATE")
                _read_from_now_on(rows)
                _read_from_now_on(content)
                lock.execute("ROLLBACK")
        else:
            _read_from_now_on(rows)
        copy_database(rows, directory / ROWS, progress)
        if content is not None:
            copy_database(content, directory / CONTENT, progress)


def _open(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.set_busy_timeout(_BUSY)
    return connection


def _read_from_now_on(connection: apsw.Connection) -> None:
    """Take a snapshot and keep it: a backup that reads it never starts again."""
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()


def _copy_large(source: Source, directory: Path, progress: Progress) -> Iterator[bytes]:
    """Bring each large file that is not there yet; yield those that are not whole."""
    if not (directory / CONTENT).exists():
        return
    with closing(_open(directory / CONTENT)) as content:
        for digest in _large_of(content):
            target = large_file(directory / "blobs", digest)
            if not is_whole(target, digest):
                target.unlink(missing_ok=True)
                try:
                    link_or_copy(large_file(source.blobs, digest), target)
                except FileNotFoundError:
                    yield digest
                    continue
                if not is_whole(target, digest):
                    target.unlink()
                    yield digest
            progress(1)


def _large_of(content: apsw.Connection) -> Iterator[bytes]:
    """Yield in pages: who writes nothing may read for long, but not the whole list."""
    after = b""
    while page := [row[0] for row in content.execute(f"{_LARGE} LIMIT 500", (after,))]:
        yield from page
        after = page[-1]


def _drop_others(directory: Path) -> None:
    """Remove large files of an attempt before, whose messages are gone since."""
    if not (directory / CONTENT).exists():
        return
    with closing(_open(directory / CONTENT)) as content:
        known = "SELECT 1 FROM blobs WHERE digest = ? AND content IS NULL"
        for file in os.scandir(directory / LARGE):
            try:
                digest = bytes.fromhex(file.name.removesuffix(".zst"))
            except ValueError:
                digest = b""
            if content.execute(known, (digest,)).fetchone() is None:
                Path(file.path).unlink()


def _described(
    directory: Path,
    files: Mapping[str, str],
    missing_files: int,
    *,
    made_at: str,
    release: str,
) -> Manifest:
    with closing(_open(directory / ROWS)) as rows:
        if CONTENT in files:
            rows.execute("ATTACH ? AS content", (str(directory / CONTENT),))
        missing = _number(rows, _MISSING if CONTENT in files else _MESSAGES)
        head = rows.execute(_HEAD).fetchone()
        counted = [_number(rows, sql) for sql in _COUNTS]
        schema = str(_only(rows.execute(_SCHEMA)))
    sizes = [file.stat().st_size for file in os.scandir(directory / LARGE)]
    return Manifest(
        made_at=made_at,
        postwarden=release,
        schema=schema,
        files=dict(files),
        octets=sum(sizes) + sum((directory / name).stat().st_size for name in files),
        large=len(sizes),
        missing=missing + missing_files,
        audit_hash=head[0] if head else None,
        messages=counted[0],
        copies=counted[1],
        accounts=counted[2],
        audit_entries=counted[3],
    )


def _number(connection: apsw.Connection, sql: str) -> int:
    return int(_only(connection.execute(sql)))


def _only(cursor: apsw.Cursor) -> Any:
    ((value,),) = cursor
    return value
