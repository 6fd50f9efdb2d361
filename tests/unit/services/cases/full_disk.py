"""A disk that is full for one write: SQLite's own files, below the adapter."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import apsw

from postwarden.model.errors import StorageFull
from tests.unit.services.cases.faults import Faults

_NAME = "full-disk"
_UNIX = "unix"  # the file system that SQLite knows by this name


class _Disk(apsw.VFS):
    def __init__(self, faults: Faults) -> None:
        super().__init__(_NAME, _UNIX, makedefault=True)
        self._faults = faults

    def xOpen(self, name: Any, flags: list[int]) -> "_File":  # noqa: N802  SQLite's
        return _File(self._faults, name, flags)


class _File(apsw.VFSFile):
    def __init__(self, faults: Faults, name: Any, flags: list[int]) -> None:
        super().__init__(_UNIX, name, flags)
        self._faults = faults

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  SQLite's
        try:
            self._faults.step("disk")
        except StorageFull as error:
            raise apsw.FullError(str(error)) from None
        super().xWrite(data, offset)


@contextmanager
def filling(faults: Faults) -> Iterator[None]:
    """Let stores opened meanwhile lie on a disk that is full when `faults` say so."""
    disk = _Disk(faults)
    try:
        yield
    finally:
        disk.unregister()
