"""The store's signing key: a file beside the store, its private half sealed.

One line: `ed25519 PUBLIC SEALED` in hexadecimal digits. The public half can be read
without the master key, so what was signed can be checked even where nothing more
can be signed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from postwarden.adapters.secret_files import kept_file
from postwarden.adapters.wholefiles import whole_file
from postwarden.model.errors import Unavailable
from postwarden.services.ports import Keyring

if TYPE_CHECKING:  # its import is for those who sign
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_KIND = "ed25519"
_PURPOSE = "signing key"
_PUBLIC = 32  # octets


@dataclass(frozen=True, slots=True)
class _Kept:
    public: bytes
    sealed: bytes


class SigningKey:
    """See `services.ports.Signer`; the file is made when it is first asked for."""

    def __init__(self, path: Path, keys: Keyring) -> None:
        self._path = path
        self._keys = keys
        self._kept: _Kept | None = None
        self._private: Ed25519PrivateKey | None = None

    def sign(self, content: bytes) -> bytes:
        """See `services.ports.Signer.sign`."""
        if self._private is None:
            self._private = self._opened()
        return self._private.sign(content)

    def public_key(self) -> bytes:
        """See `services.ports.Signer.public_key`."""
        return self._read().public

    def key_of(self) -> str | None:
        """See `services.ports.SealedFile.key_of`."""
        return self._keys.key_of(self._read().sealed) if self._path.exists() else None

    def reseal(self) -> None:
        """See `services.ports.SealedFile.reseal`."""
        kept = self._read()
        line = _line(kept.public, self._keys.reseal(kept.sealed))
        try:
            with whole_file(self._path) as file:
                file.write(line)
        except OSError as error:
            raise Unavailable(f"{self._path}: {error.strerror}") from error
        self._kept = None

    def _opened(self) -> "Ed25519PrivateKey":
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  see above
            Ed25519PrivateKey,
        )

        kept = self._read()
        secret = self._keys.unseal(kept.sealed, _PURPOSE)
        try:
            private = Ed25519PrivateKey.from_private_bytes(secret)
        except ValueError as error:
            raise Unavailable(f"{self._path} holds no signing key") from error
        if private.public_key().public_bytes_raw() != kept.public:
            raise Unavailable(f"the halves in {self._path} are not of one key")
        return private

    def _read(self) -> _Kept:
        if self._kept is None:
            self._kept = self._parse(self._content())
        return self._kept

    def _content(self) -> bytes:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return kept_file(self._path, self._new())
        except OSError as error:
            raise Unavailable(f"{self._path}: {error.strerror}") from error

    def _new(self) -> bytes:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415  see above
            Ed25519PrivateKey,
        )

        private = Ed25519PrivateKey.generate()
        sealed = self._keys.seal(private.private_bytes_raw(), _PURPOSE)
        return _line(private.public_key().public_bytes_raw(), sealed)

    def _parse(self, content: bytes) -> _Kept:
        try:
            kind, public, sealed = content.decode("ascii").split()
            kept = _Kept(bytes.fromhex(public), bytes.fromhex(sealed))
        except ValueError as error:
            raise Unavailable(f"{self._path} holds no signing key") from error
        if kind != _KIND or len(kept.public) != _PUBLIC:
            raise Unavailable(f"{self._path} holds no signing key")
        return kept


def _line(public: bytes, sealed: bytes) -> bytes:
    return f"{_KIND} {public.hex()} {sealed.hex()}\n".encode("ascii")
