"""Message content on local disk: rows and files, and what goes wrong with them."""

import asyncio
import errno
import mmap
import os
import random
import shutil
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import apsw
import pytest
import zstandard

from postwarden.adapters.blobs import local
from postwarden.adapters.blobs.local import LARGE, LocalBlobs, open_blobs
from postwarden.model.errors import NotFound, StorageFull, Unavailable

SMALL = b"Subject: small\r\n\r\nA few words.\r\n"
BULKY = SMALL * 10_000  # large as it comes, small as it is kept
RANDOM = os.urandom(LARGE + 1000)  # a file of its own: nothing compresses it


@pytest.fixture
async def blobs(tmp_path: Path) -> AsyncIterator[LocalBlobs]:
    with closing(open_blobs(tmp_path / "blobs")) as blobs:
        yield blobs


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@contextmanager
def database(directory: Path) -> Iterator[apsw.Connection]:
    with closing(apsw.Connection(str(directory / "content.db"))) as connection:
        yield connection


def rows(directory: Path) -> list[tuple[bytes, int, int, bool]]:
    """Return digest, size, time of ingest, and whether the content is in the row."""
    with database(directory) as connection:
        return [
            (digest, size, stored_at, bool(inside))
            for digest, size, stored_at, inside in connection.execute(
                "SELECT digest, size, stored_at, content IS NOT NULL FROM blobs"
            )
        ]


def files(directory: Path) -> list[Path]:
    return [path for path in (directory / "large").rglob("*") if path.is_file()]


def drafts(directory: Path) -> list[Path]:
    return list((directory / "drafts").iterdir())


def modes(directory: Path) -> dict[str, int]:
    return {
        path.relative_to(directory).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in [directory, *directory.rglob("*")]
    }


@pytest.mark.parametrize(
    "content",
    [b"", b"\0", SMALL, bytes(range(256)), BULKY, RANDOM, RANDOM * 3],
    ids=["empty", "nul", "small", "octets", "bulky", "random", "larger"],
)
async def test_content_comes_back_to_the_octet(
    blobs: LocalBlobs, content: bytes
) -> None:
    digest = await blobs.put(content)

    assert digest == sha256(content).digest()
    assert await blobs.get(digest) == content
    assert await blobs.has([digest]) == [True]


async def test_a_mapped_file_is_content_too(blobs: LocalBlobs, tmp_path: Path) -> None:
    path = tmp_path / "spooled"
    path.write_bytes(RANDOM)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as m:
        digest = await blobs.put(m)
    assert await blobs.get(digest) == RANDOM


async def test_what_compresses_well_is_a_row(
    blobs: LocalBlobs, directory: Path
) -> None:
    digest = await blobs.put(BULKY)

    [(stored, size, _, inside)] = rows(directory)
    assert (stored, size, inside) == (digest, len(BULKY), True)
    assert files(directory) == []


async def test_what_stays_large_is_a_file_and_leaves_no_draft(
    blobs: LocalBlobs, directory: Path
) -> None:
    digest = await blobs.put(RANDOM)

    [(stored, size, _, inside)] = rows(directory)
    assert (stored, size, inside) == (digest, len(RANDOM), False)
    [file] = files(directory)
    assert file == local.large_file(directory, digest)
    assert zstandard.ZstdDecompressor().decompress(file.read_bytes()) == RANDOM
    assert drafts(directory) == []


async def test_content_of_many_pieces_is_a_row_or_a_file_by_its_size_compressed(
    blobs: LocalBlobs, directory: Path
) -> None:
    row, file = bytes(5 << 20), random.Random(2).randbytes(3 << 20)
    digests = [await blobs.put(row), await blobs.put(file)]

    assert [path.name for path in files(directory)] == [f"{digests[1].hex()}.zst"]
    assert [await blobs.get(digest) for digest in digests] == [row, file]


@pytest.mark.parametrize("content", [SMALL, RANDOM], ids=["small", "large"])
async def test_the_same_content_is_kept_once_and_its_time_refreshed(
    blobs: LocalBlobs, directory: Path, content: bytes
) -> None:
    digest = await blobs.put(content)
    with database(directory) as connection:
        connection.execute("UPDATE blobs SET stored_at = 5")

    same = await asyncio.gather(*(blobs.put(content) for _ in range(20)))

    assert set(same) == {digest}
    [(_, _, stored_at, _)] = rows(directory)
    assert stored_at > 5
    assert len(files(directory)) == int(content is RANDOM)
    assert drafts(directory) == []


