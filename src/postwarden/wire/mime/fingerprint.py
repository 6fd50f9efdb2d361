"""What makes two messages the same mail, whatever their Message-ID says.

A fingerprint is SHA-256 over a canonical form: author, date, subject, and the
content in order. Trace fields, Message-ID, recipients, line ends, white space
at line ends, folding, charsets, transfer encodings, boundaries and mbox
quoting are no part of it. The first line hashed names the version: whoever
changes the form must change it, or stored fingerprints lie.
"""

import codecs
import hashlib
import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from postwarden.wire.mime import charset, words
from postwarden.wire.mime.addresses import author_key, parse_addresses
from postwarden.wire.mime.dates import parse_date
from postwarden.wire.mime.headers import Header
from postwarden.wire.mime.limits import Budget

FINGERPRINT: Final = b"postwarden-fingerprint-1\n"
CONTENT_FINGERPRINT: Final = b"postwarden-content-fingerprint-1\n"
_ATTACHED: Final = b"postwarden-attached-message-1\n"
_EMPTY: Final = hashlib.sha256(b"").digest()

_LONGEST_AUTHORS: Final = 1 << 16  # octets; nobody writes that, so it is not read
_LONGEST_LINE: Final = 1 << 20  # octets or characters of one held together
_HASHED_AT_ONCE: Final = 1 << 16
_MBOX_LINE: Final = re.compile(rb"^>*+From [^\n]*+\n?", re.MULTILINE)
_SOLID: Final = re.compile(rb"[^\s>](?=[^\s>])")
_MBOX_QUOTED: Final = re.compile(rb"^>++From ", re.MULTILINE)  # RFC 4155, mboxrd


class Content(NamedTuple):
    """One leaf of a message as the fingerprint sees it."""

    kind: bytes  # b"text", b"html", b"octets" or b"message"
    digest: bytes
    counts: bool  # whether it makes the message one that has content


class Fingerprints(NamedTuple):
    """The two fingerprints of a message, and what stands for it in another."""

    fingerprint: bytes | None
    content_fingerprint: bytes | None
    attached: bytes


def fingerprints(header: Header, contents: list[Content]) -> Fingerprints:
    """Return the fingerprints of a message with these contents.

    None for a message without content; the first also without Date or From.
    """
    dates = [_date_key(raw) for raw in header.every(b"date") if raw]
    authors = [_authors_key(raw) for raw in header.every(b"from") if raw]
    facts = [(b"date", key) for key in dates] + [(b"from", key) for key in authors]
    shared = [(b"subject", _text_key(raw)) for raw in header.every(b"subject") if raw]
    junk = _octets_key(_MBOX_LINE.sub(b"", header.junk))
    if junk:  # some clients show it as text
        shared.append((b"junk", junk))
    # Systems add empty text parts, and nobody sees them.
    shared += [
        (kind, digest)
        for kind, digest, _counts in contents
        if digest != _EMPTY or kind == b"octets"
    ]

    attached = _digest(_ATTACHED, facts + shared)
    if not any(content.counts for content in contents):
        return Fingerprints(None, None, attached)
    return Fingerprints(
        _digest(FINGERPRINT, facts + shared) if dates and authors else None,
        _digest(CONTENT_FINGERPRINT, shared),
        attached,
    )


def _digest(version: bytes, facts: Iterable[tuple[bytes, bytes]]) -> bytes:
    digest = hashlib.sha256(version)
    for name, value in facts:  # lengths, so that no value can play another fact
        digest.update(b"%b %d\n%b\n" % (name, len(value), value))
    return digest.digest()


def _date_key(raw: bytes) -> bytes:
    """Return the moment: systems rewrite the zone and the weekday of a date."""
    moment = parse_date(raw)
    if moment is None:
        return b"~" + _text_key(raw)
    return b"@%d" % int(moment.timestamp())


def _authors_key(raw: bytes) -> bytes:
    if len(raw) > _LONGEST_AUTHORS:
        return _octets_key(raw)
    # A budget of its own: what a fingerprint is must not depend on what was
    # spent on other fields before.
    authors = parse_addresses(raw, Budget())
    keys = [author_key(author) for author in authors]
    return "\n".join(keys).encode() + _unreadable(raw, keys)


