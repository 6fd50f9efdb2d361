"""The layouts for message content that `bench.blob_layouts` measures."""

import asyncio
import hashlib
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import apsw
import zstandard

KB = 1024
INLINE = 16 * KB  # below this, handing work to a thread costs more than the work
GROUP_ITEMS, GROUP_BYTES = 256, 8 * KB * KB
SEGMENT_BYTES = 64 * KB * KB

Item = TypeVar("Item")
_local = threading.local()


def packed(message: bytes) -> tuple[bytes, bytes]:
    """Return the SHA-256 and the compressed form of `message`."""
    if not hasattr(_local, "compressor"):
        _local.compressor = zstandard.ZstdCompressor(level=3)
    return hashlib.sha256(message).digest(), _local.compressor.compress(message)


def unpacked(content: bytes) -> bytes:
    if not hasattr(_local, "decompressor"):
        _local.decompressor = zstandard.ZstdDecompressor()
    message: bytes = _local.decompressor.decompress(content)
    return message


@dataclass(frozen=True, slots=True)
class Flush:
    """Waits after each flush as long as a slower device would, in seconds."""

    delay: float

    def wait(self) -> None:
        if self.delay:
            time.sleep(self.delay)

    def file(self, descriptor: int) -> None:
        os.fsync(descriptor)
        self.wait()

    def data(self, descriptor: int) -> None:
        os.fdatasync(descriptor)
        self.wait()


class GroupWriter(Generic[Item]):
    """One thread that makes all queued items durable at once, then answers them."""

    def __init__(
        self, write: Callable[[list[Item]], None], weight: Callable[[Item], int]
    ) -> None:
        self._write, self._weight = write, weight
        self._queue: queue.SimpleQueue[tuple[Item, asyncio.Future[None]] | None] = (
            queue.SimpleQueue()
        )
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    async def put(self, item: Item) -> None:
        """Return when `item` is durable."""
        done: asyncio.Future[None] = self._loop.create_future()
        self._queue.put((item, done))
        await done

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()

    def _group(
        self, first: tuple[Item, asyncio.Future[None]]
    ) -> Iterator[tuple[Item, asyncio.Future[None]]]:
        yield first
        total = self._weight(first[0])
        for _ in range(GROUP_ITEMS):
            if total > GROUP_BYTES:
                return
            try:
                entry = self._queue.get_nowait()
            except queue.Empty:
                return
            if entry is None:
                self._queue.put(None)
                return
            total += self._weight(entry[0])
            yield entry

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            group = list(self._group(first))
            self._write([item for item, _ in group])
            futures = [future for _, future in group]
            self._loop.call_soon_threadsafe(_answer, futures)


def _answer(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        future.set_result(None)


def _open(path: Path, *statements: str) -> apsw.Connection:
    connection = apsw.Connection(str(path))
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "full")
    for statement in statements:
        connection.execute(statement)
    return connection


@dataclass(frozen=True, slots=True)
class Row:
    """A message in the main database; the place is for `segments` only."""

    digest: bytes
    size: int
    segment: int | None = None
    offset: int | None = None
    length: int | None = None


