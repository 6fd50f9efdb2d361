"""Signed heads: what the newest entry of the audit log was, under a signature.

A head that is kept elsewhere shows later that the log still holds all it held then.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from postwarden.model.audit import AuditHead, canonical, stamp
from postwarden.model.errors import Invalid

KIND = "postwarden audit head"  # part of what is signed: it is good for nothing else


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