async def test_what_was_never_put_is_not_there(blobs: LocalBlobs) -> None:
    known = await blobs.put(SMALL)
    absent = sha256(b"absent").digest()

    assert await blobs.has([absent, known, absent]) == [False, True, False]
    with pytest.raises(NotFound, match=absent.hex()):
        await blobs.get(absent)


async def test_a_lost_file_is_missed_and_comes_back_with_its_content(
    blobs: LocalBlobs, directory: Path
) -> None:
    digest = await blobs.put(RANDOM)
    files(directory)[0].unlink()
    assert await blobs.has([digest]) == [False]
    with pytest.raises(Unavailable, match="damaged"):
        await blobs.get(digest)

    assert await blobs.put(RANDOM) == digest

    assert await blobs.has([digest]) == [True]
    assert await blobs.get(digest) == RANDOM
    assert len(rows(directory)) == 1


async def test_content_whose_database_is_back_from_a_backup_is_filed_again(
    blobs: LocalBlobs, directory: Path
) -> None:
    digest = await blobs.put(RANDOM)
    with database(directory) as connection:
        connection.execute("DELETE FROM blobs")
    assert await blobs.has([digest]) == [False]

    await blobs.put(RANDOM)

    assert await blobs.get(digest) == RANDOM
    assert drafts(directory) == []


@pytest.mark.parametrize(
    ("altered", "told"),
    [
        (b"garbage", "damaged"),
        (zstandard.compress(b"another mail"), "altered"),
        (zstandard.compress(SMALL)[:-1], "damaged|altered"),
        (b"", "damaged|altered"),
    ],
    ids=["garbage", "another", "cut", "empty"],
)
@pytest.mark.parametrize("content", [SMALL, RANDOM], ids=["small", "large"])
async def test_altered_content_is_never_handed_out(
    blobs: LocalBlobs, directory: Path, content: bytes, altered: bytes, told: str
) -> None:
    digest = await blobs.put(content)
    if content is RANDOM:
        files(directory)[0].write_bytes(altered)
    else:
        with database(directory) as connection:
            connection.execute("UPDATE blobs SET content = ?", (altered,))

    with pytest.raises(Unavailable, match=told):
        await blobs.get(digest)

    # Whose mail comes again will be told that it is kept.
    assert await blobs.put(content) == digest
    assert await blobs.get(digest) == content
    assert len(rows(directory)) == 1
    assert drafts(directory) == []


async def test_one_flipped_bit_is_seen(blobs: LocalBlobs, directory: Path) -> None:
    digest = await blobs.put(RANDOM)
    [file] = files(directory)
    octets = bytearray(file.read_bytes())
    octets[len(octets) // 2] ^= 1
    file.write_bytes(octets)
    with pytest.raises(Unavailable):
        await blobs.get(digest)


async def test_below_the_least_room_nothing_is_taken(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "_ROOM_CACHED", -1.0)  # look each time
    free = [999, 999, 1000, 1001]

    def disk_usage(_: Path) -> "shutil._ntuple_diskusage":
        return shutil._ntuple_diskusage(5000, 0, free.pop(0))

    monkeypatch.setattr(shutil, "disk_usage", disk_usage)
    with closing(open_blobs(directory, minimum_free=1000)) as blobs:
        with pytest.raises(StorageFull, match="runs low"):
            blobs.check_room()
        with pytest.raises(StorageFull, match="runs low"):
            await blobs.put(RANDOM)
        assert rows(directory) == []
        assert drafts(directory) == []
        blobs.check_room()
        assert await blobs.put(SMALL)


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EIO, Unavailable),
    ],
)
async def test_a_disk_that_fails_is_told_and_leaves_no_draft(
    blobs: LocalBlobs,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    error: type[Unavailable],
) -> None:
    def fsync(_: int) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(Unavailable) as raised:
            await blobs.put(RANDOM)
    assert raised.type is error
    assert drafts(directory) == []
    assert rows(directory) == []
    assert await blobs.put(RANDOM) == sha256(RANDOM).digest()


