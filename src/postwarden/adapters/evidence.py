"""Evidence packages on disk: written once, checked anywhere."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

from postwarden.model.errors import AlreadyExists, Invalid, NotFound

MANIFEST = "MANIFEST.sha256"


class EvidenceDirectory:
    """See `services.cases.evidence.EvidenceSink`; files are 0600, folders 0700."""

    def __init__(self, directory: Path) -> None:
        """Take a directory that is empty or not there; raises AlreadyExists."""
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise AlreadyExists("directory", str(directory))
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._directory = directory
        self._hashes: dict[str, str] = {}

    async def add(self, name: str, content: bytes) -> None:
        async def once() -> AsyncIterator[bytes]:
            yield content

        await self.stream(name, once())

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

    async def finish(self) -> bytes:
        lines = (f"{digest}  {name}\n" for name, digest in sorted(self._hashes.items()))
        manifest = "".join(lines).encode()
        await self.add(MANIFEST, manifest)
        for folder in {self._directory, *self._directory.glob("*/")}:
            descriptor = os.open(folder, os.O_RDONLY)
            os.fsync(descriptor)
            os.close(descriptor)
        return hashlib.sha256(manifest).digest()


def check(directory: Path) -> list[str]:
    """Return what is wrong with a package, one line per file; empty when intact.

    Raises NotFound when there is no manifest, Invalid when it cannot be read.
    """
    manifest = directory / MANIFEST
    if not manifest.is_file():
        raise NotFound("manifest", str(manifest))
    listed = _listed(manifest)
    problems = [
        problem
        for name, digest in listed.items()
        if (problem := _problem(directory, name, digest))
    ]
    there = {
        str(path.relative_to(directory))
        for path in directory.rglob("*")
        if not path.is_dir()
    }
    problems += [
        f"{name}: not in the manifest" for name in there - listed.keys() - {MANIFEST}
    ]
    return sorted(problems)


def _listed(manifest: Path) -> dict[str, str]:
    listed: dict[str, str] = {}
    try:
        lines = manifest.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise Invalid(f"{manifest} is no manifest", field="manifest") from error
    for line in lines:
        digest, separator, name = line.partition("  ")
        path = Path(name)
        if not separator or path.is_absolute() or ".." in path.parts or name in listed:
            raise Invalid(f"{manifest} has a bad line: {line[:80]!r}", field="manifest")
        listed[name] = digest
    return listed


def _problem(directory: Path, name: str, digest: str) -> str | None:
    path = directory / name
    if path.is_symlink() or not path.is_file():
        return f"{name}: missing"
    with path.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if actual != digest:
        return f"{name}: altered"
    if name.startswith("messages/") and path.stem != digest:
        return f"{name}: not the message it is named after"
    return None
