"""Message content in memory while it is small, in a temporary file beyond."""

import errno
import hashlib
import mmap
import tempfile
from contextlib import suppress
from typing import IO

from postwarden.model.errors import MailError, StorageFull, Unavailable
from postwarden.smtpd.options import ContentOptions

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class SpooledContent:
    """Octets exactly as they were written, and their SHA-256.

    The file has no name where the system can do that and belongs to its owner
    alone everywhere, so that a crash leaves nothing to read. It is written on the
    calling thread: the page cache takes what one read of a socket brings.
    """

    __slots__ = ("_file", "_hash", "_mapping", "_memory", "_options", "size")

    def __init__(self, options: ContentOptions) -> None:
        self._options = options
        self._memory = bytearray()
        self._file: IO[bytes] | None = None
        self._mapping: mmap.mmap | None = None
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    @property
    def in_memory(self) -> bool:
        return self._file is None

    def write(self, octets: bytes) -> None:
        """Add octets; raises StorageFull, or Unavailable for a disk that fails."""
        self._hash.update(octets)
        self.size += len(octets)
        if self._file is None and self.size <= self._options.memory:
            self._memory += octets
            return
        try:
            self._write_file(octets)
        except OSError as error:
            raise _trouble(error) from error

    def buffer(self) -> bytes | mmap.mmap:
        """Return everything written; no more may be written after that."""
        if self._file is None:
            return bytes(self._memory)
        if self._mapping is None:
            try:
                self._file.flush()
                self._mapping = mmap.mmap(
                    self._file.fileno(), 0, access=mmap.ACCESS_READ
                )
            except OSError as error:
                raise _trouble(error) from error
        return self._mapping

    def close(self) -> None:
        self._memory = bytearray()
        mapping, self._mapping = self._mapping, None
        if mapping is not None:
            # A view of it that is still in use unmaps it when it ends.
            with suppress(BufferError):
                mapping.close()
        file, self._file = self._file, None
        if file is not None:
            # What could not be written is not wanted any more.
            with suppress(OSError):
                file.close()

    def _write_file(self, octets: bytes) -> None:
        if self._file is None:
            # It outlives this call: close() closes it.
            self._file = tempfile.TemporaryFile(  # noqa: SIM115
                dir=self._options.directory, prefix="incoming-"
            )
            self._file.write(self._memory)
            self._memory = bytearray()
        self._file.write(octets)


def _trouble(error: OSError) -> MailError:
    if error.errno in _FULL:
        return StorageFull("no room for the message")
    return Unavailable("the message cannot be spooled")
