"""SCRAM-SHA-256, the server's side (RFC 5802, RFC 7677); no channel binding."""

import hashlib
import hmac
import re
import secrets
import stringprep
import unicodedata
from dataclasses import dataclass

from postwarden.wire.sasl import SaslError, decode_base64, encode_base64

MIN_ITERATIONS = 4096  # RFC 7677 §4
MAX_NONCE = 128  # characters of a client's nonce; ours would be 32

_NONCE = re.compile(r"[!-+\--~]+\Z")  # printable without comma, RFC 5802 §7
_NAME = re.compile(r"(?:[^=,\0]|=2C|=3D)+\Z")
_FIRST = re.compile(
    r"(?P<gs2>[ny],(?:a=(?P<authorization>[^,]+))?,)"
    r"(?P<bare>n=(?P<username>[^,]*),r=(?P<nonce>[^,]*)(?:,[A-Za-z]=[^,]+)*)\Z"
)
_STORED = re.compile(
    r"SCRAM-SHA-256\$(?P<iterations>[0-9]{1,9}):(?P<salt>[A-Za-z0-9+/=]{1,200})"
    r"\$(?P<stored>[A-Za-z0-9+/=]{1,200}):(?P<server>[A-Za-z0-9+/=]{1,200})\Z"
)
_FINAL = re.compile(
    r"(?P<without_proof>c=(?P<binding>[^,]*),r=(?P<nonce>[^,]*)"
    r"(?:,[A-Za-z]=[^,]+)*?),p=(?P<proof>[^,]*)\Z"
)


class ProofError(Exception):
    """The client does not know the password."""


@dataclass(frozen=True, slots=True)
class ScramVerifier:
    """What a server keeps instead of a password (RFC 5802 §3)."""

    salt: bytes
    iterations: int
    stored_key: bytes
    server_key: bytes

    @classmethod
    def of_password(
        cls, password: str, *, salt: bytes, iterations: int = MIN_ITERATIONS
    ) -> "ScramVerifier":
        """Derive the verifier; raises SaslError for what SASLprep prohibits."""
        salted = hashlib.pbkdf2_hmac(
            "sha256", saslprep(password).encode("utf-8"), salt, iterations
        )
        client_key = _hmac(salted, b"Client Key")
        return cls(
            salt=salt,
            iterations=iterations,
            stored_key=hashlib.sha256(client_key).digest(),
            server_key=_hmac(salted, b"Server Key"),
        )

    def format(self) -> str:
        """Return the form that directories keep (RFC 5803 §2)."""
        salt, stored, server = map(
            encode_base64, (self.salt, self.stored_key, self.server_key)
        )
        return f"SCRAM-SHA-256${self.iterations}:{salt}${stored}:{server}"


def parse_verifier(text: str) -> ScramVerifier:
    """Read what `ScramVerifier.format` wrote; raises SaslError."""
    match = _STORED.match(text)
    if match is None:
        raise SaslError("no SCRAM-SHA-256 verifier")
    return ScramVerifier(
        salt=decode_base64(match["salt"]),
        iterations=int(match["iterations"]),
        stored_key=decode_base64(match["stored"]),
        server_key=decode_base64(match["server"]),
    )


def fake_verifier(secret: bytes, username: str, iterations: int) -> ScramVerifier:
    """Return a verifier that no password fits, always the same for one name.

    An unknown account is answered with it, so that salt and iteration count say
    nothing about which accounts exist.
    """
    return ScramVerifier(
        salt=_hmac(secret, b"salt:" + username.encode("utf-8"))[:16],
        iterations=iterations,
        stored_key=secrets.token_bytes(32),
        server_key=secrets.token_bytes(32),
    )


@dataclass(frozen=True, slots=True)
class ClientFirst:
    """The client's first message (RFC 5802 §7)."""

    gs2: str
    bare: str
    username: str
    authorization: str
    nonce: str


