"""Many new files made durable together: theirs and nobody else's."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from postwarden.adapters.secret_files import sync_directory

BATCH = 256  # files of which the flushes are asked for together
_AT_ONCE = 8  # a disk takes several flushes for little more than one


class Flusher:
    """Remembers what was written; after `finish` all of it survives power loss.

    Files are named when they are closed, so none stays open for this. Raises
    OSError.
    """

    def __init__(self) -> None:
        self._files: list[Path] = []
        self._folders: set[Path] = set()

    def wrote(self, file: Path) -> None:
        """Hear of a file that is complete."""
        self._files.append(file)
        self._folders.add(file.parent)
        if len(self._files) >= BATCH:
            self._flush()

    def made(self, folder: Path) -> None:
        """Hear of a folder that was not there before."""
        self._folders |= {folder, folder.parent}

    def finish(self) -> None:
        """Return when everything is durable, names included."""
        self._flush()
        folders, self._folders = self._folders, set()
        _each(sync_directory, list(folders))

    def _flush(self) -> None:
        files, self._files = self._files, []
        _each(_sync_file, files)


def _each(sync: Callable[[Path], None], paths: list[Path]) -> None:
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        list(threads.map(sync, paths))


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
