"""Content-addressed blobs: small ones in a SQLite file, large ones as files.

Both are zstd-compressed. A large blob is written and fsynced as a draft without
any lock, then renamed under the write lock of the SQLite file, which so orders
every process that adds or removes content.
"""

import asyncio
import errno
import filecmp
import hashlib
import itertools
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import apsw
import zstandard

from postwarden.adapters.group_commit import Writer, translated
from postwarden.adapters.secret_files import sync_directory
from postwarden.model.errors import NotFound, StorageFull, Unavailable
from postwarden.services.ports import Octets

LARGE = 128 * 1024  # octets after compression from which a blob is a file
_INLINE = 64 * 1024  # octets up to which hashing on the event loop is cheaper
_LEVEL = 3
_PIECE = 1 << 20  # octets that are compressed at a time
_ROOM_CACHED = 1.0  # seconds

LARGE_FILES = "large"  # where in the directory they lie
DRAFTS = "drafts"

_SCHEMA = """
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS blobs (
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL UNIQUE,
  size INTEGER NOT NULL,
  stored_at INTEGER NOT NULL,
  content BLOB
);
"""
_KNOWN = "SELECT id, content IS ? FROM blobs WHERE digest = ?"
_TOUCH = "UPDATE blobs SET stored_at = ? WHERE id = ?"
_MEND = "UPDATE blobs SET stored_at = ?, content = ? WHERE id = ?"
_ADD = "INSERT INTO blobs (digest, size, stored_at, content) VALUES (?, ?, ?, ?)"
_GET = "SELECT content, size FROM blobs WHERE digest = ?"
_HAS = "SELECT 1 FROM blobs WHERE digest = ?"
_REMOVE = (
    "DELETE FROM blobs WHERE digest = ? AND stored_at < ?"
    " RETURNING size, content IS NULL"
)
_PAGES = 16_384  # of 4 KiB, that are given back to the disk at a time
_VACUUM = f"PRAGMA incremental_vacuum({_PAGES})"
_MICROSECONDS = 1_000_000


def open_blobs(directory: Path, *, minimum_free: int = 0) -> "LocalBlobs":
    """Open the blobs in `directory`, made if it is not there.

    Below `minimum_free` octets of free disk nothing more is taken.
    """
    for folder in (directory, directory / LARGE_FILES, directory / DRAFTS):
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_directory(folder.parent)
    return LocalBlobs(directory, minimum_free)


def large_file(directory: Path, digest: bytes) -> Path:
    """Return where content lies that is a file of its own."""
    return directory / LARGE_FILES / f"{digest.hex()}.zst"


