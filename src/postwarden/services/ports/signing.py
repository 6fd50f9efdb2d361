"""Signing what others must be able to check without us."""

from typing import Protocol


class Signer(Protocol):
    """The store's own key (Ed25519, RFC 8032)."""

    def sign(self, content: bytes) -> bytes:
        """Return the signature, 64 octets.

        Raises Unavailable when the private key cannot be read.
        """
        ...

    def public_key(self) -> bytes:
        """Return the key that checks what `sign` returns, 32 octets."""
        ...
