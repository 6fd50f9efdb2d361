"""Signed heads: what the newest entry of the audit log was, under a signature.

A head that is kept elsewhere shows later that the log still holds all it held then.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from postwarden.model.audit import AuditHead, canonical, stamp
from postwarden.model.errors import Invalid

KIND = "postwarden audit head"  # part of what is signed: it is good for nothing else
SEAL = "postwarden audit heads"  # likewise


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedHead:
    """A head, when it was signed, by which key (Ed25519, 32 octets), and how."""

    entry: int
    hash: bytes
    time: datetime
    public_key: bytes
    signature: bytes = b""

    @property
    def head(self) -> AuditHead:
        return AuditHead(entry=self.entry, hash=self.hash)


def statement(head: SignedHead) -> bytes:
    """Return the octets that the signature is over: all else, as canonical JSON."""
    return canonical(_fields(head))


def head_facts(head: SignedHead) -> dict[str, Any]:
    """Return a signed head as it is written down for others."""
    return {**_fields(head), "signature": head.signature.hex()}


def _fields(head: SignedHead) -> dict[str, Any]:
    return {
        "kind": KIND,
        "entry": head.entry,
        "hash": head.hash.hex(),
        "time": stamp(head.time),
        "public_key": head.public_key.hex(),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadsSeal:
    """Under a signature: how many signed heads there are, and a hash over them all."""

    heads: int
    hash: bytes
    public_key: bytes
    signature: bytes = b""


class HeadsHash:
    """Hashes signed heads in their order, for a seal that none can be taken from."""

    def __init__(self) -> None:
        self._hash, self._heads = hashlib.sha256(), 0

    def add(self, head: SignedHead) -> None:
        self._hash.update(canonical(head_facts(head)) + b"\n")
        self._heads += 1

    def seal(self, public_key: bytes) -> HeadsSeal:
        """Return what is to be signed by the owner of a key."""
        return HeadsSeal(
            heads=self._heads, hash=self._hash.digest(), public_key=public_key
        )


def seal_statement(seal: HeadsSeal) -> bytes:
    """Return the octets that a seal's signature is over."""
    return canonical(_seal_fields(seal))


def seal_facts(seal: HeadsSeal) -> dict[str, Any]:
    """Return a seal as it is written down for others."""
    return {**_seal_fields(seal), "signature": seal.signature.hex()}


def _seal_fields(seal: HeadsSeal) -> dict[str, Any]:
    return {
        "kind": SEAL,
        "heads": seal.heads,
        "hash": seal.hash.hex(),
        "public_key": seal.public_key.hex(),
    }


def parse_seal(written: object) -> HeadsSeal:
    """Read what `seal_facts` wrote; raises Invalid for anything else."""
    try:
        seal = _parsed_seal(written)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise Invalid("this is no seal of signed heads", field="seal") from error
    if seal_facts(seal) != written:
        raise Invalid("this is no seal of signed heads", field="seal")
    return seal


def _parsed_seal(written: object) -> HeadsSeal:
    if not isinstance(written, Mapping) or type(written["heads"]) is not int:
        raise TypeError("no seal")
    return HeadsSeal(
        heads=written["heads"],
        hash=bytes.fromhex(written["hash"]),
        public_key=bytes.fromhex(written["public_key"]),
        signature=bytes.fromhex(written["signature"]),
    )


def parse_head(written: object) -> SignedHead:
    """Read what `head_facts` wrote; raises Invalid for anything else."""
    try:
        head = _parsed(written)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        raise Invalid("this is no signed head of an audit log", field="head") from error
    if head_facts(head) != written:
        raise Invalid("this is no signed head of an audit log", field="head")
    return head


def _parsed(written: object) -> SignedHead:
    if not isinstance(written, Mapping) or type(written["entry"]) is not int:
        raise TypeError("no head")
    return SignedHead(
        entry=written["entry"],
        hash=bytes.fromhex(written["hash"]),
        time=datetime.fromisoformat(written["time"]).astimezone(UTC),
        public_key=bytes.fromhex(written["public_key"]),
        signature=bytes.fromhex(written["signature"]),
    )
