"""Mails for tests, as bytes with CRLF."""

import base64
import random
from collections.abc import Mapping

DATE = "Sat, 21 Nov 2026 10:00:00 +0000"
TOKEN = b"X-Token: "


def mail(
    token: str,
    *,
    author: str = "mallory@example.net",
    to: str = "undisclosed@example.net",
    subject: str | None = None,
    date: str = DATE,
    message_id: str | None = None,
    body: str = "Please look at the enclosed invoice.\r\n",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """A mail that is known by its token: in a header, and in its Message-ID."""
    lines = {
        "Date": date,
        "From": author,
        "To": to,
        "Subject": f"Invoice {token}" if subject is None else subject,
        "Message-ID": message_id or f"<{token}@example.net>",
        TOKEN.decode().rstrip(": "): token,
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{head}\r\n{body}".encode()


def bulky(token: str, octets: int, seed: int = 0) -> bytes:
    """A mail with an attachment that no compression makes smaller than `octets`."""
    noise = base64.encodebytes(random.Random(seed).randbytes(octets))
    return mail(
        token,
        headers={
            "MIME-Version": "1.0",
            "Content-Type": "application/octet-stream",
            "Content-Transfer-Encoding": "base64",
            "Content-Disposition": "attachment; filename=noise.bin",
        },
        body=noise.decode().replace("\n", "\r\n"),
    )


def forwarding(token: str, original: bytes) -> bytes:
    """A mail that carries another one as it is (RFC 2046 §5.2.1)."""
    return mail(
        token,
        author="ada@example.org",
        subject=f"Fwd: have a look {token}",
        headers={
            "MIME-Version": "1.0",
            "Content-Type": 'multipart/mixed; boundary="=-outer"',
        },
        body=(
            "--=-outer\r\nContent-Type: text/plain\r\n\r\nWhat is this?\r\n"
            "--=-outer\r\nContent-Type: message/rfc822\r\n\r\n"
            f"{original.decode()}\r\n--=-outer--\r\n"
        ),
    )


def token_of(content: bytes) -> str | None:
    """Return the token that a mail of ours carries in its own header."""
    head, _, _ = content.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        if line.startswith(TOKEN):
            return line.removeprefix(TOKEN).decode()
    return None
