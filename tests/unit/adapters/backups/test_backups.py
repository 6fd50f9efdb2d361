"""Backups are whole or no backups, made while others write, and restore everything."""

import asyncio
import json
import random
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw
import pytest

from postwarden.adapters.backups import making, manifests, restoring
from postwarden.adapters.backups.files import copy_database, copy_file, link_or_copy
from postwarden.adapters.backups.making import Source
from postwarden.adapters.backups.manifests import Manifest
from postwarden.adapters.backups.restoring import Target
from postwarden.adapters.blobs import open_blobs
from postwarden.adapters.blobs.checking import ContentInspection
from postwarden.adapters.blobs.local import LARGE, large_file
from postwarden.adapters.sql.sqlite import SqliteStore
from postwarden.model.actors import OPERATOR
from postwarden.model.errors import (
    AlreadyExists,
    Invalid,
    NotFound,
    Refused,
    StorageFull,
    Unavailable,
)
from postwarden.services.audit.verification import verify
from postwarden.services.ports import UnitOfWork
from tests.support.factories import audit_entry, message
from tests.support.stores import make_sqlite


def big(number: int) -> bytes:
    """Return content that does not compress: it gets a file of its own."""
    return random.Random(number).randbytes(LARGE + 1000)


def add(uow: UnitOfWork, sha256: bytes) -> None:
    uow.messages.add(message(sha256.hex(), sha256=sha256))
    uow.audit.record(audit_entry(object=sha256.hex()))


class Place:
    """A store on disk with its content, and room for backups beside it."""

    def __init__(self, folder: Path) -> None:
        self.data = make_sqlite(folder / "data")
        self.rows = self.data / "postwarden.db"
        self.blobs_path = self.data / "blobs"
        self.store = SqliteStore(self.rows)
        self.blobs = open_blobs(self.blobs_path)
        self.key = self.data / "master.key"
        self.key.write_bytes(b"key")

    @property
    def source(self) -> Source:
        return Source(
            rows=self.rows, blobs=self.blobs_path, keys={"master.key": self.key}
        )

    async def receive(self, *contents: bytes) -> list[bytes]:
        digests = [await self.blobs.put(content) for content in contents]
        for digest in digests:
            await self.store.transact(add, digest)
        return digests

    def make(self, directory: Path, **options: Any) -> Manifest:
        return making.make(
            self.source, directory, made_at="now", release="1", **options
        )

    def close(self) -> None:
        self.blobs.close()
        self.store.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "data").mkdir()
    made = Place(tmp_path)
    yield made
    made.close()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "backup"


def target(folder: Path) -> Target:
    return Target(
        data=folder,
        rows=folder / "postwarden.db",
        blobs=folder / "blobs",
        keys={"master.key": folder / "master.key"},
    )


def tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return everything that a database holds."""
    with closing(apsw.Connection(str(path))) as raw:
        names = raw.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
        )
        return {
            str(name): sorted(raw.execute(f'SELECT * FROM "{name}"'), key=repr)
            for (name,) in names.fetchall()
        }


def everything_in(directory: Path) -> list[Path]:
    return list(directory.rglob("*"))


def problems(directory: Path) -> list[str]:
    return list(restoring.problems(directory, manifests.read(directory)))


async def test_what_is_restored_is_what_was_backed_up(
    place: Place, directory: Path, tmp_path: Path
) -> None:
    small, large = await place.receive(b"small", big(1))

    manifest = place.make(directory)

    assert problems(directory) == []
    assert (manifest.messages, manifest.large, manifest.missing) == (2, 1, 0)
    assert manifest.audit_entries == 2
    restored = restoring.restore(directory, target(tmp_path / "new"))
    assert restored == manifest
    for name in ("postwarden.db", "blobs/content.db"):
        assert tables(tmp_path / "new" / name) == tables(place.data / name)
    with closing(open_blobs(tmp_path / "new" / "blobs")) as blobs:
        assert await blobs.get(small) == b"small"
        assert await blobs.get(large) == big(1)
    with closing(SqliteStore(tmp_path / "new" / "postwarden.db")) as store:
        assert (await verify(store, OPERATOR)).entries == 2
        await store.transact(add, b"\0" * 32)  # and it can be written to
    assert (tmp_path / "new" / "master.key").read_bytes() == b"key"


async def test_nobody_else_reads_a_backup(place: Place, directory: Path) -> None:
    await place.receive(b"small", big(1))
    place.make(directory)

    modes = {
        (path.is_dir(), stat.S_IMODE(path.stat().st_mode))
        for path in (directory, *everything_in(directory))
    }
    assert modes == {(True, 0o700), (False, 0o600)}


async def test_an_empty_store_is_backed_up(
    place: Place, directory: Path, tmp_path: Path
) -> None:
    source = Source(rows=place.rows, blobs=tmp_path / "none", keys={})

    making.make(source, directory, made_at="now", release="1")

    assert problems(directory) == []
    restoring.restore(directory, target(tmp_path / "new"))


async def test_a_backup_of_a_store_that_is_written_to_has_all_content(
    place: Place, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mail comes in before each step; whatever rows are in it have their content."""
    await place.receive(*(b"%d" % number for number in range(20)))
    arrived = threading.Event()

    def when_mail_came(*what: Any) -> None:
        arrived.clear()
        assert arrived.wait(20)
        copy_database(*what)

    monkeypatch.setattr(making, "copy_database", when_mail_came)
    backup = asyncio.create_task(asyncio.to_thread(place.make, directory))
    number = 0
    while not backup.done():
        number += 1
        await place.receive(b"meanwhile %d" % number, big(number))
        arrived.set()
    manifest = await backup

    assert problems(directory) == []
    assert manifest.missing == 0
    assert 20 <= manifest.messages < 20 + 2 * number
    with closing(SqliteStore(directory / "postwarden.db")) as store:
        verdict = await verify(store, OPERATOR)
    assert (verdict.problem, verdict.entries) == (None, manifest.audit_entries)