class Rows:
    """The main database: one row per message, committed in groups."""

    def __init__(self, folder: Path, flush: Flush) -> None:
        self._database = _open(
            folder / "main.db",
            "CREATE TABLE messages (id INTEGER PRIMARY KEY, digest BLOB UNIQUE,"
            " size INTEGER, segment INTEGER, offset INTEGER, length INTEGER)",
        )
        self._reader = _open(folder / "main.db")
        self._flush = flush
        self._writer = GroupWriter(self._commit, lambda _: 1)

    async def put(self, row: Row) -> None:
        await self._writer.put(row)

    def place(self, digest: bytes) -> tuple[int, int, int]:
        """Return segment, offset and length."""
        found = self._reader.execute(
            "SELECT segment, offset, length FROM messages WHERE digest = ?", (digest,)
        ).get
        return int(found[0]), int(found[1]), int(found[2])

    def close(self) -> None:
        self._writer.close()
        self._reader.close()
        self._database.close()

    def _commit(self, rows: list[Row]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany(
            "INSERT OR IGNORE INTO messages VALUES (NULL, ?, ?, ?, ?, ?)",
            [(r.digest, r.size, r.segment, r.offset, r.length) for r in rows],
        )
        self._database.execute("COMMIT")
        self._flush.wait()


@dataclass(slots=True)
class Site:
    """What every layout is given."""

    folder: Path
    rows: Rows
    flush: Flush
    pool: ThreadPoolExecutor
    hybrid: int

    async def pack(self, message: bytes) -> tuple[bytes, bytes]:
        if len(message) <= INLINE:
            return packed(message)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.pool, packed, message)


class Layout(Protocol):
    """One way to keep content."""

    async def put(self, message: bytes) -> bytes:
        """Return the digest when content and row are durable."""
        ...

    def get(self, digest: bytes) -> bytes: ...
    def close(self) -> None: ...


class Files:
    """One file for each message, spread over folders."""

    def __init__(self, site: Site, shards: int = 256) -> None:
        self._site, self._shards = site, shards
        self._root = site.folder / "blobs"
        for shard in range(shards):
            (self._root / f"{shard:02x}").mkdir(parents=True)

    async def put(self, message: bytes) -> bytes:
        loop = asyncio.get_running_loop()
        digest = await loop.run_in_executor(
            self._site.pool, lambda: self._store(*packed(message))
        )
        await self._site.rows.put(Row(digest, len(message)))
        return digest

    def draft(self, digest: bytes, content: bytes) -> Path:
        """Write a file that has no durable name yet; blocks."""
        path = self.path(digest).with_suffix(f".{threading.get_ident()}")
        with path.open("xb", buffering=0) as stream:
            stream.write(content)
            self._site.flush.file(stream.fileno())
        return path

    def publish(self, drafts: list[tuple[bytes, Path]]) -> None:
        """Give drafts their names, durably; blocks."""
        for digest, draft in drafts:
            draft.rename(self.path(digest))
        for shard in {draft.parent for _, draft in drafts}:
            directory = os.open(shard, os.O_RDONLY | os.O_DIRECTORY)
            self._site.flush.file(directory)
            os.close(directory)

    def path(self, digest: bytes) -> Path:
        return self._root / f"{digest[0] % self._shards:02x}" / digest.hex()

    def get(self, digest: bytes) -> bytes:
        return unpacked(self.path(digest).read_bytes())

    def close(self) -> None:
        """Files need no closing."""

    def _store(self, digest: bytes, content: bytes) -> bytes:
        self.publish([(digest, self.draft(digest, content))])
        return digest


ROWID = (
    "CREATE TABLE blobs (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE,"
    " content BLOB)"
)
WITHOUT_ROWID = (
    "CREATE TABLE blobs (digest BLOB PRIMARY KEY, content BLOB) WITHOUT ROWID"
)


@dataclass(frozen=True, slots=True)
class Blob:
    """Content for the database, or a draft file that its row vouches for."""

    digest: bytes
    content: bytes | None
    draft: Path | None = None


