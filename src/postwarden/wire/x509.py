"""The one thing we ask of a certificate ourselves: until when it is good (X.509)."""

import binascii
import re
from datetime import UTC, datetime
from typing import Final

_PEM: Final = re.compile(
    rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]{1,65536}?)-----END CERTIFICATE-----"
)
_VERSION, _UTC_TIME, _GENERALIZED_TIME = 0xA0, 0x17, 0x18


class NotACertificate(ValueError):
    """The octets are no certificate in PEM."""


def not_after(pem: bytes) -> datetime:
    """Return the end of the first certificate's validity; raises NotACertificate."""
    found = _PEM.search(pem)
    if found is None:
        raise NotACertificate("no certificate in PEM")
    try:
        return _not_after(binascii.a2b_base64(found[1]))
    except (ValueError, IndexError) as error:
        raise NotACertificate("not a certificate") from error


def _not_after(der: bytes) -> datetime:
    certificate = _value(der, 0)[1]
    signed = _value(certificate, 0)[1]
    at = 0
    if signed[0] == _VERSION:
        at = _value(signed, at)[2]
    for _ in ("serial number", "signature", "issuer"):
        at = _value(signed, at)[2]
    validity = _value(signed, at)[1]
    behind_not_before = _value(validity, 0)[2]
    tag, text, _ = _value(validity, behind_not_before)
    return _time(tag, text.decode("ascii"))


def _value(der: bytes, at: int) -> tuple[int, bytes, int]:
    """Return tag and content of the value at an offset, and where the next one is."""
    tag, length, start = der[at], der[at + 1], at + 2
    if length & 0x80:
        octets = length & 0x7F
        length = int.from_bytes(der[start : start + octets], "big")
        start += octets
    end = start + length
    if end > len(der):
        raise ValueError("cut off")
    return tag, der[start:end], end


def _time(tag: int, text: str) -> datetime:
    if tag == _UTC_TIME:
        # Two digits of a year stand for 1950 to 2049.
        text = f"{'19' if text[:2] >= '50' else '20'}{text}"
    elif tag != _GENERALIZED_TIME:
        raise ValueError("no time")
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