def _text_key(raw: bytes) -> bytes:
    text = words.decode_text(raw)
    return " ".join(text.split()).encode() + _unreadable(raw, [text])


def _unreadable(raw: bytes, decoded: list[str]) -> bytes:
    """Return the octets themselves where decoding lost some."""
    is_lossy = any("\ufffd" in text for text in decoded)
    return b"\n" + _octets_key(raw) if is_lossy else b""


def _octets_key(raw: bytes) -> bytes:
    return b" ".join(raw.split())


def text_digest(pieces: Iterable[bytes], codec: str | None) -> tuple[bytes, bool]:
    """Return the digest of a text in canonical form, and whether it is empty.

    The canonical form: UTF-8 in NFC, LF line ends, no white space at line ends
    and no empty lines around, `>From ` unquoted. Text that does not fit its
    charset is taken as the octets it is. The pieces are read more than once, and
    however the text is cut into them, its digest is the same.
    """
    try:
        return _canonical(_whole_lines(_utf8(pieces, codec)))
    except ValueError:
        return _canonical(_whole_lines(pieces))


def _utf8(pieces: Iterable[bytes], codec: str | None) -> Iterable[bytes]:
    """Return the text in UTF-8; reading it raises ValueError where it does not fit."""
    is_ascii_based = codec is None or charset.is_ascii_based(codec)
    if is_ascii_based and all(map(_is_plain, pieces)):
        return pieces
    if codec is None or codec == charset.ASCII:
        codec = "utf-8"
    return _encoded(pieces, codec)


def _is_plain(piece: bytes) -> bool:
    return piece.isascii() and b"\x1b" not in piece  # ISO 2022 shifts


def _encoded(pieces: Iterable[bytes], codec: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(codec)()
    kept = ""
    for piece in pieces:
        text = kept + decoder.decode(piece)
        # Nothing composes with a line end, so the normal form is that of the whole.
        end = text.rfind("\n") + 1
        if not end and len(text) > _LONGEST_LINE:
            end = len(text)
        yield _normal(text[:end])
        kept = text[end:]
    yield _normal(kept + decoder.decode(b"", final=True))


def _normal(text: str) -> bytes:
    # UTF-7 can spell half a pair.
    return charset.composed(text).encode(errors="surrogatepass")


def _whole_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the octets in pieces that end with a line, or amid one of great length."""
    kept = bytearray()
    for piece in pieces:
        end = piece.rfind(b"\n") + 1
        if not end and len(kept) + len(piece) > _LONGEST_LINE:
            end = _amid_line(piece)
        if end:
            yield bytes(kept) + piece[:end] if kept else piece[:end]
            kept.clear()
        kept += piece[end:] if end else piece
    if kept:
        yield bytes(kept)


def _amid_line(piece: bytes) -> int:
    """Return where a line can be cut with no effect on its form; 0 for nowhere."""
    places = list(_SOLID.finditer(piece, max(len(piece) - _HASHED_AT_ONCE, 0)))
    return places[-1].start() + 1 if places else 0


def _windows(data: bytes, size: int) -> Iterator[bytes]:
    """Yield the octets in pieces of about `size`, cut after line feeds."""
    start = 0
    while start < len(data):
        end = start + size
        if end < len(data):
            end = data.rfind(b"\n", start, end) + 1 or data.find(b"\n", end) + 1
            end = end or len(data)
        yield data[start:end] if start or end < len(data) else data
        start = end


def _canonical(pieces: Iterable[bytes]) -> tuple[bytes, bool]:
    digest = hashlib.sha256()
    is_empty = True
    breaks = 0  # line ends that count only if something follows
    for piece in pieces:
        lined = piece
        if b"\r" in piece:
            lined = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        for window in _windows(lined, _HASHED_AT_ONCE):
            block = b"\n".join(map(bytes.rstrip, window.split(b"\n")))
            if is_empty:
                block = block.lstrip(b"\n")
            text = block.rstrip(b"\n")
            if not text:
                breaks += len(block)
                continue
            digest.update(b"\n" * breaks)
            breaks = len(block) - len(text)
            if b">From " in text:
                text = _MBOX_QUOTED.sub(b"From ", text)
            digest.update(text)
            is_empty = False
    return digest.digest(), is_empty
