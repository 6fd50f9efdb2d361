"""Content looked at from its own side: what lies there, and the way out of it.

Whoever ingests refreshes `stored_at` under the write lock that removing takes
too. So what is old under that lock, and was named by no row just before, is
named by nobody who is still to commit: docs/decisions/0006.
"""

import asyncio
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import zstandard

from postwarden.adapters.blobs.local import (
    DRAFTS,
    LARGE_FILES,
    connect,
    large_file,
    remove_content,
)
from postwarden.adapters.group_commit import translated
from postwarden.model.errors import Unavailable

_PROBLEMS = 100  # that a check of one database names at most
_PAGES = 16_384  # of 4 KiB, that are given back to the disk at a time
_DIGEST = 32  # octets
_PIECE = 1 << 17  # octets that are read at a time
_MICROSECONDS = 1_000_000

_PAGE = (
    "SELECT id, digest, size, stored_at, content IS NULL FROM blobs"
    " WHERE id > ? ORDER BY id LIMIT ?"
)
_REFILE = (
    "INSERT INTO blobs (digest, size, stored_at) VALUES (?, ?, ?)"
    " ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBlob:
    """A row of content; `stored_at` is seconds since 1970."""

    id: int
    digest: bytes
    size: int
    stored_at: float
    is_large: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentFile:
    """A file among the content; `modified` is seconds since 1970."""

    path: Path
    size: int
    modified: float

    @property
    def digest(self) -> bytes | None:
        """The hash that its name is, None for another name."""
        try:
            digest = bytes.fromhex(self.path.name.removesuffix(".zst"))
        except ValueError:
            return None
        return digest if len(digest) == _DIGEST else None


class ContentInspection:
    """The content in one directory, in use or not; makes nothing by looking."""

    def __init__(self, directory: Path) -> None:
        """Open the content; raises Unavailable when it cannot be read."""
        self._directory = directory
        path = directory / "content.db"
        self._database: apsw.Connection | None = None
        if path.exists():
            with translated():
                self._database = connect(path)

    @property
    def is_made(self) -> bool:
        """Whether there is any; an empty store has made none yet."""
        return self._database is not None

    def page(self, after: int, limit: int) -> list[StoredBlob]:
        """Return the next rows in order of their ids."""
        return [
            StoredBlob(
                id=number,
                digest=digest,
                size=size,
                stored_at=stored_at / _MICROSECONDS,
                is_large=bool(is_large),
            )
            for number, digest, size, stored_at, is_large in self._rows(
                _PAGE, (after, limit)
            )
        ]

    def known(self, digests: Sequence[bytes]) -> set[bytes]:
        """Return those of some hundred digests that have a row."""
        marks = ",".join("?" * len(digests))
        sql = f"SELECT digest FROM blobs WHERE digest IN ({marks})"  # noqa: S608  marks
        return {row[0] for row in self._rows(sql, tuple(digests))}

    def _rows(self, sql: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        if self._database is None:
            return []
        with translated():
            return list(self._database.execute(sql, values))

    def has_file(self, digest: bytes) -> bool:
        return large_file(self._directory, digest).is_file()

    def large_files(self) -> Iterator[ContentFile]:
        """Yield the files that are named like content, in no order."""
        for file in _files(self._directory / LARGE_FILES):
            if file.digest is not None:
                yield file

    def drafts(self, before: float) -> Iterator[ContentFile]:
        """Yield the drafts that nobody has written to since `before`."""
        for file in _files(self._directory / DRAFTS):
            if file.modified < before:
                yield file

    def remove(self, digests: Iterable[bytes], before: float) -> dict[bytes, int]:
        """Remove content stored before `before`; return sizes by digest.

        The caller has just seen that no message has it. Raises Unavailable.
        """
        with self._writing() as database:
            removed = remove_content(database, self._directory, digests, before)
        with translated():  # give the room back
            database.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()
        return removed

    def remove_files(
        self, files: Iterable[ContentFile], before: float
    ) -> dict[bytes, int]:
        """Remove files without a row, likewise."""
        removed: dict[bytes, int] = {}
        with self._writing():
            for file in files:
                digest = file.digest
                if digest is None or file.modified >= before or self.known([digest]):
                    continue
                file.path.unlink(missing_ok=True)
                removed[digest] = file.size
        return removed

    def refile(self, digest: bytes, now: float) -> bool:
        """Give a large file its row again, if it is what its name says."""
        size = _size_if_whole(large_file(self._directory, digest), digest)
        if size is None:
            return False
        with self._writing() as database:
            database.execute(_REFILE, (digest, size, int(now * _MICROSECONDS)))
        return True

    @contextmanager
    def _writing(self) -> Iterator[apsw.Connection]:
        """Hold the lock that orders all who add or remove content."""
        database = self._database
        if database is None:
            raise Unavailable(f"there is no content at {self._directory}")
        with translated():
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
                database.execute("COMMIT")
            except BaseException as error:
                with suppress(apsw.Error):  # the engine may have ended it itself
                    database.execute("ROLLBACK")
                if isinstance(error, OSError):
                    raise Unavailable(str(error)) from error
                raise

    def close(self) -> None:
        if self._database is not None:
            self._database.close()


def _files(directory: Path) -> Iterator[ContentFile]:
    """Yield the files below a directory, whatever comes and goes meanwhile.

    `os.scandir` reads on as it is asked; pathlib would list all names first.
    """
    try:
        entries = os.scandir(directory)
    except FileNotFoundError:
        return
    with entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _files(Path(entry.path))
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if stat.S_ISREG(status.st_mode):
                yield ContentFile(
                    path=Path(entry.path),
                    size=status.st_size,
                    modified=status.st_mtime,
                )


def _size_if_whole(path: Path, digest: bytes) -> int | None:
    hashed = hashlib.sha256()
    size = 0
    decompressor = zstandard.ZstdDecompressor().decompressobj()
    try:
        with path.open("rb") as file:
            while compressed := file.read(_PIECE):
                piece = decompressor.decompress(compressed)
                hashed.update(piece)
                size += len(piece)
    except (OSError, zstandard.ZstdError):
        return None
    is_whole = decompressor.eof and hashed.digest() == digest
    return size if is_whole else None


async def damaged_pages(database: Path) -> list[str]:
    """Return what is wrong with a SQLite file: pages, indexes, full text."""
    try:
        connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READWRITE)
    except apsw.Error as error:
        return [str(error)]
    try:
        return await asyncio.to_thread(_check, connection)
    except asyncio.CancelledError:
        connection.interrupt()  # a large file takes minutes
        raise


def _check(connection: apsw.Connection) -> list[str]:
    try:
        rows = list(connection.execute(f"PRAGMA integrity_check({_PROBLEMS})"))
    except apsw.Error as error:
        return [str(error)]
    finally:
        connection.close()
    return [str(row[0]) for row in rows if row[0] != "ok"]
