"""SASL responses: base64 lines, PLAIN and LOGIN (RFC 4422, 4616, 4954)."""

import base64
import re
from dataclasses import dataclass

_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}\Z")


class SaslError(Exception):
    """A response that its mechanism does not allow; says nothing of who it was."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who says to be who. `authorization` is empty, or whom to act as."""

    username: str
    password: str
    authorization: str = ""


def decode_base64(text: str) -> bytes:
    """Decode strictly: the alphabet, padding, nothing else (RFC 4648 §4).

    Raises SaslError. An unused bit that is not zero is refused too, since two
    spellings of one secret help nobody but an attacker.
    """
    if len(text) % 4 or not _BASE64.match(text):
        raise SaslError("not base64")
    octets = base64.b64decode(text)
    if base64.b64encode(octets).decode("ascii") != text:
        raise SaslError("not canonical base64")
    return octets


def encode_base64(octets: bytes) -> str:
    return base64.b64encode(octets).decode("ascii")


def decode_initial(text: str) -> bytes:
    """Decode an initial response, where `=` is the empty one (RFC 4954 §4)."""
    return b"" if text == "=" else decode_base64(text)


def decode_word(octets: bytes) -> str:
    """Decode one non-empty UTF-8 string without NUL; raises SaslError."""
    try:
        text = octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SaslError("not UTF-8") from error
    if not text or "\0" in text:
        raise SaslError("empty or with a NUL")
    return text


def parse_plain(response: bytes) -> Credentials:
    """Read `[authzid] NUL authcid NUL passwd` (RFC 4616 §2); raises SaslError."""
    parts = response.split(b"\0")
    if len(parts) != 3:
        raise SaslError("PLAIN has three parts")
    authorization, username, password = parts
    return Credentials(
        decode_word(username),
        decode_word(password),
        decode_word(authorization) if authorization else "",
    )
