"""Evidence packages on disk: written once, signed, for `evidence_checking` to read."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from postwarden.model.errors import AlreadyExists
from postwarden.services.ports import Signer
from postwarden.wire.ed25519 import to_pem

MANIFEST = "MANIFEST.sha256"
SIGNATURE = "MANIFEST.sha256.sig"  # 64 octets (RFC 8032), over those of the manifest
PUBLIC_KEY = "PUBLIC_KEY.pem"


def manifest_of(hashes: Mapping[str, str]) -> bytes:
    """Return the manifest of some files, by their names."""
    lines = (f"{digest}  {name}\n" for name, digest in sorted(hashes.items()))
    return "".join(lines).encode()


class EvidenceFiles:
    """Files of a package in a directory; they are 0600, folders 0700."""

    def __init__(self, directory: Path) -> None:
        """Take a directory that is empty or not there; raises AlreadyExists."""
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise AlreadyExists("directory", str(directory))
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._hashes: dict[str, str] = {}

    async def stream(self, name: str, content: AsyncIterator[bytes]) -> None:
        path = self._directory / name
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        digest = hashlib.sha256()
        with os.fdopen(descriptor, "wb") as file:
            async for chunk in content:
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        self._hashes[name] = digest.hexdigest()

    async def settle(self) -> None:
        """Make the names of all files durable."""
        for folder in {self._directory, *self._directory.glob("*/")}:
            descriptor = os.open(folder, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)


class EvidenceDirectory(EvidenceFiles):
    """See `services.cases.evidence.EvidenceSink`."""

    def __init__(self, directory: Path, signer: Signer) -> None:
        super().__init__(directory)
        self.signer = signer

    async def add(self, name: str, content: bytes) -> None:
        async def once() -> AsyncIterator[bytes]:
            yield content

        await self.stream(name, once())

    async def finish(self) -> bytes:
        await self.add(PUBLIC_KEY, to_pem(self.signer.public_key()).encode())
        manifest = manifest_of(self._hashes)
        await self.add(MANIFEST, manifest)
        await self.add(SIGNATURE, self.signer.sign(manifest))
        await self.settle()
        return hashlib.sha256(manifest).digest()