def parse_client_first(message: bytes) -> ClientFirst:
    """Read the first message; raises SaslError, for channel binding too."""
    match = _FIRST.match(_text(message))
    if match is None:
        raise SaslError("no client-first-message")
    if len(match["nonce"]) > MAX_NONCE or not _NONCE.match(match["nonce"]):
        raise SaslError("bad nonce")
    authorization = match["authorization"]
    return ClientFirst(
        gs2=match["gs2"],
        bare=match["bare"],
        username=_name(match["username"]),
        authorization=_name(authorization) if authorization else "",
        nonce=match["nonce"],
    )


class ScramExchange:
    """One exchange after the client's first message: challenge, then verify."""

    __slots__ = ("_first", "_nonce", "_server_first", "_verifier")

    def __init__(
        self, first: ClientFirst, verifier: ScramVerifier, *, nonce: str = ""
    ) -> None:
        self._first = first
        self._verifier = verifier
        self._nonce = first.nonce + (nonce or secrets.token_urlsafe(24))
        self._server_first = (
            f"r={self._nonce},s={encode_base64(verifier.salt)},i={verifier.iterations}"
        )

    def challenge(self) -> bytes:
        """Return the server's first message."""
        return self._server_first.encode("ascii")

    def verify(self, message: bytes) -> bytes:
        """Check the client's final message and return the server's.

        Raises SaslError for a message that breaks the grammar or belongs to
        another exchange, ProofError for a wrong password.
        """
        match = _FINAL.match(_text(message))
        if match is None:
            raise SaslError("no client-final-message")
        if decode_base64(match["binding"]) != self._first.gs2.encode("utf-8"):
            raise SaslError("another channel binding than before")
        if not hmac.compare_digest(
            match["nonce"].encode("utf-8"), self._nonce.encode("ascii")
        ):
            raise SaslError("another nonce than before")
        auth_message = (
            f"{self._first.bare},{self._server_first},{match['without_proof']}"
        ).encode()
        self._check_proof(decode_base64(match["proof"]), auth_message)
        signature = _hmac(self._verifier.server_key, auth_message)
        return b"v=" + encode_base64(signature).encode("ascii")

    def _check_proof(self, proof: bytes, auth_message: bytes) -> None:
        signature = _hmac(self._verifier.stored_key, auth_message)
        if len(proof) != len(signature):
            raise ProofError
        client_key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
        stored_key = hashlib.sha256(client_key).digest()
        if not hmac.compare_digest(stored_key, self._verifier.stored_key):
            raise ProofError


def saslprep(text: str) -> str:
    """Prepare a password or name for comparison (RFC 4013); raises SaslError."""
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char
        for char in text
        if not stringprep.in_table_b1(char)
    )
    prepared = unicodedata.ucd_3_2_0.normalize("NFKC", mapped)
    if not prepared or any(map(_is_prohibited, prepared)):
        raise SaslError("prohibited by SASLprep")
    if any(map(stringprep.in_table_d1, prepared)):
        _check_bidirectional(prepared)
    return prepared


def _is_prohibited(char: str) -> bool:
    """RFC 4013 §2.3 and, for stored strings, §2.5."""
    return (
        stringprep.in_table_c12(char)
        or stringprep.in_table_c21_c22(char)
        or stringprep.in_table_c3(char)
        or stringprep.in_table_c4(char)
        or stringprep.in_table_c5(char)
        or stringprep.in_table_c6(char)
        or stringprep.in_table_c7(char)
        or stringprep.in_table_c8(char)
        or stringprep.in_table_c9(char)
        or stringprep.in_table_a1(char)
    )


def _check_bidirectional(text: str) -> None:
    """RFC 3454 §6: right-to-left text begins and ends so, with no other in it."""
    ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    if not ends or any(map(stringprep.in_table_d2, text)):
        raise SaslError("mixed directions, prohibited by SASLprep")


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _text(message: bytes) -> str:
    try:
        return message.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SaslError("not UTF-8") from error


def _name(text: str) -> str:
    """Undo the escapes of a name (RFC 5802 §5.1, `saslname`)."""
    if not _NAME.match(text):
        raise SaslError("bad name")
    return text.replace("=2C", ",").replace("=3D", "=")
