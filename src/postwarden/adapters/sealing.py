"""Sealing with AES-256-GCM under master keys that lie in a file beside the store.

The file has one key a line, `ID HEX`, the newest last: that one seals, every one
opens. What is sealed is `version(1) id(8) nonce(12) ciphertext+tag`, with the
purpose as associated data (NIST SP 800-38D).
"""

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from postwarden.adapters.secret_files import kept_file
from postwarden.model.errors import Unavailable

_VERSION = b"\x01"
_ID, _NONCE, _KEY = 8, 12, 32  # octets


class MasterKeys:
    """See `services.ports.Sealer`; the file is made with its first key."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys: dict[bytes, bytes] = {}

    def seal(self, secret: bytes, purpose: str) -> bytes:
        """See `services.ports.Sealer.seal`."""
        number, key = list(self._all(make=True).items())[-1]
        nonce = os.urandom(_NONCE)
        ciphertext = AESGCM(key).encrypt(nonce, secret, purpose.encode())
        return _VERSION + number + nonce + ciphertext

    def unseal(self, sealed: bytes, purpose: str) -> bytes:
        """See `services.ports.Sealer.unseal`."""
        number = sealed[1 : 1 + _ID]
        key = self._all(make=False).get(number)
        if sealed[:1] != _VERSION or key is None:
            raise Unavailable(
                f"the master key that sealed this is not in {self._path}: "
                "bring it back from where it is kept"
            )
        nonce = sealed[1 + _ID : 1 + _ID + _NONCE]
        ciphertext = sealed[1 + _ID + _NONCE :]
        try:
            return AESGCM(key).decrypt(nonce, ciphertext, purpose.encode())
        except InvalidTag as error:
            raise Unavailable("what was sealed has been altered") from error

    def _all(self, *, make: bool) -> dict[bytes, bytes]:
        if not self._keys and (make or self._path.exists()):
            self._keys = self._parse(kept_file(self._path, _new_line()))
        return self._keys

    def _parse(self, content: bytes) -> dict[bytes, bytes]:
        try:
            words = [line.split() for line in content.decode("ascii").splitlines()]
            keys = {bytes.fromhex(number): bytes.fromhex(key) for number, key in words}
        except ValueError:
            keys = {}
        if not keys or any(len(n) != _ID or len(k) != _KEY for n, k in keys.items()):
            raise Unavailable(f"{self._path} does not hold master keys")
        return keys


def _new_line() -> bytes:
    return f"{os.urandom(_ID).hex()} {os.urandom(_KEY).hex()}\n".encode()
