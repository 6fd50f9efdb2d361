"""Evidence packages as a zip that is sent while it is made, and back into files.

A zip that ends too soon has no directory at its end, so nobody takes a part of one
for the whole.
"""

import asyncio
import hashlib
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from postwarden.adapters.evidence import (
    MANIFEST,
    PUBLIC_KEY,
    SIGNATURE,
    EvidenceFiles,
    manifest_of,
)
from postwarden.model.errors import Unavailable
from postwarden.services.cases.evidence import EvidenceSink
from postwarden.services.ports import Signer
from postwarden.wire.ed25519 import to_pem

_WAITING = 4  # pieces that are ready and not sent yet
_PIECE = 64 * 1024  # octets
_MODE = 0o600 << 16


class ZippedEvidence:
    """See `services.cases.evidence.EvidenceArchive`; good for one package."""

    def __init__(self, signer: Signer) -> None:
        self.signer = signer
        self._hashes: dict[str, str] = {}
        self._outlet = _Outlet()
        self._zip = zipfile.ZipFile(self._outlet, "w", zipfile.ZIP_DEFLATED)
        self._ready: asyncio.Queue[bytes] = asyncio.Queue(_WAITING)

    async def pieces(
        self, make: Callable[[EvidenceSink], Awaitable[object]]
    ) -> AsyncGenerator[bytes, None]:
        making = asyncio.create_task(self._make(make))
        try:
            while piece := await self._ready.get():
                yield piece
            await making
        finally:
            making.cancel()
            await asyncio.gather(making, return_exceptions=True)

    async def _make(self, make: Callable[[EvidenceSink], Awaitable[object]]) -> None:
        try:
            await make(self)
        finally:
            await self._ready.put(b"")

    async def add(self, name: str, content: bytes) -> None:
        async def once() -> AsyncIterator[bytes]:
            yield content

        await self.stream(name, once())

    async def stream(self, name: str, content: AsyncIterator[bytes]) -> None:
        digest = hashlib.sha256()
        entry = zipfile.ZipInfo(name)
        entry.external_attr = _MODE
        entry.compress_type = zipfile.ZIP_DEFLATED
        with self._zip.open(entry, "w", force_zip64=True) as file:
            async for chunk in content:
                digest.update(chunk)
                for start in range(0, len(chunk), _PIECE):
                    # A large mail is squeezed in pieces, elsewhere: others go on.
                    await asyncio.to_thread(file.write, chunk[start : start + _PIECE])
                    await self._send()
        await self._send()
        self._hashes[name] = digest.hexdigest()

    async def finish(self) -> bytes:
        await self.add(PUBLIC_KEY, to_pem(self.signer.public_key()).encode())
        manifest = manifest_of(self._hashes)
        await self.add(MANIFEST, manifest)
        await self.add(SIGNATURE, self.signer.sign(manifest))
        self._zip.close()
        await self._send()
        return hashlib.sha256(manifest).digest()

    async def _send(self) -> None:
        if piece := self._outlet.taken():
            await self._ready.put(piece)


class _Outlet:
    """Where the zip is written; it cannot be gone back in."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, octets: bytes) -> int:
        self._held += octets
        return len(octets)

    def flush(self) -> None:
        """Keep nothing back: there is nothing behind it."""

    def close(self) -> None:
        """Stay: what is held is still to be taken."""

    def taken(self) -> bytes:
        held, self._held = bytes(self._held), bytearray()
        return held


async def unpack(archive: BinaryIO, directory: Path) -> None:
    """Write the files of an archive where evidence is written; modes are as there.

    Raises AlreadyExists for a directory with something in it, Unavailable for an
    archive that is damaged or has files that no package has.
    """
    files = EvidenceFiles(directory)
    try:
        with zipfile.ZipFile(archive) as opened:
            for entry in opened.infolist():
                _check(entry.filename)
                with opened.open(entry) as file:
                    await files.stream(entry.filename, _pieces(file))
        await files.settle()
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise Unavailable(f"the evidence did not arrive whole: {error}") from error


def _check(name: str) -> None:
    parts = PurePosixPath(name).parts
    known = len(parts) == 1 or (len(parts) == 2 and parts[0] == "messages")
    if not known or ".." in parts or "\\" in name or name.startswith("/"):
        raise Unavailable(f"{name[:80]!r} is no file of an evidence package")


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece
