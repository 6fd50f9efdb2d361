"""Trees that change while they are read: nothing outside is ever opened."""

import os
from pathlib import Path

import pytest

from postwarden.adapters.mailtrees import MailTree
from postwarden.model.errors import Invalid, NotFound


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root" / "sub").mkdir(parents=True)
    (tmp_path / "root" / "file").write_bytes(b"mine")
    (tmp_path / "root" / "sub" / "inner").write_bytes(b"mine")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "inner").write_bytes(b"secret")
    return tmp_path / "root"


def test_a_folder_that_becomes_a_link_is_not_entered(root: Path) -> None:
    walk = MailTree(root).walk()
    assert next(walk).folders == {"sub"}
    (root / "sub").rename(root.parent / "moved")
    (root / "sub").symlink_to(root.parent / "outside")
    listing = next(walk)
    assert listing.names == []
    [bad] = listing.bad
    assert bad.place == str(root / "sub")
    assert not bad.skipped


def test_a_folder_above_that_becomes_a_link_is_not_entered(root: Path) -> None:
    (root / "sub" / "deep").mkdir()
    (root.parent / "outside" / "deep").mkdir()
    (root.parent / "outside" / "deep" / "x").write_bytes(b"secret")
    walk = MailTree(root).walk()
    next(walk)
    assert next(walk).folders == {"deep"}
    (root / "sub").rename(root.parent / "moved")
    (root / "sub").symlink_to(root.parent / "outside")
    listing = next(walk)
    assert (listing.names, len(listing.bad)) == ([], 1)


def test_a_file_that_becomes_a_link_is_not_read(root: Path) -> None:
    with MailTree(root).list() as listing:
        assert listing.names == ["file"]
        (root / "file").unlink()
        (root / "file").symlink_to(root.parent / "outside" / "inner")
        with pytest.raises(OSError, match="symbolic"), listing.open("file"):
            pass


def test_a_file_that_becomes_a_pipe_keeps_nobody_waiting(root: Path) -> None:
    with MailTree(root).list() as listing:
        (root / "file").unlink()
        os.mkfifo(root / "file")
        with pytest.raises(Invalid), listing.open("file"):
            pass


def test_a_file_that_grows_while_it_is_read_is_still_bounded(root: Path) -> None:
    with MailTree(root).list() as listing, listing.open("file") as file:
        (root / "file").write_bytes(b"x" * 100)
        assert file.content(10) is None
    with MailTree(root).list() as listing, listing.open("file") as file:
        assert file.content(99) is None
        assert file.content(100) == b"x" * 100


def test_files_come_in_the_order_of_their_numbers(root: Path) -> None:
    names = ["b", "010.eml", "9.eml", "1.eml", "a10", "100.eml", "a9", "0.eml"]
    for name in names:
        (root / "sub" / name).write_bytes(b"")
    with MailTree(root).list(["sub"]) as listing:
        assert listing.names == [
            *("0.eml", "1.eml", "9.eml", "010.eml", "100.eml"),
            *("a10", "a9", "b", "inner"),
        ]


def test_names_that_are_no_text_can_be_read_and_told(root: Path) -> None:
    (root / os.fsdecode(b"\xff.eml")).write_bytes(b"mine")
    with MailTree(root).list() as listing, listing.open("\udcff.eml") as file:
        assert file.content(9) == b"mine"


def test_descriptors_are_closed(root: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for listing in MailTree(root).walk():
        for name in listing.names:
            with listing.open(name) as file:
                file.content(9)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_root_that_is_not_there_is_not_found(root: Path) -> None:
    with pytest.raises(NotFound):
        MailTree(root / "nothing")
