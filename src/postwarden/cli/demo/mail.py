"""Composing the demo's mail: as different programs would write it."""

import random
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from postwarden.cli.demo.people import Person

_PROGRAMS = ("Quillmail 4.2", "Pigeonhole 11", "Webmail 7.0.3", "Letterbox (tablet)")
_ENCODINGS = ("8bit", "quoted-printable", "base64")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail and its envelope, and when it arrives.

    `is_ours` tells mail of our own people, which a server in front hands over by
    LMTP, from mail of others, which comes over SMTP.
    """

    time: datetime
    is_ours: bool
    reverse_path: str
    forward_paths: Sequence[str]
    message_id: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What somebody writes; `header_to` and `cc` are (name, address) pairs."""

    time: datetime
    author: Person
    header_to: Sequence[tuple[str, str]]
    cc: Sequence[tuple[str, str]] = ()
    subject: str
    text: str
    html: bool = False
    file: str | None = None
    charset: str = "utf-8"
    answers: Sequence[str] = ()  # Message-IDs of the thread, the last one answered
    list_id: str | None = None


def message_id(author: Person, dice: random.Random) -> str:
    """Return a new Message-ID in one of the forms that are seen in the wild."""
    domain = author.address.rpartition("@")[2]
    forms = (
        f"{dice.getrandbits(64):016x}@{domain}",
        f"{dice.randrange(10**9)}.{dice.randrange(10**5)}@mail.{domain}",
        f"QM-{dice.getrandbits(48):012X}.{dice.randrange(100)}@{domain}",
    )
    return f"<{dice.choice(forms)}>"


def compose(letter: Letter, dice: random.Random) -> EmailMessage:
    """Return the letter as a message with a new Message-ID."""
    message = EmailMessage(policy=SMTP)
    message["Received"] = _received(letter, dice)
    message["From"] = _mailbox(letter.author.name, letter.author.address)
    message["To"] = [_mailbox(*each) for each in letter.header_to]
    if letter.cc:
        message["Cc"] = [_mailbox(*each) for each in letter.cc]
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(letter.time)
    message["Message-ID"] = message_id(letter.author, dice)
    if letter.answers:
        message["In-Reply-To"] = letter.answers[-1]
        message["References"] = " ".join(letter.answers)
    if letter.list_id:
        message["List-Id"] = f"<{letter.list_id}>"
    message["User-Agent"] = dice.choice(_PROGRAMS)
    charset = letter.charset if _fits(letter.text, letter.charset) else "utf-8"
    encoding = None if letter.text.isascii() else dice.choice(_ENCODINGS)
    if charset == "iso-2022-jp":
        encoding = "7bit"  # RFC 1468
    message.set_content(letter.text, charset=charset, cte=encoding)
    if letter.html:
        message.add_alternative(_html(letter.text), subtype="html")
    if letter.file:
        attach(message, letter.file, dice)
    settle_boundaries(message, dice)
    return message


def mail_of(letter: Letter, message: EmailMessage) -> Mail:
    """Return the mail that goes to everybody whom the letter names."""
    return Mail(
        time=letter.time,
        is_ours=letter.author.is_here,
        reverse_path=letter.author.address,
        forward_paths=[address for _, address in (*letter.header_to, *letter.cc)],
        message_id=str(message["Message-ID"]),
        content=message.as_bytes(),
    )


def settle_boundaries(message: EmailMessage, dice: random.Random) -> None:
    """Give every multipart a boundary of `dice`, so that a seed makes the same."""
    for part in message.walk():
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            part.set_boundary(f"=_{dice.getrandbits(80):020x}")


def attach(message: EmailMessage, name: str, dice: random.Random) -> None:
    """Add a small file of the kind that its name says."""
    kinds = {
        "csv": ("text", "csv", _table),
        "pdf": ("application", "pdf", _document),
        "png": ("image", "png", _picture),
    }
    maintype, subtype, make = kinds[name.rpartition(".")[2]]
    message.add_attachment(
        make(dice), maintype=maintype, subtype=subtype, filename=name
    )


def _fits(text: str, charset: str) -> bool:
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def _mailbox(name: str, address: str) -> HeaderAddress:
    return HeaderAddress(display_name=name, addr_spec=address)


def _received(letter: Letter, dice: random.Random) -> str:
    host = f"mx{dice.randrange(1, 4)}.{letter.author.address.rpartition('@')[2]}"
    queue_id = f"{dice.getrandbits(40):010X}"
    return (
        f"from desk.example (198.51.100.{dice.randrange(1, 255)}) by {host} "
        f"with ESMTPS id {queue_id}; {format_datetime(letter.time)}"
    )


def _html(text: str) -> str:
    title, _, rest = text.strip().partition("\n")
    paragraphs = "".join(f"<p>{each}</p>\n" for each in rest.strip().split("\n"))
    return (
        f"<html><body style='font-family:sans-serif'>\n<h1>{title}</h1>\n"
        f"{paragraphs}</body></html>\n"
    )


def _table(dice: random.Random) -> bytes:
    rows = ["number;name;count", *(_row(n, dice) for n in range(dice.randrange(9, 90)))]
    return "\r\n".join(rows).encode()


def _row(number: int, dice: random.Random) -> str:
    return f"{number};item {dice.randrange(1000, 10000)};{dice.randrange(1, 40)}"


def _document(dice: random.Random) -> bytes:
    """Return a PDF of one page that says a number."""
    text = f"BT /F1 24 Tf 72 720 Td (No. {dice.randrange(10**6)}) Tj ET\n"
    text += "".join(f"% {dice.getrandbits(256):064x}\n" for _ in range(400))
    objects = (
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        "/Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(text)} >>\nstream\n{text}endstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    written = "%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(written))
        written += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    return (
        f"{written}xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
        f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\n"
        f"startxref\n{len(written)}\n%%EOF\n"
    ).encode()


def _picture(dice: random.Random) -> bytes:
    """Return a PNG of grey noise, which does not compress, as photographs."""
    side = dice.randrange(60, 160)
    rows = b"".join(b"\0" + dice.randbytes(side) for _ in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
