"""Content-Transfer-Encoding undone (RFC 2045 §6), whatever it was done to."""

import binascii
import re
from collections.abc import Iterator
from typing import Final

from postwarden.wire.mime.limits import Buffer

ENCODED: Final = frozenset({"base64", "quoted-printable"})
KNOWN: Final = ENCODED | {"7bit", "8bit", "binary"}
PIECE: Final = 1 << 20  # octets as transferred that are decoded at a time

_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,60}")

_PADDING: Final = re.compile(rb"=+")
_AFTER_PADDING: Final = b"=\r\n\t "
_NOT_BASE64: Final = bytes(
    set(range(256))
    - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
)

_MAX_RUNS: Final = 10_000
_NEAR: Final = 1_000  # octets in which a place to cut is looked for


class Base64Decoder:
    """Decodes base64 that comes in pieces (RFC 2045 §6.8).

    Nothing that could be decoded is left out: runs padded one by one and
    joined are all read, so what differs in content never decodes alike.
    """

    __slots__ = ("_in_padding", "_is_plain", "_octets", "_padding", "_run", "_runs")

    def __init__(self) -> None:
        self._run = b""  # of the current run, what makes no whole octets yet
        self._runs = 0
        self._in_padding = False
        self._padding = 0
        self._octets = 0  # as encoded, before the first padding
        self._is_plain = True

    @property
    def is_sound(self) -> bool:
        """Whether what has come so far is encoded as it should be."""
        missing = -self._octets % 4
        return self._is_plain and missing < 3 and self._padding >= missing

    def feed(self, encoded: bytes) -> bytes:
        """Return the octets that are complete."""
        self._look(encoded)
        data = encoded.translate(None, _NOT_BASE64)
        if self._in_padding:
            data = data.lstrip(b"=")
            self._in_padding = not data
        if b"=" not in data and self._runs <= _MAX_RUNS:
            return self._decode(data)
        return b"".join(self._by_run(data))

    def finish(self) -> bytes:
        """Return what an end without padding leaves."""
        return self._end_of_run()

    def _look(self, encoded: bytes) -> None:
        padding = -1 if self._padding else encoded.find(b"=")
        if self._padding or padding >= 0:
            tail = encoded[max(padding, 0) :]
            self._is_plain = self._is_plain and not tail.strip(_AFTER_PADDING)
            self._padding += tail.count(b"=")
        if padding >= 0:
            encoded = encoded[:padding]
        elif self._padding:
            return
        self._octets += len(encoded.translate(None, _NOT_BASE64))

    def _by_run(self, data: bytes) -> Iterator[bytes]:
        room = max(_MAX_RUNS - self._runs, 0)
        *padded, last = _PADDING.split(data, room) if room else [data]
        for run in padded:
            yield self._decode(run)
            yield self._end_of_run()
        self._runs += len(padded)
        self._in_padding = bool(padded) and not last
        if self._runs >= _MAX_RUNS and (self._runs > _MAX_RUNS or b"=" in last):
            # Hostile: still distinguished, no longer decoded.
            self._runs = _MAX_RUNS + 1
            yield self._run + last
            self._run = b""
        else:
            yield self._decode(last)

    def _decode(self, data: bytes) -> bytes:
        data = self._run + data
        whole = len(data) - len(data) % 4
        self._run = data[whole:]
        return binascii.a2b_base64(data[:whole])

    def _end_of_run(self) -> bytes:
        run, self._run = self._run, b""
        # Six bits alone say nothing.
        return (
            b"" if len(run) == 1 else binascii.a2b_base64(run + b"=" * (-len(run) % 4))
        )


def decode_base64(data: bytes) -> tuple[bytes, bool]:
    """Return the octets, and whether the encoding was sound; see Base64Decoder."""
    padding = data.find(b"=")
    if padding == -1 or not data[padding:].strip(_AFTER_PADDING):
        try:
            return binascii.a2b_base64(data), True
        except binascii.Error:
            pass
    decoder = Base64Decoder()
    return decoder.feed(data) + decoder.finish(), False


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


class Decoded:
    """The content octets of a body, in pieces, decoded each time it is read.

    `is_sound` speaks of what was read. A body of one piece is decoded only once.
    """

    __slots__ = (
        "_buffer",
        "_encoding",
        "_end",
        "_piece",
        "_start",
        "_whole",
        "is_sound",
    )

    def __init__(
        self, buffer: Buffer, start: int, end: int, encoding: str, piece: int = PIECE
    ) -> None:
        self._buffer, self._start, self._end = buffer, start, end
        self._encoding = encoding
        self._piece = piece
        self._whole: bytes | None = None
        self.is_sound = True
        if end - start <= piece:
            self._whole, self.is_sound = decode(buffer[start:end], encoding)

    def __iter__(self) -> Iterator[bytes]:
        if self._whole is not None:
            return iter((self._whole,))
        if self._encoding == "base64":
            return self._base64()
        if self._encoding == "quoted-printable":
            return map(decode_quoted_printable, self._lines())
        return self._as_they_are()

    def beginning(self, limit: int) -> bytes:
        """Return the first `limit` octets, and one more if there is more."""
        taken = bytearray()
        for piece in self:
            taken += piece
            if len(taken) > limit:
                break
        return bytes(taken[: limit + 1])

    def _as_they_are(self) -> Iterator[bytes]:
        for start in range(self._start, self._end, self._piece):
            yield self._buffer[start : min(start + self._piece, self._end)]

    def _base64(self) -> Iterator[bytes]:
        decoder = Base64Decoder()
        yield from map(decoder.feed, self._as_they_are())
        yield decoder.finish()
        self.is_sound = decoder.is_sound

    def _lines(self) -> Iterator[bytes]:
        """Yield pieces of quoted-printable that can be decoded each on its own."""
        start = self._start
        while start < self._end:
            end = start + self._piece
            if end < self._end:
                end = _between_tokens(self._buffer, start, end)
            yield self._buffer[start : min(end, self._end)]
            start = end


def _between_tokens(buffer: Buffer, start: int, end: int) -> int:
    """Return where quoted-printable can be cut: after a line, or far from any "=".

    What has neither in a whole piece is no text, and is cut anyhow.
    """
    line_end = buffer.rfind(b"\n", start, end)
    if line_end >= 0:
        return line_end + 1
    for position in range(end, max(start + 1, end - _NEAR), -1):
        if b"=" not in buffer[position - 2 : position]:
            return position
    return end
