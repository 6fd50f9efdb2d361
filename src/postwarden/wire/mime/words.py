"""Header text decoded: encoded-words (RFC 2047), RFC 2231, and bare 8-bit."""

import re
from typing import Final

from postwarden.wire.mime import charset, transfer

# The pieces exclude "?", so that no start is scanned past the next "?".
_ENCODED_WORD: Final = re.compile(rb"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")


def decode_text(raw: bytes) -> str:
    """Return an unfolded header value as text for people.

    NFC, on one line, without control characters. What is broken stays as it
    is written.
    """
    if b"=?" not in raw:
        return charset.printable(charset.loosely(raw, None))
    return charset.printable("".join(_pieces(raw)))


def _pieces(raw: bytes) -> list[str]:
    pieces: list[str] = []
    codec: str | None = None
    pending: list[bytes] = []  # adjacent words may split a character
    position = 0
    for word in _ENCODED_WORD.finditer(raw):
        gap = raw[position : word.start()]
        word_codec = charset.codec_of(word[1].decode("latin-1"))
        # White space between encoded words is no text (RFC 2047 §6.2).
        is_adjacent = bool(pending) and not gap.strip()
        if not (is_adjacent and word_codec == codec):
            pieces.append(charset.loosely(b"".join(pending), codec))
            pending.clear()
        if not is_adjacent:
            pieces.append(charset.loosely(gap, None))
        codec = word_codec
        pending.append(_word_octets(word[2], word[3]))
        position = word.end()
    pieces.append(charset.loosely(b"".join(pending), codec))
    pieces.append(charset.loosely(raw[position:], None))
    return pieces


def _word_octets(encoding: bytes, text: bytes) -> bytes:
    if encoding in b"bB":
        return transfer.decode_base64(text)[0]
    return transfer.decode_quoted_printable(text, header=True)
