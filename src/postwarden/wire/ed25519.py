"""Public keys and signatures of Ed25519 (RFC 8032), as others hand them to us."""

import binascii
import re
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY, SIGNATURE = 32, 64  # octets
MAX_TEXT: Final = 8192  # octets of a key in text

# RFC 8410 §4: the key is what stands behind this in SubjectPublicKeyInfo.
_PREFIX: Final = bytes.fromhex("302a300506032b6570032100")
_HEX: Final = re.compile(r"[0-9a-fA-F]{64}")
_PEM: Final = re.compile(
    r"-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]{1,4096}?)-----END PUBLIC KEY-----"
)


class NotAPublicKey(ValueError):
    """The text is no public key of Ed25519."""


def is_signed(content: bytes, signature: bytes, public_key: bytes) -> bool:
    """Tell whether the owner of a key signed just this."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, content)
    except (InvalidSignature, ValueError):
        return False
    return True


def to_pem(public_key: bytes) -> str:
    """Return a key as programs like openssl take it."""
    body = binascii.b2a_base64(_PREFIX + public_key, newline=False).decode("ascii")
    return f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"


def parse_public_key(text: str) -> bytes:
    """Read a key in 64 hexadecimal digits or in PEM; raises NotAPublicKey."""
    if len(text) > MAX_TEXT:
        raise NotAPublicKey("too long for a public key")
    if _HEX.fullmatch(text.strip()):
        return bytes.fromhex(text.strip())
    found = _PEM.search(text)
    try:
        der = binascii.a2b_base64(found[1]) if found else b""
    except ValueError:
        der = b""
    if not der.startswith(_PREFIX) or len(der) != len(_PREFIX) + KEY:
        raise NotAPublicKey("neither 64 hexadecimal digits nor a key in PEM")
    return der[len(_PREFIX) :]
