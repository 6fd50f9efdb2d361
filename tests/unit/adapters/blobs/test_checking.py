"""Content seen from its own side: what may be removed while others ingest."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import apsw
import pytest

from postwarden.adapters.blobs.checking import ContentInspection, damaged_pages
from postwarden.adapters.blobs.local import LARGE, LocalBlobs, large_file, open_blobs
from postwarden.model.errors import NotFound, Unavailable

SMALL = b"Subject: small\r\n\r\nA few words.\r\n"
RANDOM = random.Random(7).randbytes(LARGE + 1000)
LONG_AGO = 1_000_000.0  # seconds since 1970


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture
async def blobs(directory: Path) -> AsyncIterator[LocalBlobs]:
    with closing(open_blobs(directory)) as blobs:
        yield blobs


@pytest.fixture
def content(blobs: LocalBlobs, directory: Path) -> Iterator[ContentInspection]:
    del blobs  # they make the directory
    with closing(ContentInspection(directory)) as content:
        yield content


def make_old(directory: Path) -> None:
    with closing(apsw.Connection(str(directory / "content.db"))) as connection:
        connection.set_busy_timeout(20_000)
        connection.execute("UPDATE blobs SET stored_at = 0")
    for path in (directory / "large").iterdir():
        os.utime(path, (0, 0))


def test_looking_makes_nothing(tmp_path: Path) -> None:
    with closing(ContentInspection(tmp_path / "blobs")) as content:
        assert not content.is_made
        assert content.page(0, 10) == []
        assert content.known([b"x" * 32]) == set()
        assert list(content.large_files()) == []
        assert list(content.drafts(LONG_AGO)) == []
        with pytest.raises(Unavailable, match="no content"):
            content.remove([b"x" * 32], LONG_AGO)
    assert list(tmp_path.iterdir()) == []


async def test_pages_follow_one_another(
    blobs: LocalBlobs, content: ContentInspection
) -> None:
    put = [await blobs.put(b"%d" % number) for number in range(5)]
    large = await blobs.put(RANDOM)

    first = content.page(0, 4)
    rest = content.page(first[-1].id, 4)

    assert [each.digest for each in (*first, *rest)] == [*put, large]
    assert [each.is_large for each in (*first, *rest)] == [False] * 5 + [True]
    assert rest[-1].size == len(RANDOM)
    assert content.page(rest[-1].id, 4) == []


@pytest.mark.parametrize("octets", [SMALL, RANDOM], ids=["small", "large"])
async def test_what_is_old_is_removed_with_its_file(
    blobs: LocalBlobs, content: ContentInspection, directory: Path, octets: bytes
) -> None:
    digest = await blobs.put(octets)
    make_old(directory)
    assert content.remove([digest, b"x" * 32], LONG_AGO) == {digest: len(octets)}
    with pytest.raises(NotFound):
        await blobs.get(digest)
    assert not large_file(directory, digest).exists()


@pytest.mark.parametrize("octets", [SMALL, RANDOM], ids=["small", "large"])
async def test_what_was_put_again_since_it_was_looked_at_stays(
    blobs: LocalBlobs, content: ContentInspection, directory: Path, octets: bytes
) -> None:
    digest = await blobs.put(octets)
    make_old(directory)
    [seen] = content.page(0, 10)
    assert seen.stored_at < LONG_AGO

    await blobs.put(octets)

    assert content.remove([digest], LONG_AGO) == {}
    assert await blobs.get(digest) == octets


async def test_a_file_that_got_a_row_since_it_was_looked_at_stays(
    blobs: LocalBlobs, content: ContentInspection, directory: Path
) -> None:
    digest = await blobs.put(RANDOM)
    make_old(directory)
    assert content.remove([digest], LONG_AGO)
    large_file(directory, digest).write_bytes(b"of a put that was rolled back")
    os.utime(large_file(directory, digest), (0, 0))
    [file] = content.large_files()

    await blobs.put(RANDOM)

    assert content.remove_files([file], LONG_AGO) == {}
    assert file.path.exists()


async def test_no_file_is_removed_while_another_may_be_filing_it(
    blobs: LocalBlobs, content: ContentInspection, directory: Path
) -> None:
    path = large_file(directory, b"x" * 32)
    path.write_bytes(b"renamed, and its row not committed yet")
    os.utime(path, (0, 0))
    [file] = content.large_files()
    assert content._database is not None
    content._database.set_busy_timeout(0)
    with closing(apsw.Connection(str(directory / "content.db"))) as another:
        another.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="locked"):
            content.remove_files([file], LONG_AGO)
        assert path.exists()
        another.execute("ROLLBACK")
    assert content.remove_files([file], LONG_AGO) == {b"x" * 32: file.size}
    assert not path.exists()


async def test_whoever_puts_while_another_removes_keeps_the_content(
    blobs: LocalBlobs, content: ContentInspection, directory: Path
) -> None:
    """The order of both is the lock's; whichever is first, what is put is there."""
    octets = [
        *(b"mail %d" % number for number in range(40)),
        *(random.Random(number).randbytes(LARGE + 100) for number in range(3)),
    ]
    digests = [sha256(each).digest() for each in octets]
    for _ in range(5):
        await asyncio.gather(*(blobs.put(each) for each in octets))
        make_old(directory)
        turns = [digests[number : number + 5] for number in range(0, 43, 5)]

        def sweep(turns: list[list[bytes]] = turns) -> int:
            return sum(len(content.remove(turn, LONG_AGO)) for turn in turns)

        await asyncio.gather(
            asyncio.to_thread(sweep), *(blobs.put(each) for each in octets)
        )

        assert [await blobs.get(digest) for digest in digests] == octets


async def test_a_file_that_cannot_be_removed_keeps_its_row(
    blobs: LocalBlobs,
    content: ContentInspection,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small, large = await blobs.put(SMALL), await blobs.put(RANDOM)
    make_old(directory)

    def unlink(_: Path, *, missing_ok: bool = False) -> None:
        raise PermissionError("no")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", unlink)
        with pytest.raises(Unavailable, match="no"):
            content.remove([small, large], LONG_AGO)
    assert content.known([small, large]) == {small, large}
    assert await blobs.get(large) == RANDOM
    assert await blobs.put(b"the lock is free again")


async def test_a_large_file_is_filed_again_only_when_it_is_whole(
    blobs: LocalBlobs, content: ContentInspection, directory: Path
) -> None:
    digest = await blobs.put(RANDOM)
    path = large_file(directory, digest)
    octets = path.read_bytes()
    with closing(apsw.Connection(str(directory / "content.db"))) as connection:
        connection.execute("DELETE FROM blobs")

    path.write_bytes(octets[:-1])
    assert not content.refile(digest, LONG_AGO)
    assert not content.refile(b"x" * 32, LONG_AGO)
    assert content.page(0, 9) == []

    path.write_bytes(octets)
    assert content.refile(digest, LONG_AGO)
    [filed] = content.page(0, 9)
    assert (filed.size, filed.stored_at) == (len(RANDOM), LONG_AGO)
    assert await blobs.get(digest) == RANDOM


async def test_pages_of_a_database_are_checked(
    blobs: LocalBlobs, directory: Path, tmp_path: Path
) -> None:
    await blobs.put(SMALL)
    assert await damaged_pages(directory / "content.db") == []
    (tmp_path / "garbage").write_bytes(b"garbage" * 1000)
    assert await damaged_pages(tmp_path / "garbage") == ["file is not a database"]
    assert await damaged_pages(tmp_path / "absent") != []
    assert not (tmp_path / "absent").exists()