async def test_content_destroyed_meanwhile_is_in_no_backup(
    place: Place, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file went after the snapshots were taken: they are taken again."""
    kept, gone = await place.receive(big(1), big(2))

    def destroy_first(source: Path, copy: Path) -> None:
        if large_file(place.blobs_path, gone).exists():
            with closing(apsw.Connection(str(place.rows))) as raw:
                raw.execute("DELETE FROM messages WHERE sha256 = ?", (gone,))
            with closing(ContentInspection(place.blobs_path)) as content:
                content.remove([gone], 2**40)
        link_or_copy(source, copy)

    monkeypatch.setattr(making, "link_or_copy", destroy_first)

    manifest = place.make(directory)

    assert (manifest.messages, manifest.large, manifest.missing) == (1, 1, 0)
    assert problems(directory) == []
    assert large_file(directory / "blobs", kept).exists()


async def test_what_the_store_itself_lacks_is_counted(
    place: Place, directory: Path
) -> None:
    digests = await place.receive(b"small", big(1), big(2))
    large_file(place.blobs_path, digests[1]).unlink()
    large_file(place.blobs_path, digests[2]).write_bytes(b"damaged")
    with closing(apsw.Connection(str(place.blobs_path / "content.db"))) as raw:
        raw.execute("DELETE FROM blobs WHERE digest = ?", (digests[0],))

    manifest = place.make(directory)

    assert (manifest.messages, manifest.large, manifest.missing) == (3, 0, 3)
    assert problems(directory) == []


async def test_messages_that_were_emptied_lack_nothing(
    place: Place, directory: Path
) -> None:
    """One still has its row among the content, as when the sweep was cut off."""
    digests = await place.receive(b"small", big(1), b"kept")
    large_file(place.blobs_path, digests[1]).unlink()
    with closing(apsw.Connection(str(place.blobs_path / "content.db"))) as raw:
        raw.execute("DELETE FROM blobs WHERE digest = ?", (digests[0],))
    with closing(apsw.Connection(str(place.rows))) as raw:
        raw.execute("UPDATE messages SET tombstone = id WHERE id < 3")

    manifest = place.make(directory)

    assert (manifest.messages, manifest.missing) == (1, 0)
    assert problems(directory) == []


def failing(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize("step", ["copy_database", "link_or_copy", "copy_file"])
async def test_an_interrupted_backup_is_none_and_is_taken_up_again(
    place: Place, directory: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    await place.receive(b"small", big(1))
    with monkeypatch.context() as patched:
        patched.setattr(making, step, failing)
        with pytest.raises(StorageFull):
            place.make(directory)

    with pytest.raises(Refused, match="not finished"):
        manifests.read(directory)
    with pytest.raises(Refused, match="not finished"):
        restoring.restore(directory, target(directory.parent / "new"))
    assert not (directory.parent / "new").exists()
    place.make(directory)
    assert problems(directory) == []


async def test_large_content_that_is_there_is_not_copied_again(
    place: Place, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = await place.receive(big(1), big(2))
    with monkeypatch.context() as patched:
        patched.setattr(making, "copy_file", failing)
        with pytest.raises(StorageFull):
            place.make(directory)
    large_file(directory / "blobs", two).unlink()
    copied = []

    def told(source: Path, copy: Path) -> None:
        copied.append(source)
        link_or_copy(source, copy)

    monkeypatch.setattr(making, "link_or_copy", told)

    place.make(directory)

    assert copied == [large_file(place.blobs_path, two)]
    assert large_file(directory / "blobs", one).exists()


def test_only_one_makes_a_backup_in_a_directory(place: Place, directory: Path) -> None:
    refused = []

    def again(_steps: int) -> None:
        try:
            place.make(directory)
        except Refused as error:
            refused.append(str(error))

    source = place.source
    with closing(apsw.Connection(str(place.rows))) as raw:
        raw.execute("CREATE TABLE filler AS SELECT randomblob(9000000) AS x")
    making.make(source, directory, made_at="now", release="1", progress=again)

    assert refused
    assert all("another process" in text for text in refused)


def test_a_directory_with_other_files_is_refused(place: Place, directory: Path) -> None:
    place.make(directory)
    with pytest.raises(AlreadyExists):
        place.make(directory)
    with pytest.raises(AlreadyExists):
        place.make(place.data)


async def test_a_damaged_backup_is_named_and_not_restored(
    place: Place, directory: Path, tmp_path: Path
) -> None:
    (digest,) = await place.receive(big(1))
    place.make(directory)
    large = large_file(directory / "blobs", digest)
    damages: list[tuple[str, Callable[[], object]]] = [
        ("postwarden.db", lambda: flip(directory / "postwarden.db")),
        ("blobs/content.db", lambda: flip(directory / "blobs/content.db")),
        ("master.key", (directory / "master.key").unlink),
        (f"blobs/large/{large.name}", lambda: rewrite(large, b"other")),
    ]

    for number, (name, damage) in enumerate(damages):
        whole = {
            path: path.read_bytes()
            for path in everything_in(directory)
            if path.is_file()
        }
        damage()
        (problem,) = problems(directory)
        assert problem.startswith(f"{name}: ")
        new = tmp_path / f"new{number}"
        with pytest.raises(Unavailable):
            restoring.restore(directory, target(new))
        assert not (new / "postwarden.db").exists()
        for path, content in whole.items():
            rewrite(path, content)
    assert problems(directory) == []
    large.unlink()
    assert problems(directory) == ["blobs/large: 1 files are missing"]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def rewrite(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)  # it may be a link into the store
    path.write_bytes(content)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "other"},
        {"version": 2},
        {"files": {}},
        {"files": ["postwarden.db"]},
        {"files": {"postwarden.db": "0", "../outside": "0"}},
        {"more": 1},
    ],
)
def test_another_manifest_is_none_of_ours(
    place: Place, directory: Path, change: dict[str, object]
) -> None:
    place.make(directory)
    path = directory / "MANIFEST.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(Invalid):
        manifests.read(directory)
    path.write_text("[" * 10_000)
    with pytest.raises(Invalid):
        manifests.read(directory)
    path.unlink()
    with pytest.raises(NotFound):
        manifests.read(directory)


def test_a_store_is_restored_into_an_empty_place_only(
    place: Place, directory: Path, tmp_path: Path
) -> None:
    place.make(directory)
    before = tables(place.rows)
    with pytest.raises(AlreadyExists):
        restoring.restore(directory, target(place.data))
    assert tables(place.rows) == before
    (tmp_path / "new").mkdir()
    restoring.restore(directory, target(tmp_path / "new"))


async def test_an_interrupted_restore_is_no_store_and_is_done_again(
    place: Place,
    directory: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await place.receive(b"small", big(1))
    place.make(directory)
    new = target(tmp_path / "new")
    copies = 0

    def fail_at(number: int) -> Callable[[Path, Path], str]:
        def copy(source: Path, copied: Path) -> str:
            nonlocal copies
            copies += 1
            if copies == number:
                failing()
            return copy_file(source, copied)

        return copy

    for number in range(1, 5):
        copies = 0
        monkeypatch.setattr(restoring, "copy_file", fail_at(number))
        with pytest.raises(StorageFull):
            restoring.restore(directory, new)
        assert not new.rows.exists()
    monkeypatch.setattr(restoring, "copy_file", copy_file)
    restoring.restore(directory, new)
    assert tables(new.rows) == tables(place.rows)


def test_a_key_that_was_brought_back_first_stays(
    place: Place, directory: Path, tmp_path: Path
) -> None:
    place.make(directory)
    elsewhere = tmp_path / "keys" / "master.key"
    elsewhere.parent.mkdir()
    elsewhere.write_bytes(b"newer")
    new = Target(
        data=tmp_path / "new",
        rows=tmp_path / "new" / "postwarden.db",
        blobs=tmp_path / "new" / "blobs",
        keys={"master.key": elsewhere},
    )

    restoring.restore(directory, new)

    assert elsewhere.read_bytes() == b"newer"
