"""JSON Web Tokens signed for tests, good and bad."""

import base64
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
FOREIGN = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_RS256 = {"alg": "RS256"}
_AHEAD = 99_999_999_999  # seconds; far behind whatever a test takes for now


def part(value: object) -> str:
    octets = json.dumps(value).encode()
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def token(
    claims: object, *, key: rsa.RSAPrivateKey = KEY, header: object = None
) -> str:
    signed = f"{part(header or _RS256)}.{part(claims)}"
    signature = key.sign(signed.encode(), PKCS1v15(), hashes.SHA256())
    return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


ADMIN = {"sub": "ada", "admin": True}
TOKENS = {
    "admin": token(ADMIN),
    "nonadmin": token({"sub": "ada"}),
    "adminfalse": token({"sub": "ada", "admin": False}),
    "adminstring": token({"sub": "ada", "admin": "true"}),
    "expired": token({**ADMIN, "exp": 1}),
    "fresh": token({**ADMIN, "exp": _AHEAD}),
    "nosub": token({"admin": True}),
    "future": token({**ADMIN, "nbf": _AHEAD}),
    "foreign": token(ADMIN, key=FOREIGN),
    "unsigned": f"{part({'alg': 'none'})}.{part(ADMIN)}.",
}
