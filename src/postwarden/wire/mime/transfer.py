"""Content-Transfer-Encoding undone (RFC 2045 §6), whatever it was done to."""

import binascii
import re
from typing import Final

ENCODED: Final = frozenset({"base64", "quoted-printable"})
KNOWN: Final = ENCODED | {"7bit", "8bit", "binary"}

_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,60}")

_PADDING: Final = re.compile(rb"=+")
_NOT_BASE64: Final = bytes(
    set(range(256))
    - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
)

_MAX_RUNS: Final = 10_000


def decode_base64(data: bytes) -> tuple[bytes, bool]:
    """Return the octets, and whether the encoding was sound (RFC 2045 §6.8).

    Nothing that could be decoded is left out: runs padded one by one and
    joined are all read, so what differs in content never decodes alike.
    """
    padding = data.find(b"=")
    if padding == -1 or not data[padding:].strip(b"=\r\n\t "):
        try:
            return binascii.a2b_base64(data), True
        except binascii.Error:
            pass
    return _by_run(data.translate(None, _NOT_BASE64)), False


def _by_run(data: bytes) -> bytes:
    runs: list[bytes] = []
    *padded, last = _PADDING.split(data, _MAX_RUNS)
    if b"=" in last:  # hostile: still distinguished, no longer decoded
        runs.append(last)
        last = b""
    for run in (*padded, last):
        whole = len(run) - (1 if len(run) % 4 == 1 else 0)  # six bits say nothing
        runs.append(binascii.a2b_base64(run[:whole] + b"=" * (-whole % 4)))
    return b"".join(runs)


def decode_quoted_printable(data: bytes, *, header: bool = False) -> bytes:
    """Return the octets (RFC 2045 §6.7; `header`: the Q of RFC 2047 §4.2)."""
    if b"=\r" in data:
        # a2b_qp would drop what follows a soft break spelt with a bare CR.
        data = data.replace(b"=\r\n", b"=\n").replace(b"=\r", b"=\n")
    return binascii.a2b_qp(data, header=header)


def encoding_name(raw: bytes) -> str:
    """Return the encoding a header value names, in lower case (RFC 2045 §6.1)."""
    name = _NAME.search(raw)
    return name[0].decode("ascii").lower() if name else "7bit"


def decode(data: bytes, encoding: str) -> tuple[bytes, bool]:
    """Return content octets and whether they were encoded soundly."""
    if encoding == "base64":
        return decode_base64(data)
    if encoding == "quoted-printable":
        return decode_quoted_printable(data), True
    return data, True
