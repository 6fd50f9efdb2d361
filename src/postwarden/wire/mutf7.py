"""Modified UTF-7, in which IMAP4rev1 and Maildir++ name mailboxes (RFC 3501 §5.1.3)."""

import binascii
import re
from base64 import b64decode, b64encode
from typing import Final

_SHIFTED: Final = re.compile(r"&([A-Za-z0-9+,]*)-")
_TO_SHIFT: Final = re.compile(r"[^\x20-\x7e]+")


def encode(text: str) -> str:
    """Return `text` in printable ASCII."""
    return _TO_SHIFT.sub(_shift, text.replace("&", "&-"))


def _shift(run: re.Match[str]) -> str:
    octets = run[0].encode("utf-16-be", "surrogatepass")
    coded = b64encode(octets, altchars=b"+,").rstrip(b"=").decode()
    return f"&{coded}-"


def decode(text: str) -> str:
    """Return what `text` stands for; text that is not of this form stays as it is."""
    if not text.isascii() or "&" in _SHIFTED.sub("", text):
        return text
    try:
        return _SHIFTED.sub(_unshift, text)
    except ValueError:
        return text


def _unshift(run: re.Match[str]) -> str:
    coded = run[1]
    if not coded:
        return "&"
    padded = coded + "=" * (-len(coded) % 4)
    try:
        return b64decode(padded, altchars=b"+,", validate=True).decode("utf-16-be")
    except binascii.Error as error:
        raise ValueError(coded) from error
