"""Message bytes by their SHA-256."""

import asyncio
import mmap
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest

from postwarden.adapters.blobs import open_blobs
from postwarden.adapters.memory.content import MemoryBlobs
from postwarden.model.errors import NotFound, StorageFull
from postwarden.services.ports import Blobs
from tests.support.factories import digest

OpenBlobs = Callable[[bool], Blobs]


@pytest.fixture(params=["memory", "local"])
def open_some(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenBlobs]:
    """Open blobs that have room, or have none."""
    opened = []

    def open_some(has_room: bool) -> Blobs:
        if request.param == "memory":
            return MemoryBlobs(None if has_room else 0)
        blobs = open_blobs(tmp_path, minimum_free=0 if has_room else 2**62)
        opened.append(blobs)
        return blobs

    yield open_some
    for blobs in opened:
        blobs.close()


@pytest.fixture
def blobs(open_some: OpenBlobs) -> Blobs:
    return open_some(True)


@pytest.mark.parametrize(
    "octets",
    [b"", bytes(range(256)), b"line\r\n" * 100_000, Random(1).randbytes(300_000)],
    ids=["empty", "small", "compressible", "large"],
)
async def test_content_comes_back_to_the_octet(blobs: Blobs, octets: bytes) -> None:
    put = await blobs.put(octets)

    assert put == sha256(octets).digest()
    assert await blobs.get(put) == octets
    assert await blobs.has([digest("absent"), put, put]) == [False, True, True]


async def test_content_may_be_mapped_from_a_file(blobs: Blobs, tmp_path: Path) -> None:
    file = tmp_path / "mail.eml"
    file.write_bytes(b"Subject: mapped\r\n\r\n")
    with file.open("rb") as opened:
        mapped = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        put = await blobs.put(mapped)
        mapped.close()

    assert await blobs.get(put) == file.read_bytes()


async def test_the_same_content_is_put_as_often_as_it_comes(blobs: Blobs) -> None:
    other, *same = await asyncio.gather(
        blobs.put(b"other"), *(blobs.put(b"same") for _ in range(20))
    )

    assert set(same) == {sha256(b"same").digest()}
    assert await blobs.get(same[0]) == b"same"
    assert await blobs.get(other) == b"other"


async def test_what_was_never_put_is_not_found(blobs: Blobs) -> None:
    with pytest.raises(NotFound):
        await blobs.get(digest("absent"))
    assert await blobs.has([]) == []


async def test_without_room_nothing_is_taken(open_some: OpenBlobs) -> None:
    open_some(True).check_room()
    full = open_some(False)

    with pytest.raises(StorageFull):
        full.check_room()
    with pytest.raises(StorageFull):
        await full.put(b"x")
    assert await full.has([sha256(b"x").digest()]) == [False]


@pytest.mark.parametrize("size", [100, 300_000], ids=["small", "large"])
async def test_old_content_is_removed_and_may_come_again(
    blobs: Blobs, size: int
) -> None:
    octets = Random(size).randbytes(size)
    old, other = await blobs.put(octets), await blobs.put(b"another")
    later = datetime.now(UTC) + timedelta(seconds=1)

    assert await blobs.remove([old, digest("absent")], before=later) == set()

    assert await blobs.has([old, other]) == [False, True]
    with pytest.raises(NotFound):
        await blobs.get(old)
    assert await blobs.put(octets) == old
    assert await blobs.get(old) == octets


@pytest.mark.parametrize("size", [100, 300_000], ids=["small", "large"])
async def test_what_was_put_again_lately_stays(blobs: Blobs, size: int) -> None:
    octets = Random(size).randbytes(size)
    first = await blobs.put(octets)
    between = datetime.now(UTC)
    await blobs.put(octets)

    assert await blobs.remove([first], before=between) == {first}

    assert await blobs.get(first) == octets
