"""A mail put together again from what the server shows of it.

The header is as it came, but for the fields that describe the body: texts and
attachments are encoded anew. The same mail gives the same octets every time.
"""

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LINE = 57  # octets that make a line of 76 in base64 (RFC 2045 §6.8)
_ABOUT_BODY = ("content-", "mime-version:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file beside the texts; without `content` only its name is known."""

    filename: str
    content: bytes | None = None


def composed(
    header: str, *, plain: str, html: str, attachments: Sequence[Attachment]
) -> bytes:
    """Return the octets of a mail (RFC 5322) with this header and these parts."""
    texts = [
        _part(f"text/{kind}; charset=utf-8", text.encode(errors="replace"))
        for kind, text in (("plain", plain), ("html", html))
        if text or (kind == "plain" and not html)
    ]
    body = texts[0] if len(texts) == 1 else _several("alternative", texts)
    if attachments:
        body = _several("mixed", [body, *map(_file, attachments)])
    lines = [*_kept(header), "MIME-Version: 1.0"]
    head = "".join(f"{line}\r\n" for line in lines).encode(errors="replace")
    return head + body


def _kept(header: str) -> Iterator[str]:
    """Yield the lines of a header that say nothing of the body."""
    keeps = True
    for line in header.replace("\r\n", "\n").split("\n"):
        if not line.strip():
            continue
        if not line.startswith((" ", "\t")):
            keeps = not line.lower().startswith(_ABOUT_BODY)
        if keeps:
            yield line


def _part(content_type: str, content: bytes, *more: str) -> bytes:
    head = [f"Content-Type: {content_type}", "Content-Transfer-Encoding: base64", *more]
    encoded = (
        base64.b64encode(content[start : start + _LINE])
        for start in range(0, len(content), _LINE)
    )
    return "\r\n".join([*head, "", ""]).encode() + b"\r\n".join([*encoded, b""])


def _file(attachment: Attachment) -> bytes:
    name = attachment.filename.encode(errors="replace")
    # RFC 2231 §4: every octet that is no letter or digit is percent-encoded.
    spelt = "".join(
        chr(octet) if chr(octet).isascii() and chr(octet).isalnum() else f"%{octet:02X}"
        for octet in name
    )
    return _part(
        "application/octet-stream",
        attachment.content or b"",
        f"Content-Disposition: attachment; filename*=utf-8''{spelt}",
    )


def _several(kind: str, parts: Sequence[bytes]) -> bytes:
    boundary = hashlib.sha256(b"".join(parts)).hexdigest()[:32]
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
    inner = b"".join(b"--%b\r\n%b" % (boundary.encode(), part) for part in parts)
    return head + inner + b"--%b--\r\n" % boundary.encode()
