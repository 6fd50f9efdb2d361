"""Evidence packages are signed: what was altered, stripped or swapped is named."""

import asyncio
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from postwarden.adapters.evidence import (
    MANIFEST,
    PUBLIC_KEY,
    SIGNATURE,
    EvidenceDirectory,
)
from postwarden.adapters.evidence_checking import Checked, check
from postwarden.adapters.memory.content import MemorySearchIndex
from postwarden.adapters.memory.signing import MemorySigner
from postwarden.adapters.memory.store import MemoryStore
from postwarden.model.actors import OPERATOR
from postwarden.model.cases import Outcome
from postwarden.services.cases import evidence
from postwarden.wire.ed25519 import to_pem
from tests.unit.services import world
from tests.unit.services.cases.desk import ADA, BOB, Desk

SIGNER = MemorySigner()
KEY = SIGNER.public_key()
MAIL = b"From: eve@example.net\r\nSubject: bait\r\n\r\nclick\r\n"


@dataclass(frozen=True, slots=True)
class Package:
    """A package on disk, and ways to tamper with it."""

    directory: Path

    def checked(self, *, key: bytes | None = None) -> Checked:
        return check(self.directory, key=key)

    def problems(self) -> str:
        return "\n".join(self.checked().problems)

    def edit(self, name: str, change: Callable[[bytes], bytes]) -> None:
        path = self.directory / name
        path.write_bytes(change(path.read_bytes()))

    def edit_case(self, **changes: Any) -> None:
        def change(content: bytes) -> bytes:
            case = {**json.loads(content), **changes}
            kept = {name: value for name, value in case.items() if value is not None}
            return json.dumps(kept).encode()

        self.edit("case.json", change)

    def drop(self, *names: str) -> None:
        for name in names:
            (self.directory / name).unlink()

    def write_manifest(self) -> None:
        """Make the manifest say what is there, as whoever tampers would."""
        files = sorted(
            path
            for path in self.directory.rglob("*")
            if path.is_file() and path.name not in {MANIFEST, SIGNATURE}
        )
        (self.directory / MANIFEST).write_text(
            "".join(
                f"{hashlib.sha256(path.read_bytes()).hexdigest()}"
                f"  {path.relative_to(self.directory)}\n"
                for path in files
            )
        )

    def sign(self, signer: MemorySigner) -> None:
        """Sign all of it with another key, and say so everywhere."""
        self.edit_case(signed_by=signer.public_key().hex())
        (self.directory / PUBLIC_KEY).write_text(to_pem(signer.public_key()))
        self.write_manifest()
        manifest = (self.directory / MANIFEST).read_bytes()
        (self.directory / SIGNATURE).write_bytes(signer.sign(manifest))


async def _made(directory: Path) -> None:
    store = MemoryStore()
    await store.transact(world.people)
    desk = Desk(store=store, index=MemorySearchIndex(store))
    await desk.receive(MAIL, ADA, BOB)
    case = await desk.open("from:eve@example.net")
    assert await desk.carry_out(case) == {Outcome.REMOVED: 2}
    sink = EvidenceDirectory(directory, SIGNER)
    digest = await evidence.export(store, desk.blobs, sink, OPERATOR, case.id)
    assert digest == hashlib.sha256((directory / MANIFEST).read_bytes()).digest()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("evidence") / "package"
    asyncio.run(_made(directory))
    return directory


@pytest.fixture
def package(made: Path, tmp_path: Path) -> Package:
    shutil.copytree(made, tmp_path / "package")
    return Package(tmp_path / "package")


def test_a_package_is_signed_by_the_store(package: Package) -> None:
    expected = Checked(problems=[], signed_by=KEY)
    assert package.checked() == package.checked(key=KEY) == expected
    case = json.loads((package.directory / "case.json").read_bytes())
    entries = (package.directory / "audit.jsonl").read_text().splitlines()
    newest = json.loads(entries[-1])
    assert newest["action"] == "case.export"
    assert case["audit_head"]["hash"] == newest["hash"]


