"""Mail written to a folder: a file per mail, a maildir, or an mbox per mailbox.

Files are 0600, folders 0700, and nothing is ever written over. A file's time is
the mail's internal date. All of it is durable when the folder is finished.
"""

import os
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import BufferedWriter
from pathlib import Path
from typing import Protocol

from postwarden.adapters.flushing import Flusher
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
        self._flusher = Flusher()
        for missing in (path, *path.parents):
            if missing.exists():
                break
            self._flusher.made(missing)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = path
        self._index = self.new_file(path / INDEX)

    def describe(self, line: bytes) -> None:
        """Add a line to the index."""
        self._index.write(line + b"\n")

    def make_folder(self, path: Path) -> Path:
        """Make a folder, or take the one that is there."""
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            return path
        self._flusher.made(path)
        return path

    def new_file(self, path: Path) -> BufferedWriter:
        """Open a file that is not there yet, for our eyes only.

        Whoever has closed it tells `wrote`.
        """
        return os.fdopen(os.open(path, _NEW, 0o600), "wb")

    def wrote(self, path: Path) -> None:
        """Hear that a file is complete."""
        self._flusher.wrote(path)

    def write_mail(self, path: Path, time: datetime, content: bytes) -> None:
        with self.new_file(path) as file:
            file.write(content)
            file.flush()
            nanoseconds = (time - _EPOCH) // timedelta(microseconds=1) * 1000
            # A date that the file system cannot hold is in the index all the same.
            with suppress(OSError, OverflowError):
                os.utime(file.fileno(), ns=(nanoseconds, nanoseconds))
        self.wrote(path)

    def finish(self) -> None:
        """Return when everything written survives power loss; raises OSError."""
        self.close()
        self.wrote(self.path / INDEX)
        self._flusher.finish()

    def close(self) -> None:
        self._index.close()


class MailWriter(Protocol):
    """Writes the mails of one mailbox after another; raises OSError."""

    @staticmethod
    def check(mailbox: str) -> None:
        """Raise Unsupported for a mailbox that this format has no place for."""

    def begin(self, mailbox: str) -> None:
        """Make the place for a mailbox; the mails that follow are its."""

    def add(self, facts: CopyFacts, content: bytes) -> None: ...

    def end(self) -> None:
        """Finish the mailbox; there may be none."""


class EmlWriter:
    """`DIR/<mailbox>/<uid>.eml`."""

    def __init__(self, export: ExportFolder) -> None:
        self._export = export
        self._root = export.path
        self._folder = export.path

    @staticmethod
    def check(mailbox: str) -> None:
        pass

    def begin(self, mailbox: str) -> None:
        self._folder = self._root
        for name in paths.folders_of(mailbox):
            self._folder = self._export.make_folder(self._folder / name)

    def add(self, facts: CopyFacts, content: bytes) -> None:
        self._export.write_mail(
            self._folder / f"{facts.uid}.eml", facts.internal_date, content
        )

    def end(self) -> None:
        pass


class MboxWriter:
    """`DIR/<mailbox>.mbox`, quoted as mboxrd."""

    def __init__(self, export: ExportFolder) -> None:
        self._export = export
        self._root = export.path
        self._file: BufferedWriter | None = None
        self._path = self._root

    @staticmethod
    def check(mailbox: str) -> None:
        pass

    def begin(self, mailbox: str) -> None:
        *above, last = paths.folders_of(mailbox)
        folder = self._root
        for name in above:
            folder = self._export.make_folder(folder / name)
        self._path = folder / f"{last}.mbox"
        self._file = self._export.new_file(self._path)

    def add(self, facts: CopyFacts, content: bytes) -> None:
        assert self._file is not None  # noqa: S101  `begin` opened it
        self._file.write(mbox.format_item(content, facts.sha256, facts.internal_date))

    def end(self) -> None:
        if self._file is not None:
            self._file.close()
            self._export.wrote(self._path)
            self._file = None


class MaildirWriter:
    """A maildir with Maildir++ folders; flags and keywords are in the names."""

    def __init__(self, export: ExportFolder) -> None:
        self._export = export
        self._root = export.path
        self._folder = export.path
        self._letters: dict[str, str] = {}
        self.left_out: set[str] = set()  # keywords for which there was no letter

    @staticmethod
    def check(mailbox: str) -> None:
        if len(maildir.folder_of(mailbox)) > _LONGEST:
            raise Unsupported(
                f"a maildir has no folder for a name as long as {mailbox[:40]}...: "
                "use another format"
            )

    def begin(self, mailbox: str) -> None:
        self._letters = {}
        self._folder = self._root
        if mailbox != INBOX:
            self._folder = self._export.make_folder(
                self._root / maildir.folder_of(mailbox)
            )
            self._export.new_file(self._folder / "maildirfolder").close()
            self._export.wrote(self._folder / "maildirfolder")
        for part in ("cur", "new", "tmp"):
            self._export.make_folder(self._folder / part)

    def add(self, facts: CopyFacts, content: bytes) -> None:
        seconds = (facts.internal_date - _EPOCH) // timedelta(seconds=1)
        info = "".join(sorted(filter(None, map(self._letter, _flags(facts)))))
        name = f"{seconds}.U{facts.uid}.postwarden,S={len(content)}:2,{info}"
        self._export.write_mail(
            self._folder / "cur" / name, facts.internal_date, content
        )

    def _letter(self, flag: str) -> str | None:
        letter = maildir.letter_of(flag, self._letters)
        if letter is None and len(self._letters) < _KEYWORDS:
            letter = self._letters[flag] = chr(ord("a") + len(self._letters))
        if letter is None:
            self.left_out.add(flag)
        return letter

    def end(self) -> None:
        if self._letters:
            path = self._folder / maildir.KEYWORDS_FILE
            with self._export.new_file(path) as file:
                file.write(maildir.format_keywords(self._letters).encode())
            self._export.wrote(path)
            self._letters = {}


def _flags(facts: CopyFacts) -> list[str]:
    return flag_names(facts.flags, facts.keywords)
