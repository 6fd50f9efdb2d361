"""An authenticator in software, as a browser and a security key would answer."""

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40  # flags, WebAuthn 2 §6.1


def _text(octets: bytes) -> str:
    return urlsafe_b64encode(octets).rstrip(b"=").decode()


def _octets(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(slots=True)
class Authenticator:
    """Holds one key; tests set what it lies about."""

    origin: str
    uses: int = 0
    verifies: bool = True
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def register(self, options: str) -> str:
        """Answer an invitation to register, with attestation `none`."""
        asked = json.loads(options)
        client = self._client("webauthn.create", asked["challenge"])
        numbers = self.key.public_key().public_numbers()
        cose = {
            1: 2,
            3: -7,
            -1: 1,  # EC2, ES256, P-256 (RFC 9053 §7.1)
            -2: numbers.x.to_bytes(32, "big"),
            -3: numbers.y.to_bytes(32, "big"),
        }
        attested = (
            bytes(16)
            + len(self.credential).to_bytes(2, "big")
            + self.credential
            + cbor2.dumps(cose)
        )
        data = self._data(asked["rp"]["id"], _ATTESTED) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(
            {"clientDataJSON": _text(client), "attestationObject": _text(attestation)}
        )

    def sign(self, options: str) -> str:
        """Answer an invitation to log in."""
        asked = json.loads(options)
        self.uses += 1
        client = self._client("webauthn.get", asked["challenge"])
        data = self._data(asked["rpId"], 0)
        signed = data + hashlib.sha256(client).digest()
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": _text(client),
                "authenticatorData": _text(data),
                "signature": _text(signature),
            }
        )

    def _client(self, kind: str, challenge: str) -> bytes:
        assert _octets(challenge)
        facts = {"type": kind, "challenge": challenge, "origin": self.origin}
        return json.dumps(facts).encode()

    def _data(self, party: str, flags: int) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verifies else 0)
        return (
            hashlib.sha256(party.encode()).digest()
            + bytes([flags])
            + self.uses.to_bytes(4, "big")
        )

    def _answer(self, response: dict[str, Any]) -> str:
        return json.dumps(
            {
                "id": _text(self.credential),
                "rawId": _text(self.credential),
                "type": "public-key",
                "response": response,
                "clientExtensionResults": {},
            }
        )
