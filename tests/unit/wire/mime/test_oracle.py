"""On well-formed mail the standard library reads the same."""

import email
import re
import unicodedata
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.utils import getaddresses, parsedate_to_datetime

from hypothesis import given

from postwarden.wire.mime import scan
from tests.unit.wire.mime.strategies import mails


def leaves(mail: Message) -> list[Message]:
    payload = mail.get_payload()
    if not isinstance(payload, list):
        return [mail]
    return [
        leaf for part in payload if isinstance(part, Message) for leaf in leaves(part)
    ]


def plain(text: str) -> str:
    return unicodedata.normalize("NFC", re.sub(r"\s+", " ", text)).strip()


@given(mails())
def test_the_standard_library_agrees(mail: EmailMessage) -> None:
    octets = mail.as_bytes()

    scanned = scan(octets)
    read = email.message_from_bytes(octets)

    # Left folded, decode_header drops the space at which plain text was folded.
    unfolded = read["Subject"].replace("\n", "")
    assert plain(scanned.subject) == plain(str(make_header(decode_header(unfolded))))
    assert scanned.message_id == read["Message-ID"]
    assert scanned.date == parsedate_to_datetime(read["Date"])
    assert list(scanned.author_addresses) == [
        address for _name, address in getaddresses([read["From"]])
    ]
    assert list(scanned.to_addresses) == [
        address for _name, address in getaddresses([read["To"]])
    ]
    ours = [
        part
        for part in scanned.parts
        if part.content_type.partition("/")[0] not in {"multipart", "message"}
    ]
    theirs = leaves(read)
    assert [part.content_type for part in ours] == [
        leaf.get_content_type() for leaf in theirs
    ]
    assert [plain(part.filename or "") for part in ours] == [
        plain(leaf.get_filename() or "") for leaf in theirs
    ]
    for part, leaf in zip(ours, theirs, strict=True):
        raw = octets[part.body_start : part.body_end].decode("utf-8", "surrogateescape")
        assert raw.rstrip("\n") == str(leaf.get_payload()).rstrip("\n")
    assert scanned.defects == ()


@given(mails())
def test_every_word_can_be_found(mail: EmailMessage) -> None:
    text = scan(mail.as_bytes()).text

    for part in mail.walk():
        content = part.get_payload(decode=True)
        if part.get_content_type() == "text/plain" and isinstance(content, bytes):
            for word in content.decode().split():
                assert unicodedata.normalize("NFC", word) in text
