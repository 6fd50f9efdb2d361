"""Content in memory and beyond."""

import errno
import hashlib
import mmap
import stat
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postwarden.model.errors import StorageFull, Unavailable
from postwarden.smtpd.content import SpooledContent
from postwarden.smtpd.options import ContentOptions


def content_in(directory: Path, *, memory: int = 10) -> SpooledContent:
    return SpooledContent(ContentOptions(directory=directory, memory=memory))


def test_a_small_message_stays_in_memory(tmp_path: Path) -> None:
    content = content_in(tmp_path)
    content.write(b"12345")
    content.write(b"67890")

    assert content.in_memory
    assert content.buffer() == b"1234567890"
    content.close()


def test_a_larger_one_goes_to_a_file_without_a_name(tmp_path: Path) -> None:
    content = content_in(tmp_path)
    content.write(b"1234567890")
    content.write(b"x")
    buffer = content.buffer()

    assert not content.in_memory
    assert isinstance(buffer, mmap.mmap)
    assert bytes(buffer) == b"1234567890x"
    assert list(tmp_path.iterdir()) == []
    content.close()


def test_the_file_belongs_to_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = content_in(tmp_path)
    content.write(b"x" * 11)

    assert content._file is not None
    mode = Path(f"/proc/self/fd/{content._file.fileno()}").stat().st_mode
    assert stat.S_IMODE(mode) == 0o600
    content.close()


def test_closing_twice_and_with_a_view_in_use_is_fine(tmp_path: Path) -> None:
    content = content_in(tmp_path)
    content.write(b"x" * 11)
    view = memoryview(content.buffer())

    content.close()
    content.close()

    assert bytes(view) == b"x" * 11
    view.release()


@pytest.mark.parametrize(
    ("number", "error"), [(errno.ENOSPC, StorageFull), (errno.EIO, Unavailable)]
)
def test_a_disk_that_fails_is_said_in_our_words(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    error: type[Exception],
) -> None:
    def fail(**options: object) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr("tempfile.TemporaryFile", fail)
    content = content_in(tmp_path)

    with pytest.raises(error):
        content.write(b"x" * 11)
    content.close()


def test_a_directory_that_is_gone_is_a_temporary_trouble(tmp_path: Path) -> None:
    content = content_in(tmp_path / "absent")

    with pytest.raises(Unavailable):
        content.write(b"x" * 11)


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=8), max_size=8))
def test_what_was_written_is_kept_and_hashed(pieces: list[bytes]) -> None:
    content = content_in(Path("/tmp"))
    for piece in pieces:
        content.write(piece)
    whole = b"".join(pieces)

    assert content.size == len(whole)
    assert content.sha256 == hashlib.sha256(whole).hexdigest()
    assert bytes(content.buffer()) == whole
    content.close()


def test_fifty_megabytes_do_not_cost_fifty_megabytes(tmp_path: Path) -> None:
    content = content_in(tmp_path, memory=128 * 1024)
    piece = b"x" * 65536
    tracemalloc.start()
    for _ in range(800):
        content.write(piece)
    content.buffer()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    content.close()

    assert content.size == 800 * 65536
    assert peak < 1024 * 1024


def test_one_octet_at_a_time_costs_no_more(tmp_path: Path) -> None:
    content = content_in(tmp_path, memory=128 * 1024)
    tracemalloc.start()
    for _ in range(100_000):
        content.write(b"x")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert content.in_memory
    assert peak < 512 * 1024
    content.close()
