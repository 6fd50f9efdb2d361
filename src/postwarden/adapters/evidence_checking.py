"""Checking an evidence package without a store: hashes, signature, audit entries."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postwarden.adapters.evidence import MANIFEST, PUBLIC_KEY, SIGNATURE
from postwarden.model.audit import digest_of
from postwarden.model.audit_heads import parse_head, statement
from postwarden.model.errors import Invalid, NotFound
from postwarden.wire import ed25519

CASE, AUDIT = "case.json", "audit.jsonl"
_MAX = 64 * 1024 * 1024  # octets of a file that is read as a whole
_MAX_LINE = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What is wrong, one line per file; and who signed, None when nobody did.

    Packages of the first releases are not signed: they are whole or not, and
    nothing says whose they are.
    """

    problems: list[str]
    signed_by: bytes | None


def check(directory: Path, *, key: bytes | None = None) -> Checked:
    """Check a package; with `key` it must be signed with just that.

    Raises NotFound when there is no manifest, Invalid when it cannot be read.
    """
    manifest = directory / MANIFEST
    if manifest.is_symlink() or not manifest.is_file():
        raise NotFound("manifest", str(manifest))
    listed = _listed(manifest)
    altered = [
        problem
        for name, digest in listed.items()
        if (problem := _problem(directory, name, digest))
    ]
    there = {
        str(path.relative_to(directory))
        for path in directory.rglob("*")
        if not path.is_dir()
    }
    altered += [
        f"{name}: not in the manifest"
        for name in there - listed.keys() - {MANIFEST, SIGNATURE}
    ]
    case = _json(directory / CASE)
    problems, signed_by = sorted(altered), None
    try:
        signed_by = _signed_by(directory, case.get("signed_by"), key)
    except _Unsigned as error:
        problems.append(str(error))
    problems += _audit(directory, case.get("audit_head"))
    return Checked(problems=problems, signed_by=signed_by)


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


class _Unsigned(Exception):
    """A package lacks the signature that it should have."""


def _signed_by(directory: Path, named: object, key: bytes | None) -> bytes | None:
    """Return who signed the manifest, None of an old package; raises _Unsigned.

    `named` is who signed as `case.json` has it: what was signed once does not turn
    into an unsigned package by losing its signature.
    """
    signature, pem = _octets(directory / SIGNATURE), _octets(directory / PUBLIC_KEY)
    if named is None and signature is None and pem is None:
        if key is not None:
            raise _Unsigned("the package is not signed")
        return None
    if signature is None:
        raise _Unsigned(f"{SIGNATURE}: missing; {CASE} says {named} signed")
    public = _public_key(pem or b"")
    if public.hex() != named:
        raise _Unsigned(f"{PUBLIC_KEY}: {public.hex()}, but {CASE} says {named} signed")
    if not ed25519.is_signed(_octets(directory / MANIFEST) or b"", signature, public):
        raise _Unsigned(f"{MANIFEST}: not what {public.hex()} has signed")
    if key is not None and public != key:
        raise _Unsigned(f"signed by {public.hex()}, not by {key.hex()}")
    return public


def _public_key(pem: bytes) -> bytes:
    try:
        return ed25519.parse_public_key(pem.decode("ascii", "replace"))
    except ed25519.NotAPublicKey as error:
        raise _Unsigned(f"{PUBLIC_KEY}: missing or no public key") from error


def _audit(directory: Path, head: object) -> Iterator[str]:
    """Check the entries of a package that says what the log's head was."""
    if head is None:
        return
    try:
        signed = parse_head(head)
    except Invalid:
        yield f"{CASE}: its audit head is none"
        return
    if not ed25519.is_signed(statement(signed), signed.signature, signed.public_key):
        yield f"{CASE}: the signature of its audit head is wrong"
    before: dict[str, Any] = {}
    for entry in _entries(directory / AUDIT):
        number, claimed = entry.get("id"), entry.get("hash")
        actual = _hash(entry)
        if actual is None or actual != claimed:
            yield f"{AUDIT}: entry {number} was altered: its hash is of other content"
            return
        follows = entry.get("previous_hash") == before.get("hash")
        if before and number == before["id"] + 1 and not follows:
            yield f"{AUDIT}: entry {number} does not follow entry {before['id']}"
            return
        if number == signed.entry and claimed != signed.hash.hex():
            yield f"{AUDIT}: entry {number} is not the one of the signed head"
            return
        before = entry


def _hash(entry: dict[str, Any]) -> str | None:
    try:
        others = {name: entry[name] for name in entry if name != "hash"}
        return digest_of(others).hex() if type(entry.get("id")) is int else None
    except (TypeError, ValueError, RecursionError):
        return None


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    if path.is_symlink() or not path.is_file():
        return
    with path.open("rb") as file:
        for line in iter(lambda: file.readline(_MAX_LINE), b""):
            yield _parsed(line)


def _json(path: Path) -> dict[str, Any]:
    return _parsed(_octets(path) or b"")


def _parsed(octets: bytes) -> dict[str, Any]:
    try:
        read = json.loads(octets)
    except (ValueError, RecursionError):
        return {}  # its hash, or what is missing in it, tells the rest
    return read if isinstance(read, dict) else {}


def _octets(path: Path) -> bytes | None:
    if path.is_symlink() or not path.is_file():
        return None
    with path.open("rb") as file:
        return file.read(_MAX)