async def test_a_name_that_cannot_be_made_durable_is_not_filed(
    blobs: LocalBlobs, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows of other content must not be told durable either: one commit."""

    def sync(_: Path) -> None:
        raise OSError(errno.EIO, "no")

    with monkeypatch.context() as patch:
        patch.setattr(local, "sync_directory", sync)
        with pytest.raises(Unavailable):
            await blobs.put(RANDOM)
    assert rows(directory) == []

    synced: list[Path] = []
    monkeypatch.setattr(local, "sync_directory", synced.append)
    await blobs.put(SMALL)  # the file of before is still to be synced
    await blobs.put(SMALL + b"more")
    assert synced == [directory / "large"]


async def test_only_the_owner_can_read_content(
    blobs: LocalBlobs, directory: Path
) -> None:
    before = os.umask(0)
    try:
        await asyncio.gather(blobs.put(SMALL), blobs.put(RANDOM))
    finally:
        os.umask(before)

    found = modes(directory)
    assert {"content.db", "content.db-wal", "large", "drafts"} <= found.keys()
    for name, mode in found.items():
        assert mode == (0o700 if (directory / name).is_dir() else 0o600), name


async def test_closed_blobs_take_nothing(directory: Path) -> None:
    blobs = open_blobs(directory)
    await blobs.put(SMALL)
    blobs.close()
    with pytest.raises(Unavailable):
        await blobs.put(RANDOM)
    assert drafts(directory) == []

    with closing(open_blobs(directory)) as again:
        assert await again.get(sha256(SMALL).digest()) == SMALL


ANOTHER_PROCESS = """
import asyncio, sys
from pathlib import Path
from postwarden.adapters.blobs import open_blobs
from tests.unit.adapters.blobs.test_local import together

async def main():
    blobs = open_blobs(Path(sys.argv[1]))
    print("ready", flush=True)
    sys.stdin.readline()
    await together(blobs, bytes.fromhex(sys.argv[2]))
    blobs.close()

asyncio.run(main())
"""


async def together(blobs: LocalBlobs, seed: bytes) -> None:
    """Put small and large content, the same in every process for one seed."""
    large = random.Random(seed).randbytes(LARGE + 100)
    for number in range(30):
        small = seed + b"%d" % number
        await asyncio.gather(
            blobs.put(small), blobs.put(small * 9000), blobs.put(large)
        )


@contextmanager
def another_process(directory: Path, seed: bytes) -> Iterator[None]:
    """Let a process do the same at the same time; it must end well."""
    with subprocess.Popen(
        [sys.executable, "-c", ANOTHER_PROCESS, str(directory), seed.hex()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[4],
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        assert other.stdout.readline() == b"ready\n"
        other.stdin.write(b"go\n")
        other.stdin.flush()
        yield
        assert other.wait(60) == 0


async def test_two_processes_ingest_the_same_at_once(
    blobs: LocalBlobs, directory: Path
) -> None:
    seed = os.urandom(32)
    with another_process(directory, seed):
        await together(blobs, seed)

    stored = rows(directory)
    assert len(stored) == len({digest for digest, *_ in stored}) == 61
    for digest, size, *_ in stored:
        assert len(await blobs.get(digest)) == size
    assert len(files(directory)) == 1
    assert drafts(directory) == []


async def test_removed_content_is_overwritten_and_its_file_gone(
    blobs: LocalBlobs, directory: Path
) -> None:
    noise = random.Random(7).randbytes(50_000)  # nothing compresses it
    small, large = await blobs.put(noise), await blobs.put(RANDOM)
    written = (directory / "content.db-wal").read_bytes()
    assert noise[1000:1100] in written

    later = datetime.now(UTC) + timedelta(seconds=1)
    assert await blobs.remove([small, large], before=later) == set()

    assert files(directory) == []
    assert rows(directory) == []
    for name in ("content.db", "content.db-wal"):
        assert noise[1000:1100] not in (directory / name).read_bytes()


async def test_a_file_that_went_without_its_row_is_stored_again(
    blobs: LocalBlobs, directory: Path
) -> None:
    large = await blobs.put(RANDOM)
    files(directory)[0].unlink()  # and here the one who removed it died

    assert await blobs.put(RANDOM) == large
    assert await blobs.get(large) == RANDOM


async def test_removing_and_storing_take_turns(blobs: LocalBlobs) -> None:
    await blobs.put(RANDOM)
    before = datetime.now(UTC)
    _, _, digest = await asyncio.gather(
        blobs.put(RANDOM),
        blobs.remove([sha256(RANDOM).digest()], before=before),
        blobs.put(RANDOM),
    )

    assert await blobs.get(digest) == RANDOM
