"""A tree of files that somebody else may change while it is read.

Folders and files are opened one inside the other and links are not followed, so
that nothing outside the tree is ever read.
"""

import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from postwarden.model.errors import Invalid, NotFound
from postwarden.services.found_mail import BadItem

_FILE = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_FOLDER = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_DIRECTORY
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS = re.compile(r"[0-9]+")


@dataclass(slots=True, kw_only=True)
class Listing:
    """What lies in one folder: files in order, and folders.

    `levels` lead there from the root. `bad` says what cannot be read. Names that
    begin with a dot are left out, but for folders.
    """

    path: Path
    levels: Sequence[str]
    names: list[str] = field(default_factory=list)
    folders: set[str] = field(default_factory=set)
    bad: list[BadItem] = field(default_factory=list)
    descriptor: int = -1  # open while the listing is worked on

    @contextmanager
    def open(self, name: str) -> Iterator["OpenFile"]:
        """Open a regular file, and only that; raises OSError, Invalid."""
        descriptor = os.open(name, _FILE, dir_fd=self.descriptor)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise Invalid("no regular file")
            yield OpenFile(file.read, status.st_size, _time(status))

    def place(self, name: str) -> str:
        return str(self.path / name)

    def is_bad(self, name: str, error: OSError | Invalid) -> BadItem:
        return BadItem(place=self.place(name), reason=reason_of(error))


class OpenFile:
    """A file that is being read; `time` is that of its last change."""

    def __init__(self, read: Callable[[int], bytes], size: int, time: datetime) -> None:
        self._read = read
        self.size = size
        self.time = time

    def pieces(self, octets: int) -> Iterator[bytes]:
        """Yield the content in pieces of so many octets at most."""
        while piece := self._read(octets):
            yield piece

    def content(self, largest: int) -> bytes | None:
        """Return the whole content, None when it is larger than `largest`."""
        if self.size > largest:
            return None
        pieces, left = [], largest + 1
        while left and (piece := self._read(min(left, self.size + 1))):
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces) if left else None  # it grew while it was read


class MailTree:
    """Files below a root, which may itself be a link."""

    def __init__(self, root: Path) -> None:
        """Take the root; raises NotFound."""
        if not root.exists():
            raise NotFound("path", str(root))
        self.root = root

    @contextmanager
    def list(self, levels: Sequence[str] = ()) -> Iterator[Listing]:
        """List a folder; one that cannot be read is in its own `bad`."""
        listing = Listing(path=self.root.joinpath(*levels), levels=levels)
        try:
            listing.descriptor = _open_folder(self.root, levels)
            with os.scandir(listing.descriptor) as entries:
                for entry in entries:
                    _sort_in(listing, entry)
        except OSError as error:
            place = str(listing.path)
            listing.bad.append(BadItem(place=place, reason=reason_of(error)))
        listing.names.sort(key=_natural)
        try:
            yield listing
        finally:
            if listing.descriptor != -1:
                os.close(listing.descriptor)

    def walk(self, *, without: Iterable[str] = ()) -> Iterator[Listing]:
        """Yield the root's listing and those below it, but for some folder names.

        Each listing can be worked on until the next one is asked for.
        """
        left_out = frozenset(without)
        todo: list[tuple[str, ...]] = [()]
        while todo:
            levels = todo.pop()
            with self.list(levels) as listing:
                yield listing
            below = sorted(listing.folders - left_out, key=_natural, reverse=True)
            todo += [(*levels, name) for name in below]

    @contextmanager
    def alone(self) -> Iterator[tuple[Listing, str]]:
        """Give the root, which is a file, as the one name of a listing."""
        path = self.root.resolve()
        listing = Listing(path=self.root.parent, levels=())
        listing.descriptor = os.open(path.parent, _FOLDER)
        try:
            yield listing, path.name
        finally:
            os.close(listing.descriptor)


def _open_folder(root: Path, levels: Sequence[str]) -> int:
    descriptor = os.open(root, _FOLDER & ~os.O_NOFOLLOW)
    try:
        for level in levels:
            inner = os.open(level, _FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _sort_in(listing: Listing, entry: os.DirEntry[str]) -> None:
    if entry.is_dir(follow_symlinks=False):
        listing.folders.add(entry.name)
    elif entry.name.startswith("."):
        return
    elif entry.is_file(follow_symlinks=False):
        listing.names.append(entry.name)
    else:
        kind = "a link" if entry.is_symlink() else "no regular file"
        place = listing.place(entry.name)
        listing.bad.append(
            BadItem(place=place, reason=f"skipped: {kind}", skipped=True)
        )


def _natural(name: str) -> tuple[int, int, str]:
    """Order by the number that a name begins with, as UIDs and times do."""
    digits = _DIGITS.match(name)
    if digits is None:
        return 1, 0, name
    return 0, len(digits[0].lstrip("0")), name.lstrip("0")


def _time(status: os.stat_result) -> datetime:
    return _EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000)


def reason_of(error: OSError | Invalid) -> str:
    """Return what people are told; the path stands before it."""
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
