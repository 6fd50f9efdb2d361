"""Secrets that a store keeps in files of its own, for its owner's eyes only."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from postwarden.model.errors import Unavailable

LENGTH = 32  # octets


def secret_file(path: Path) -> bytes:
    """Return the secret in `path`, made at random when it is not there.

    Raises Unavailable when the file cannot be made or has another length.
    """
    secret = kept_file(path, secrets.token_bytes(LENGTH))
    if len(secret) != LENGTH:
        raise Unavailable(f"{path} is not a secret of {LENGTH} octets")
    return secret


def kept_file(path: Path, first: bytes) -> bytes:
    """Return what is in `path`; `first` is written when it is not there.

    Of several processes that do this at once one writes, and all read the same.
    Raises Unavailable when the file can be neither read nor made.
    """
    try:
        with suppress(FileExistsError):
            _make(path, first)
        return path.read_bytes()
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}") from error


def _make(path: Path, content: bytes) -> None:
    """Write a draft and link it into place, so that nobody reads half of one."""
    if path.exists():
        raise FileExistsError(path)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
        sync_directory(path.parent)
    finally:
        draft.unlink()


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
