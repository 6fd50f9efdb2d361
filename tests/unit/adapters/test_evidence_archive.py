"""Evidence as a zip that is sent while it is made, and unpacked to be checked."""

import stat
import zipfile
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest

from postwarden.adapters.evidence_archive import ZippedEvidence, unpack
from postwarden.adapters.memory.signing import MemorySigner
from postwarden.model.errors import AlreadyExists, Unavailable
from postwarden.services.cases.evidence import EvidenceSink

MAIL = bytes(range(256)) * 1000


async def _fill(sink: EvidenceSink) -> None:
    async def rows() -> AsyncIterator[bytes]:
        yield b"a,b\r\n"
        yield b"1,2\r\n"

    await sink.stream("copies.csv", rows())
    await sink.add("messages/0.eml", MAIL)
    await sink.finish()


async def _packed() -> bytes:
    package = ZippedEvidence(MemorySigner())
    return b"".join([piece async for piece in package.pieces(_fill)])


async def test_what_was_packed_is_unpacked(tmp_path: Path) -> None:
    to = tmp_path / "evidence"
    await unpack(BytesIO(await _packed()), to)
    assert (to / "copies.csv").read_bytes() == b"a,b\r\n1,2\r\n"
    assert (to / "messages" / "0.eml").read_bytes() == MAIL
    assert stat.S_IMODE((to / "messages").stat().st_mode) == 0o700
    assert stat.S_IMODE((to / "copies.csv").stat().st_mode) == 0o600
    with pytest.raises(AlreadyExists):
        await unpack(BytesIO(await _packed()), to)


async def test_one_that_ended_too_soon_is_not_taken_for_whole(tmp_path: Path) -> None:
    packed = await _packed()
    with pytest.raises(Unavailable):
        await unpack(BytesIO(packed[: len(packed) // 2]), tmp_path / "evidence")


async def test_what_fails_while_it_is_made_fails_who_reads() -> None:
    async def fail(sink: EvidenceSink) -> None:
        await sink.add("copies.csv", MAIL)
        raise Unavailable("content is missing")

    package = ZippedEvidence(MemorySigner())
    with pytest.raises(Unavailable, match="content is missing"):
        _ = [piece async for piece in package.pieces(fail)]


async def test_who_stops_reading_stops_the_making() -> None:
    ended = []

    async def endless(sink: EvidenceSink) -> None:
        try:
            for number in range(1_000_000):
                await sink.add(f"messages/{number}.eml", MAIL)
        finally:
            ended.append(True)

    pieces = ZippedEvidence(MemorySigner()).pieces(endless)
    assert await anext(pieces)
    await pieces.aclose()
    assert ended == [True]


@pytest.mark.parametrize(
    "name", ["../x", "/x", "messages/../x", "a/b/c", "x\\y", "other/x"]
)
async def test_a_file_that_no_package_has_is_not_written(
    tmp_path: Path, name: str
) -> None:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr(name, b"x")
    with pytest.raises(Unavailable, match="no file of an evidence"):
        await unpack(archive, tmp_path / "evidence")
    assert not (tmp_path / "x").exists()
