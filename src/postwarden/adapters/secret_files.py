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
    try:
        with suppress(FileExistsError):
            _make(path)
        secret = path.read_bytes()
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}") from error
    if len(secret) != LENGTH:
        raise Unavailable(f"{path} is not a secret of {LENGTH} octets")
    return secret


def _make(path: Path) -> None:
    """Write a draft and link it into place, so that nobody reads half of one."""
    if path.exists():
        raise FileExistsError(path)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(LENGTH))
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink()