def test_other_programs_can_check_the_signature(package: Package) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl")
    names = ("-inkey", PUBLIC_KEY, "-in", MANIFEST, "-sigfile", SIGNATURE)
    command = [openssl, "pkeyutl", "-verify", "-rawin", "-pubin", *names]

    def status() -> int:
        return subprocess.run(
            command, cwd=package.directory, check=False, capture_output=True
        ).returncode

    assert status() == 0
    package.edit(MANIFEST, lambda content: content + b"\n")
    assert status() != 0


def test_an_altered_file_and_manifest_are_named(package: Package) -> None:
    package.edit("copies.csv", lambda content: content.replace(b"ada", b"eve"))
    assert package.problems() == "copies.csv: altered"
    package.write_manifest()
    assert package.problems() == f"{MANIFEST}: not what {KEY.hex()} has signed"


def test_a_stripped_signature_is_named(package: Package) -> None:
    package.drop(SIGNATURE)
    assert f"{SIGNATURE}: missing" in package.problems()
    package.drop(PUBLIC_KEY)
    package.write_manifest()
    assert package.problems() == (
        f"{SIGNATURE}: missing; case.json says {KEY.hex()} signed"
    )
    assert package.checked().signed_by is None


def test_a_key_without_a_signature_or_the_reverse_is_named(package: Package) -> None:
    package.edit(SIGNATURE, lambda content: content[:-1])
    assert "has signed" in package.problems()
    package.drop(PUBLIC_KEY)
    assert f"{PUBLIC_KEY}: missing" in package.problems()


def test_a_swapped_key_is_named(package: Package) -> None:
    other = MemorySigner()
    package.sign(other)
    package.edit_case(signed_by=KEY.hex())
    package.write_manifest()
    manifest = (package.directory / MANIFEST).read_bytes()
    (package.directory / SIGNATURE).write_bytes(other.sign(manifest))

    assert package.problems().startswith(f"{PUBLIC_KEY}: {other.public_key().hex()}")


def test_a_package_signed_anew_as_a_whole_fails_the_pinned_key(
    package: Package,
) -> None:
    other = MemorySigner()
    package.sign(other)

    assert package.checked() == Checked(problems=[], signed_by=other.public_key())
    (problem,) = package.checked(key=KEY).problems
    assert problem == f"signed by {other.public_key().hex()}, not by {KEY.hex()}"


def test_an_audit_entry_that_was_altered_is_named_whoever_signs(
    package: Package,
) -> None:
    package.edit("audit.jsonl", lambda content: content.replace(b"operator", b"nobody"))
    package.sign(SIGNER)
    assert package.problems().startswith("audit.jsonl: entry 1 was altered")
    package.edit("audit.jsonl", lambda content: b"[[[\n" + content)
    package.sign(SIGNER)
    assert package.problems().startswith("audit.jsonl: entry None was altered")


def test_an_audit_entry_that_was_dropped_between_two_is_named(
    package: Package,
) -> None:
    path = package.directory / "audit.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    entry = json.loads(lines[1])
    forged = {**entry, "previous_hash": "0" * 64}
    form = json.dumps(
        {name: value for name, value in forged.items() if name != "hash"},
        sort_keys=True,
        separators=(",", ":"),
    )
    forged["hash"] = hashlib.sha256(form.encode()).hexdigest()
    path.write_text("".join([lines[0], json.dumps(forged) + "\n", *lines[2:]]))
    package.sign(SIGNER)

    assert package.problems() == "audit.jsonl: entry 2 does not follow entry 1"


def test_an_audit_head_that_is_none_is_named(package: Package) -> None:
    package.edit_case(audit_head={"entry": 1})
    package.sign(SIGNER)
    assert package.problems() == "case.json: its audit head is none"


def test_a_package_of_an_older_release_is_said_to_be_unsigned(package: Package) -> None:
    package.drop(SIGNATURE, PUBLIC_KEY)
    package.edit_case(signed_by=None, audit_head=None)
    package.write_manifest()

    assert package.checked() == Checked(problems=[], signed_by=None)
    assert package.checked(key=KEY).problems == ["the package is not signed"]


def test_a_link_out_of_the_package_is_not_followed(
    package: Package, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes((package.directory / SIGNATURE).read_bytes())
    package.drop(SIGNATURE)
    (package.directory / SIGNATURE).symlink_to(outside)

    assert f"{SIGNATURE}: missing" in package.problems()
