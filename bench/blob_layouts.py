"""Measure durable ingest of message content in the layouts of decision 0006.

Every message is hashed, compressed (zstd, level 3), made durable by the layout, and
then entered as a row in a main database whose commits are grouped. Only after both
is it counted, as in the server: content before rows, rows before acknowledgement.

    python -m bench.blob_layouts
    python -m bench.blob_layouts --layouts files sqlite --sizes 2 100 --flush-ms 2

Layouts: `files` (one file each, fsync, rename, directory fsync), `sqlite` (a second
database, rowid table and unique index), `sqlite-wr` (the same, WITHOUT ROWID),
`segments` (append-only files, one fdatasync per group), `hybrid` (`sqlite` up to
`--hybrid-kb` compressed, larger content in files named under its write lock).

Reported: messages/s, MB/s (of the uncompressed message), median and 99th percentile
of the wait for durability in ms, octets on disk per octet of compressed content, and
random reads/s (decompressed, one reader, warm page cache).
"""

import argparse
import asyncio
import base64
import hashlib
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

from bench.blob_stores import KB, LAYOUTS, Flush, Layout, Rows, Site, packed

POOL_THREADS = 16


class Mails:
    """Distinct messages of one size that compress as mail does.

    Up to 20 kB are words; the rest is a base64 attachment of random octets.
    """

    def __init__(self, size: int, seed: int = 20) -> None:
        chance = random.Random(seed)
        letters = "etaoinshrdlucmfw"
        words = ["".join(chance.choices(letters, k=n % 9 + 2)) for n in range(2000)]
        text = " ".join(
            words[int(2000 * chance.random() ** 3)] for _ in range(min(size, 20 * KB))
        )[: min(size, 20 * KB)]
        attachment = base64.encodebytes(chance.randbytes(size))
        self._body = (text.encode() + b"\r\n" + attachment)[:size]
        self._chance = chance
        self.size = size

    def next(self) -> bytes:
        token = self._chance.randbytes(12).hex()
        head = (
            f"Received: from {token}.example.net by mx.example.org; "
            f"Sat, 21 Nov 2026 10:00:00 +0000\r\n"
            f"From: Ada <ada@example.net>\r\nTo: bob@example.org\r\n"
            f"Message-ID: <{token}@example.net>\r\nSubject: {token[:8]}\r\n\r\n"
        ).encode()
        return head + self._body[: self.size - len(head)]


@dataclass(slots=True)
class Result:
    digests: list[bytes] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def wait(self, share: float) -> float:
        """Return the given quantile of the waits, in ms."""
        ordered = sorted(self.waits)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def _ingest(
    layout: Layout, mails: Mails, producers: int, seconds: float
) -> Result:
    result = Result()
    start = time.perf_counter()

    async def produce() -> None:
        while time.perf_counter() - start < seconds:
            message = mails.next()
            begun = time.perf_counter()
            result.digests.append(await layout.put(message))
            result.waits.append(time.perf_counter() - begun)

    await asyncio.gather(*(produce() for _ in range(producers)))
    result.seconds = time.perf_counter() - start
    return result


def _reads(layout: Layout, digests: Sequence[bytes], seconds: float) -> float:
    chance = random.Random(1)
    count, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        digest = chance.choice(digests)
        message = layout.get(digest)
        if count < 5 and hashlib.sha256(message).digest() != digest:
            raise ValueError(f"{type(layout).__name__} gave other octets back")
        count += 1
    return count / passed


def _disk(folder: Path) -> int:
    """Return the octets allocated under `folder` for content, not for rows."""
    return sum(
        path.stat().st_blocks * 512
        for path in folder.rglob("*")
        if not path.name.startswith("main.db")
    )


async def _measure(
    name: str, mails: Mails, producers: int, options: argparse.Namespace
) -> str:
    folder = Path(tempfile.mkdtemp(prefix="blob-layouts-", dir=options.dir))
    flush = Flush(options.flush_ms / 1000)
    pool = ThreadPoolExecutor(min(producers, POOL_THREADS))
    try:
        rows = Rows(folder, flush)
        layout = LAYOUTS[name](Site(folder, rows, flush, pool, options.hybrid_kb * KB))
        empty = _disk(folder)
        result = await _ingest(layout, mails, producers, options.seconds)
        reads = _reads(layout, result.digests, options.seconds / 5)
        layout.close()
        rows.close()
        stored = len(result.digests) * len(packed(mails.next())[1])
        disk = (_disk(folder) - empty) / stored
    finally:
        pool.shutdown()
        shutil.rmtree(folder)
    rate = len(result.digests) / result.seconds
    return (
        f"{mails.size // KB:>8}  {producers:>9}  {name:<10}{rate:>9.0f}"
        f"{rate * mails.size / 1e6:>9.1f}{result.wait(0.5):>9.2f}"
        f"{result.wait(0.99):>9.2f}{disk:>9.2f}{reads:>10.0f}"
    )


HEADINGS = (
    f"{'size kB':>8}  {'producers':>9}  {'layout':<10}{'msg/s':>9}{'MB/s':>9}"
    f"{'p50 ms':>9}{'p99 ms':>9}{'disk':>9}{'reads/s':>10}"
)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.blob_layouts",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--layouts", nargs="+", choices=LAYOUTS, default=list(LAYOUTS))
    add("--sizes", nargs="+", type=int, default=[2, 100, 1024, 20480], metavar="KB")
    add("--producers", nargs="+", type=int, default=[1, 10, 50], metavar="N")
    add("--seconds", type=float, default=1.0, help="of ingest per line")
    add("--hybrid-kb", type=int, default=128, help="largest blob in the database")
    add("--flush-ms", type=float, default=0.0, help="added to each flush")
    add("--dir", default=None, help="where to write; default: the temporary directory")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line per size, number of producers and layout."""
    options = _options(arguments)
    print(HEADINGS)
    for size in options.sizes:
        # Many producers of very large mail would measure memory, not layouts.
        fitting = [n for n in options.producers if n * size <= 100 * KB]
        for producers in fitting:
            for name in options.layouts:
                mails = Mails(size * KB)
                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                    line = runner.run(_measure(name, mails, producers, options))
                print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