def connect(path: Path) -> apsw.Connection:
    """Open the database of small content, made if it is not there."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = apsw.Connection(str(path))
    connection.set_busy_timeout(20_000)
    for pragma in ("synchronous = FULL", "secure_delete = FAST", "cache_size = -4096"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def remove_content(
    database: apsw.Connection,
    directory: Path,
    digests: Iterable[bytes],
    before: float,
) -> dict[bytes, int]:
    """Remove content stored before `before`; return sizes by digest.

    The caller holds the write lock, under which files come and go: only so is what
    is old and was just seen to be nobody's not taken up by somebody meanwhile. A
    file goes before its row does: who is cut off between the two leaves a row that
    the next one to store this content mends.
    """
    removed: dict[bytes, int] = {}
    for digest in digests:
        values = (digest, int(before * _MICROSECONDS))
        for size, is_large in database.execute(_REMOVE, values):
            removed[digest] = size
            if is_large:
                large_file(directory, digest).unlink(missing_ok=True)
    return removed


@dataclass(frozen=True, slots=True)
class _Packed:
    """Content ready to be committed: compressed in memory, or a draft on disk."""

    digest: bytes
    size: int
    content: bytes | None
    draft: Path | None


class LocalBlobs:
    """See `services.ports.Blobs`."""

    def __init__(self, directory: Path, minimum_free: int) -> None:
        self._directory = directory
        self._minimum_free = minimum_free
        self._room: tuple[float, int] = (0.0, 0)
        self._local = threading.local()
        path = directory / "content.db"
        with translated():
            connection = connect(path)
            connection.execute(_SCHEMA).fetchall()  # all of it: PRAGMAs answer rows
            self._reader = connect(path)
        self._unsynced = False  # files were filed since the folder was fsynced
        self._writer = Writer(
            connection, lambda: connection, before_commit=self._sync_large
        )
        self._writer.start()

    async def put(self, content: Octets) -> bytes:
        """See `services.ports.Blobs.put`."""
        self.check_room()
        if len(content) <= _INLINE:
            packed = self._pack(content)
        else:
            packed = await asyncio.to_thread(self._pack, content)
        try:
            await self._writer.submit(lambda database: self._commit(database, packed))
        finally:
            if packed.draft is not None:
                packed.draft.unlink(missing_ok=True)
        return packed.digest

    def _pack(self, content: Octets) -> _Packed:
        digest = hashlib.sha256(content).digest()
        pieces = self._compressed(content)
        kept = bytearray()
        for piece in pieces:
            kept += piece
            if len(kept) > LARGE:
                draft = self._draft(itertools.chain((bytes(kept),), pieces))
                return _Packed(digest, len(content), None, draft)
        return _Packed(digest, len(content), bytes(kept), None)

    def _compressed(self, content: Octets) -> Iterator[bytes]:
        """Yield the content compressed, which takes up no more than a piece."""
        size = len(content)
        if size <= _PIECE:
            yield self._compressor().compress(memoryview(content))
            return
        chunker = self._compressor().chunker(size, chunk_size=_PIECE)
        for start in range(0, size, _PIECE):
            yield from chunker.compress(content[start : start + _PIECE])
        # Its stub has no types.
        last: Iterable[bytes] = chunker.finish()  # type: ignore[no-untyped-call]
        yield from last

    def _compressor(self) -> zstandard.ZstdCompressor:
        compressor: zstandard.ZstdCompressor | None
        compressor = getattr(self._local, "compressor", None)
        if compressor is None:
            compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
            self._local.compressor = compressor
        return compressor

    def _draft(self, compressed: Iterable[bytes]) -> Path:
        draft = self._directory / DRAFTS / secrets.token_hex(16)
        try:
            descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.writelines(compressed)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            draft.unlink(missing_ok=True)  # a full disk needs the room
            raise _refusal(error) from error
        return draft

    def _commit(self, database: apsw.Connection, packed: _Packed) -> None:
        """File content, or mend what is there of it and is not as it was.

        Its mail is going to be acknowledged, whoever has damaged an older one's.
        """
        now = time.time_ns() // 1000
        key = (packed.content, packed.digest)
        known = database.execute(_KNOWN, key).fetchone()
        if packed.draft is not None:
            self._place(packed.draft, packed.digest)
        if known is None:
            database.execute(_ADD, (packed.digest, packed.size, now, packed.content))
        elif known[1]:
            database.execute(_TOUCH, (now, known[0]))
        else:
            database.execute(_MEND, (now, packed.content, known[0]))

    def _holds(self, draft: Path, digest: bytes) -> bool:
        try:
            return filecmp.cmp(draft, self._path(digest), shallow=False)
        except OSError:  # a file that is not there, or cannot be read
            return False

    def _place(self, draft: Path, digest: bytes) -> None:
        # Also a file that is there may have come from who died before it was synced.
        self._unsynced = True
        if self._holds(draft, digest):
            return
        try:
            draft.rename(self._path(digest))
        except OSError as error:
            raise _refusal(error) from error

    def _sync_large(self) -> None:
        """Make the names of a whole group's files durable at once."""
        if self._unsynced:
            try:
                sync_directory(self._directory / LARGE_FILES)
            except OSError as error:
                raise _refusal(error) from error
            self._unsynced = False

    def _path(self, digest: bytes) -> Path:
        return large_file(self._directory, digest)

    async def get(self, sha256: bytes) -> bytes:
        """See `services.ports.Blobs.get`."""
        with translated():
            row = self._reader.execute(_GET, (sha256,)).fetchone()
        if row is None:
            raise NotFound("content", sha256.hex())
        compressed, size = row
        if compressed is not None and len(compressed) <= _INLINE:
            await asyncio.sleep(0)  # who reads many must not keep others waiting
            return self._unpack(sha256, compressed, size)
        return await asyncio.to_thread(self._unpack, sha256, compressed, size)

    def _unpack(self, sha256: bytes, compressed: bytes | None, size: int) -> bytes:
        try:
            if compressed is None:
                content = _read_file(self._path(sha256), size)
            else:
                content = zstandard.ZstdDecompressor().decompress(compressed)
        except (OSError, zstandard.ZstdError) as error:
            raise Unavailable(f"content {sha256.hex()} is damaged: {error}") from error
        if hashlib.sha256(content).digest() != sha256:
            raise Unavailable(f"content {sha256.hex()} was altered on disk")
        return content

    async def has(self, sha256s: Sequence[bytes]) -> list[bool]:
        """See `services.ports.Blobs.has`."""
        return [self._has(sha256) for sha256 in sha256s]

    def _has(self, sha256: bytes) -> bool:
        row: tuple[Any, ...] | None
        row = self._reader.execute(
            "SELECT content IS NULL FROM blobs WHERE digest = ?", (sha256,)
        ).fetchone()
        return row is not None and (not row[0] or self._path(sha256).is_file())

    async def remove(self, sha256s: Sequence[bytes], *, before: datetime) -> set[bytes]:
        """See `services.ports.Blobs.remove`; what goes is overwritten."""
        removed: dict[bytes, int] = await self._writer.submit(
            lambda database: self._remove(database, sha256s, before.timestamp())
        )
        if removed:
            await self._writer.submit(
                lambda database: database.execute(_VACUUM).fetchall()
            )
            await asyncio.to_thread(self._truncate_log)
        return {sha256 for sha256 in sha256s if self._has_row(sha256)}

    def _remove(
        self, database: apsw.Connection, sha256s: Sequence[bytes], before: float
    ) -> dict[bytes, int]:
        database.execute("PRAGMA secure_delete = ON")
        try:
            return remove_content(database, self._directory, sha256s, before)
        except OSError as error:
            raise _refusal(error) from error
        finally:
            database.execute("PRAGMA secure_delete = FAST")

    def _truncate_log(self) -> None:
        """Let the log keep nothing of it either, unless somebody reads right now."""
        connection = connect(self._directory / "content.db")
        try:
            connection.set_busy_timeout(100)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except apsw.BusyError:
            pass  # a later checkpoint does it
        finally:
            connection.close()

    def _has_row(self, sha256: bytes) -> bool:
        with translated():
            return self._reader.execute(_HAS, (sha256,)).fetchone() is not None

    def check_room(self) -> None:
        """See `services.ports.Blobs.check_room`."""
        now = time.monotonic()
        if now - self._room[0] > _ROOM_CACHED:
            self._room = now, shutil.disk_usage(self._directory).free
        if self._room[1] < self._minimum_free:
            raise StorageFull("the disk runs low")

    def close(self) -> None:
        """Finish what is being written and close the files."""
        self._writer.stop()
        self._reader.close()


def _read_file(path: Path, size: int) -> bytes:
    """Return the first `size` octets of what a file holds compressed.

    The file is read piece by piece, and the octets have one place from the start.
    """
    with (
        path.open("rb") as file,
        zstandard.ZstdDecompressor().stream_reader(file) as reader,
    ):
        return reader.read(size)


def _refusal(error: OSError) -> Unavailable:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    return StorageFull(str(error)) if full else Unavailable(str(error))
