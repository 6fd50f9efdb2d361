"""Mail written to a folder: a file per mail, a maildir, or an mbox per mailbox.

Files are 0600, folders 0700, and nothing is ever written over. A file's time is
the mail's internal date.
"""

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import BufferedWriter
from pathlib import Path
from typing import Protocol

from postwarden.model.errors import Refused, Unsupported
from postwarden.model.mailboxes import INBOX, flag_names
from postwarden.services.ports import CopyFacts
from postwarden.wire import maildir, mbox, paths

INDEX = "index.jsonl"
_NEW = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 255  # octets of a file name
_KEYWORDS = 26  # letters that a maildir has for them


class ExportFolder:
    """A folder for one export; the index is written beside the mails."""

    def __init__(self, path: Path) -> None:
        """Take a folder that is empty or not there; raises Refused for another."""
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise Refused(f"{path} is no empty folder")
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = path
        self._index = new_file(path / INDEX)

    def describe(self, line: bytes) -> None:
        """Add a line to the index."""
        self._index.write(line + b"\n")

    def close(self) -> None:
        self._index.close()


class MailWriter(Protocol):
    """Writes the mails of one mailbox after another; raises OSError."""

    def check(self, mailbox: str) -> None:
        """Raise Unsupported for a mailbox that this format has no place for."""

    def begin(self, mailbox: str) -> None:
        """Make the place for a mailbox; the mails that follow are its."""

    def add(self, facts: CopyFacts, content: bytes) -> None: ...

    def end(self) -> None:
        """Finish the mailbox; there may be none."""


class EmlWriter:
    """`DIR/<mailbox>/<uid>.eml`."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root

    def check(self, mailbox: str) -> None:
        pass

    def begin(self, mailbox: str) -> None:
        self._folder = self._root
        for name in paths.folders_of(mailbox):
            self._folder = make_folder(self._folder / name)

    def add(self, facts: CopyFacts, content: bytes) -> None:
        write_mail(self._folder / f"{facts.uid}.eml", facts.internal_date, content)

    def end(self) -> None:
        pass


class MboxWriter:
    """`DIR/<mailbox>.mbox`, quoted as mboxrd."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._file: BufferedWriter | None = None

    def check(self, mailbox: str) -> None:
        pass

    def begin(self, mailbox: str) -> None:
        *above, last = paths.folders_of(mailbox)
        folder = self._root
        for name in above:
            folder = make_folder(folder / name)
        self._file = new_file(folder / f"{last}.mbox")

    def add(self, facts: CopyFacts, content: bytes) -> None:
        assert self._file is not None  # noqa: S101  `begin` opened it
        self._file.write(mbox.format_item(content, facts.sha256, facts.internal_date))

    def end(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class MaildirWriter:
    """A maildir with Maildir++ folders; flags and keywords are in the names."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root
        self._letters: dict[str, str] = {}
        self.left_out: set[str] = set()  # keywords for which there was no letter

    def check(self, mailbox: str) -> None:
        if len(maildir.folder_of(mailbox)) > _LONGEST:
            raise Unsupported(
                f"a maildir has no folder for a name as long as {mailbox[:40]}...: "
                "use another format"
            )

    def begin(self, mailbox: str) -> None:
        self._letters = {}
        self._folder = self._root
        if mailbox != INBOX:
            self._folder = make_folder(self._root / maildir.folder_of(mailbox))
            new_file(self._folder / "maildirfolder").close()
        for part in ("cur", "new", "tmp"):
            make_folder(self._folder / part)

    def add(self, facts: CopyFacts, content: bytes) -> None:
        seconds = (facts.internal_date - _EPOCH) // timedelta(seconds=1)
        info = "".join(sorted(filter(None, map(self._letter, _flags(facts)))))
        name = f"{seconds}.U{facts.uid}.postwarden,S={len(content)}:2,{info}"
        write_mail(self._folder / "cur" / name, facts.internal_date, content)

    def _letter(self, flag: str) -> str | None:
        letter = maildir.letter_of(flag, self._letters)
        if letter is None and len(self._letters) < _KEYWORDS:
            letter = self._letters[flag] = chr(ord("a") + len(self._letters))
        if letter is None:
            self.left_out.add(flag)
        return letter

    def end(self) -> None:
        if self._letters:
            with new_file(self._folder / maildir.KEYWORDS_FILE) as file:
                file.write(maildir.format_keywords(self._letters).encode())
            self._letters = {}


def _flags(facts: CopyFacts) -> list[str]:
    return flag_names(facts.flags, facts.keywords)


def make_folder(path: Path) -> Path:
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def new_file(path: Path) -> BufferedWriter:
    """Open a file that is not there yet, for our eyes only."""
    return os.fdopen(os.open(path, _NEW, 0o600), "wb")


def write_mail(path: Path, time: datetime, content: bytes) -> None:
    with new_file(path) as file:
        file.write(content)
        file.flush()
        nanoseconds = (time - _EPOCH) // timedelta(microseconds=1) * 1000
        # A date that the file system cannot hold is in the index all the same.
        with suppress(OSError, OverflowError):
            os.utime(file.fileno(), ns=(nanoseconds, nanoseconds))
