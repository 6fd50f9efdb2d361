"""A signing key in memory."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class MemorySigner:
    """See `services.ports.Signer`."""

    def __init__(self) -> None:
        self._private = Ed25519PrivateKey.generate()

    def sign(self, content: bytes) -> bytes:
        """See `services.ports.Signer.sign`."""
        return self._private.sign(content)

    def public_key(self) -> bytes:
        """See `services.ports.Signer.public_key`."""
        return self._private.public_key().public_bytes_raw()
