"""How a webhook's request is signed: the Standard Webhooks specification, 1.0.

The signed octets are `ID.TIMESTAMP.BODY`, the key is what the Base64 behind `whsec_`
stands for, and the signature is HMAC-SHA256. While a secret is changed there are
signatures by both, with a blank between.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64  # octets of a key


class SecretError(ValueError):
    """Not a secret of a webhook."""


def secret_text(key: bytes) -> str:
    """Return a key as it is shown and handed around."""
    return PREFIX + base64.b64encode(key).decode()


def secret_key(text: str) -> bytes:
    """Return the key of a secret; raises SecretError."""
    if not text.startswith(PREFIX):
        raise SecretError(f"a secret begins with {PREFIX}")
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise SecretError(f"Base64 stands behind {PREFIX}") from None
    if not SHORTEST <= len(key) <= LONGEST:
        raise SecretError(f"a secret has {SHORTEST} to {LONGEST} octets")
    return key


def signed_headers(
    keys: Iterable[bytes], number: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """Return the fields by which a receiver knows that a request is ours."""
    content = f"{number}.{timestamp}.".encode() + body
    digests = (hmac.new(key, content, hashlib.sha256).digest() for key in keys)
    return {
        "webhook-id": number,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            f"v1,{base64.b64encode(digest).decode()}" for digest in digests
        ),
    }