class Sqlite:
    """A second database with one table of blobs and one writer."""

    def __init__(self, site: Site, table: str = ROWID) -> None:
        self._site = site
        # One folder: a group of drafts then costs one directory fsync.
        self.files = Files(site, shards=1)
        path = site.folder / "blobs.db"
        self._database = _open(path, table)
        # A checkpoint copies the log into the database: rarer is cheaper.
        self._database.wal_autocheckpoint(4096)
        self._reader = _open(path)
        self._writer = GroupWriter(self._commit, lambda blob: len(blob.content or b""))

    async def put(self, message: bytes) -> bytes:
        digest, content = await self._site.pack(message)
        await self.store(Blob(digest, content))
        await self._site.rows.put(Row(digest, len(message)))
        return digest

    async def store(self, blob: Blob) -> None:
        await self._writer.put(blob)

    def get(self, digest: bytes) -> bytes:
        content = self._reader.execute(
            "SELECT content FROM blobs WHERE digest = ?", (digest,)
        ).get
        return self.files.get(digest) if content is None else unpacked(content)

    def close(self) -> None:
        self._writer.close()
        self._reader.close()
        self._database.close()

    def _commit(self, blobs: list[Blob]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        self.files.publish([(b.digest, b.draft) for b in blobs if b.draft])
        self._database.executemany(
            "INSERT OR IGNORE INTO blobs (digest, content) VALUES (?, ?)",
            [(blob.digest, blob.content) for blob in blobs],
        )
        self._database.execute("COMMIT")
        self._site.flush.wait()


@dataclass(slots=True)
class Draft:
    """Content on its way into a segment, which fills in the place."""

    digest: bytes
    content: bytes
    segment: int = 0
    offset: int = 0


class Segments:
    """Append-only files; the place of each blob is in its row."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._root = site.folder / "segments"
        self._root.mkdir()
        self._files: list[int] = []
        self._end = SEGMENT_BYTES
        self._writer = GroupWriter(self._append, lambda draft: len(draft.content))

    async def put(self, message: bytes) -> bytes:
        digest, content = await self._site.pack(message)
        draft = Draft(digest, content)
        await self._writer.put(draft)
        await self._site.rows.put(
            Row(digest, len(message), draft.segment, draft.offset, len(content))
        )
        return digest

    def get(self, digest: bytes) -> bytes:
        segment, offset, length = self._site.rows.place(digest)
        return unpacked(os.pread(self._files[segment], length, offset))

    def close(self) -> None:
        self._writer.close()
        for file in self._files:
            os.close(file)

    def _append(self, drafts: list[Draft]) -> None:
        if self._end >= SEGMENT_BYTES:
            self._roll()
        file = self._files[-1]
        frames: list[bytes] = []
        for draft in drafts:
            # A frame names itself, so that an index can be rebuilt from segments.
            header = draft.digest + len(draft.content).to_bytes(8, "big")
            draft.segment = len(self._files) - 1
            draft.offset = self._end + len(header)
            self._end = draft.offset + len(draft.content)
            frames += [header, draft.content]
        with open(file, "ab", buffering=0, closefd=False) as stream:
            stream.write(b"".join(frames))
        self._site.flush.data(file)

    def _roll(self) -> None:
        path = self._root / f"{len(self._files):06d}"
        self._files.append(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        self._end = 0
        directory = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
        self._site.flush.file(directory)
        os.close(directory)


class Hybrid:
    """`Sqlite`, with large content in `Files` under the database's write lock.

    The database has a row for every blob, so de-duplication, sweeping and deletion
    are serialised by its lock wherever the content lies, in whichever process.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._database = Sqlite(site)

    async def put(self, message: bytes) -> bytes:
        digest, content = await self._site.pack(message)
        blob = Blob(digest, content)
        if len(content) > self._site.hybrid:
            loop = asyncio.get_running_loop()
            draft = await loop.run_in_executor(
                self._site.pool, self._database.files.draft, digest, content
            )
            blob = Blob(digest, None, draft)
        await self._database.store(blob)
        await self._site.rows.put(Row(digest, len(message)))
        return digest

    def get(self, digest: bytes) -> bytes:
        return self._database.get(digest)

    def close(self) -> None:
        self._database.close()


LAYOUTS: dict[str, Callable[[Site], Layout]] = {
    "files": Files,
    "sqlite": Sqlite,
    "sqlite-wr": lambda site: Sqlite(site, WITHOUT_ROWID),
    "segments": Segments,
    "hybrid": Hybrid,
}
