"""Sealing with AES-256-GCM under master keys that lie in a file beside the store.

The file has one key a line, `ID HEX`, the newest last: that one seals, every one
opens. Each secret is encrypted under a key of its own, with the purpose as
associated data, and only that key is encrypted under the master key (NIST SP
800-38D). So another master key takes over without looking at any secret:

    version(1) id(8) nonce(12) key+tag(48) nonce(12) secret+tag
"""

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from postwarden.adapters.secret_files import kept_file
from postwarden.adapters.wholefiles import whole_file
from postwarden.model.errors import Unavailable

_VERSION = b"\x02"
_ID, _NONCE, _KEY, _TAG = 8, 12, 32, 16  # octets
_WRAPPED = 1 + _ID, 1 + _ID + _NONCE + _KEY + _TAG  # where the wrapped key lies


class MasterKeys:
    """See `services.ports.Keyring`; the file is made with its first key.

    The file is read again when it has changed: another process may rotate.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys: dict[bytes, bytes] = {}
        self._seen: tuple[int, ...] | None = None

    def seal(self, secret: bytes, purpose: str) -> bytes:
        """See `services.ports.Sealer.seal`."""
        own = os.urandom(_KEY)
        return self._wrapped(own) + _encrypted(own, secret, purpose.encode())

    def unseal(self, sealed: bytes, purpose: str) -> bytes:
        """See `services.ports.Sealer.unseal`."""
        return _decrypted(
            self._unwrapped(sealed), sealed[_WRAPPED[1] :], purpose.encode()
        )

    def reseal(self, sealed: bytes) -> bytes:
        """See `services.ports.Keyring.reseal`."""
        return self._wrapped(self._unwrapped(sealed)) + sealed[_WRAPPED[1] :]

    def key_of(self, sealed: bytes) -> str:
        """See `services.ports.Keyring.key_of`."""
        return sealed[1 : 1 + _ID].hex()

    def ids(self) -> list[str]:
        """See `services.ports.Keyring.ids`."""
        return [number.hex() for number in self._all(make=False)]

    def add(self) -> str:
        """See `services.ports.Keyring.add`."""
        line = _new_line()
        with self._alone():
            self._write([*self._all(make=True).items(), *_parse(line).items()])
        return line.split()[0].decode("ascii")

    def drop_before(self, key: str) -> list[str]:
        """See `services.ports.Keyring.drop_before`."""
        with self._alone():
            keys = list(self._all(make=False).items())
            first = [number.hex() for number, _ in keys].index(key)
            if first:
                self._write(keys[first:])
        return [number.hex() for number, _ in keys[:first]]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let no other process change the file meanwhile."""
        try:
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise Unavailable(f"{self._path}: {error.strerror}") from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _wrapped(self, own: bytes) -> bytes:
        number, key = list(self._all(make=True).items())[-1]
        return _VERSION + number + _encrypted(key, own, number)

    def _unwrapped(self, sealed: bytes) -> bytes:
        number = sealed[1 : 1 + _ID]
        key = self._all(make=False).get(number)
        if sealed[:1] != _VERSION or key is None:
            raise Unavailable(
                f"the master key that sealed this is not in {self._path}: "
                "bring it back from where it is kept"
            )
        return _decrypted(key, sealed[slice(*_WRAPPED)], number)

    def _all(self, *, make: bool) -> dict[bytes, bytes]:
        now = self._state()
        if now is None and not make:
            return {}
        if now is None or now != self._seen:
            keys = _parse(kept_file(self._path, _new_line()))
            if not keys:
                raise Unavailable(f"{self._path} does not hold master keys")
            self._keys, self._seen = keys, self._state()
        return self._keys

    def _state(self) -> tuple[int, ...] | None:
        """Return what changes when the file does, None when it is not there."""
        try:
            seen = self._path.stat()
        except OSError:
            return None
        return seen.st_ino, seen.st_mtime_ns, seen.st_size

    def _write(self, keys: Collection[tuple[bytes, bytes]]) -> None:
        try:
            with whole_file(self._path) as file:
                for number, key in keys:
                    file.write(f"{number.hex()} {key.hex()}\n".encode("ascii"))
        except OSError as error:
            raise Unavailable(f"{self._path}: {error.strerror}") from error
        self._seen = None


def _encrypted(key: bytes, content: bytes, about: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, content, about)


def _decrypted(key: bytes, content: bytes, about: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(content[:_NONCE], content[_NONCE:], about)
    except (InvalidTag, ValueError) as error:
        raise Unavailable("what was sealed has been altered") from error


def _parse(content: bytes) -> dict[bytes, bytes]:
    """Return the keys of a file's lines; nothing where one line is none."""
    try:
        words = [line.split() for line in content.decode("ascii").splitlines()]
        keys = {bytes.fromhex(number): bytes.fromhex(key) for number, key in words}
    except ValueError:
        return {}
    if any(len(n) != _ID or len(k) != _KEY for n, k in keys.items()):
        return {}
    return keys


def _new_line() -> bytes:
    return f"{os.urandom(_ID).hex()} {os.urandom(_KEY).hex()}\n".encode()
