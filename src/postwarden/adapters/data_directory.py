"""What lies around a store on disk: who may read it, what was left behind."""

import shutil
import socket
import stat
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LEFT_BEHIND = 3600  # seconds after which nobody writes a draft any more
_BESIDE = ("", "-wal", "-shm")  # the files of one SQLite database


def open_to_others(folders: Iterable[Path], databases: Iterable[Path]) -> list[Path]:
    """Return the folders and database files that others than the owner may use."""
    files = (
        database.with_name(database.name + suffix)
        for database in databases
        for suffix in _BESIDE
    )
    return [
        path
        for path in (*folders, *files)
        if path.exists() and path.stat().st_mode & _OTHERS
    ]


def close_to_others(paths: Iterable[Path]) -> None:
    """Leave what the owner may do, and nothing for others; raises OSError."""
    for path in paths:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)


def left_drafts(blobs: Path) -> list[Path]:
    """Return the drafts of content that a crash left behind."""
    newest = time.time() - _LEFT_BEHIND
    return [path for path in _files(blobs / "drafts") if _modified(path) < newest]


def _modified(path: Path) -> float:
    """Return when a file was written; now for one that has just been filed."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return time.time()


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if path.is_file())


def free_octets(path: Path) -> int:
    return shutil.disk_usage(path).free


def is_free(host: str, port: int) -> bool:
    """Tell whether a listener could be opened there."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
