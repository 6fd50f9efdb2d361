"""Password hashes of other mail systems, told by their prefix and verified.

`{SCHEME}` prefixes are Dovecot's
(https://doc.dovecot.org/2.3/configuration_manual/authentication/password_schemes/)
and OpenLDAP's (RFC 2307 §5.3); `$id$` is the modular crypt format. Nothing here
makes hashes: whoever logs in gets a new one of ours.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from functools import partial
from importlib import import_module

import bcrypt

from postwarden.model.errors import Invalid

Verify = Callable[[bytes], bool]
Scheme = Callable[[str], Verify]
"""Reads a hash without its prefix; raises ValueError for a malformed one."""

MAX_HASH = 1024  # characters
MAX_ROUNDS = 10_000_000  # of PBKDF2 and SHA crypt: some seconds
MAX_BCRYPT_COST = 16
_BCRYPT_OCTETS = 72  # bcrypt reads no more of a password, and refuses more

_PREFIX = re.compile(r"\{([A-Za-z0-9-]{1,32})(?:\.(HEX|B64))?\}", re.IGNORECASE)
_BCRYPT = re.compile(r"\$2[aby]\$([0-9]{2})\$[./A-Za-z0-9]{53}\Z")
_READABLE = {"PLAIN", "CLEAR", "CLEARTEXT", "CLEAR-TEXT", "PLAIN-TRUNC"}
_CRYPT = {"CRYPT", "DES-CRYPT", "MD5-CRYPT", "SHA256-CRYPT", "SHA512-CRYPT"}
_UNKNOWN = (
    "not a password hash that is known here: {SSHA}, {SSHA256}, {SSHA512}, {SMD5}, "
    "{SHA}, {SHA256}, {SHA512}, {PLAIN-MD5}, {LDAP-MD5}, {CRYPT}, {MD5-CRYPT}, "
    "{SHA256-CRYPT}, {SHA512-CRYPT}, {BLF-CRYPT}, {PBKDF2}, {ARGON2ID}, $1$, $2a$, "
    "$2b$, $2y$, $5$, $6$, $pbkdf2-sha256$ or $argon2id$"
)
# Algorithm, its octets, and how the hash is written where no suffix says it.
_DIGESTS = {
    "SHA": ("sha1", 20, "B64"),
    "SHA1": ("sha1", 20, "B64"),
    "SHA256": ("sha256", 32, "B64"),
    "SHA512": ("sha512", 64, "B64"),
    "SSHA": ("sha1", 20, "B64"),
    "SSHA256": ("sha256", 32, "B64"),
    "SSHA512": ("sha512", 64, "B64"),
    "SMD5": ("md5", 16, "B64"),
    "LDAP-MD5": ("md5", 16, "B64"),
    "PLAIN-MD5": ("md5", 16, "HEX"),
}


def read(password_hash: str) -> Verify:
    """Return what verifies a password against this hash.

    Raises Invalid, naming what is known, for a hash that could never verify.
    """
    prefix = _PREFIX.match(password_hash)
    if prefix is not None and prefix[1].upper() in _READABLE:
        raise Invalid(
            f"{{{prefix[1]}}} is a readable password: give it as a password",
            field="password_hash",
        )
    if len(password_hash) > MAX_HASH or not password_hash.isascii():
        raise Invalid(_UNKNOWN, field="password_hash")
    try:
        if prefix is None:
            return _modular(password_hash)
        rest = password_hash[prefix.end() :]
        return _prefixed(prefix[1].upper(), (prefix[2] or "").upper(), rest)
    except (ValueError, TypeError) as error:
        raise Invalid(_UNKNOWN, field="password_hash") from error


def _prefixed(scheme: str, encoding: str, text: str) -> Verify:
    if scheme in _DIGESTS:
        algorithm, length, usual = _DIGESTS[scheme]
        return _digest(algorithm, length, encoding or usual, text)
    if scheme == "PBKDF2":
        return _dovecot_pbkdf2(text)
    if scheme == "BLF-CRYPT":
        return _bcrypt(text)
    if scheme in _CRYPT:
        return _modular(text)
    raise ValueError(f"unknown scheme {scheme}")


def _modular(text: str) -> Verify:
    for beginning, scheme in _MODULAR.items():
        if text.startswith(beginning):
            return scheme(text)
    if len(text) == 13 and "$" not in text:
        return _libpass("des_crypt", text)
    raise ValueError("unknown scheme")


def _digest(algorithm: str, length: int, encoding: str, text: str) -> Verify:
    """Read digest(password + salt) + salt, where the salt may be empty."""
    octets = (
        binascii.unhexlify(text)
        if encoding == "HEX"
        else base64.b64decode(text, validate=True)
    )
    digest, salt = octets[:length], octets[length:]
    if len(digest) < length:
        raise ValueError("shorter than its digest")

    def verify(password: bytes) -> bool:
        made = hashlib.new(algorithm, password + salt, usedforsecurity=False)
        return hmac.compare_digest(made.digest(), digest)

    return verify


def _dovecot_pbkdf2(text: str) -> Verify:
    """Read `$1$salt$rounds$hex`, PBKDF2 with HMAC-SHA-1 (RFC 8018 §5.2)."""
    empty, version, salt, rounds, digest = text.split("$")
    expected = bytes.fromhex(digest)
    if empty or version != "1" or not expected:
        raise ValueError("not version 1")
    count = _bounded(rounds)

    def verify(password: bytes) -> bool:
        made = hashlib.pbkdf2_hmac(
            "sha1", password, salt.encode(), count, len(expected)
        )
        return hmac.compare_digest(made, expected)

    return verify


def _bcrypt(text: str) -> Verify:
    match = _BCRYPT.match(text)
    if match is None or int(match[1]) > MAX_BCRYPT_COST:
        raise ValueError("no bcrypt hash, or a cost nobody can wait for")
    return lambda password: bcrypt.checkpw(password[:_BCRYPT_OCTETS], text.encode())


def _libpass(handler: str, text: str) -> Verify:
    # libpass takes 0.1 s to import, and only legacy hashes need it.
    known = getattr(import_module("passlib.hash"), handler)
    parsed = known.from_string(text)
    _bounded(str(getattr(parsed, "rounds", 1)))
    if not parsed.checksum:
        raise ValueError("settings without a hash")
    return lambda password: bool(known.verify(password, text))


def _bounded(rounds: str) -> int:
    count = int(rounds)
    if not 1 <= count <= MAX_ROUNDS:
        raise ValueError("more rounds than anybody can wait for")
    return count


_MODULAR: dict[str, Scheme] = {
    "$1$": partial(_libpass, "md5_crypt"),
    "$5$": partial(_libpass, "sha256_crypt"),
    "$6$": partial(_libpass, "sha512_crypt"),
    "$2a$": _bcrypt,
    "$2b$": _bcrypt,
    "$2y$": _bcrypt,
    "$pbkdf2$": partial(_libpass, "pbkdf2_sha1"),
    "$pbkdf2-sha256$": partial(_libpass, "pbkdf2_sha256"),
    "$pbkdf2-sha512$": partial(_libpass, "pbkdf2_sha512"),
}
