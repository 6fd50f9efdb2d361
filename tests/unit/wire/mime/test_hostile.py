"""No octets make a scan fail, go astray, or take more than linear time."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postwarden.wire.mime import DEFECTS, MAX_TEXT, require_header, scan
from postwarden.wire.mime.headers import NotAMessage
from postwarden.wire.mime.limits import MAX_FILENAME, MAX_PARTS
from tests.unit.wire.mime.strategies import RUBBLE, tampered

HEAD = b"From: a@b.c\r\nDate: Tue, 4 Nov 2025 10:11:10 +0100\r\n"
HTML = HEAD + b"Content-Type: text/html\r\n\r\n"


@settings(max_examples=300)
@given(RUBBLE | tampered() | st.binary(max_size=600) | RUBBLE.map(lambda r: HEAD + r))
def test_any_octets_are_scanned(octets: bytes) -> None:
    scanned = scan(octets, text_limit=100)

    assert scanned.size == len(octets)
    assert scanned.header == octets[: scanned.header_end]
    assert 0 < len(scanned.parts) <= MAX_PARTS
    for part in scanned.parts:
        assert 0 <= part.header_start <= part.body_start <= part.body_end <= len(octets)
        assert part.size == part.body_end - part.body_start
        assert 0 < len(part.filename or "x") <= MAX_FILENAME
        assert part.sha256 is not None or not part.is_attachment
    assert len({part.number for part in scanned.parts}) == len(scanned.parts)
    assert len(scanned.text.encode()) <= 100
    assert set(scanned.defects) <= DEFECTS
    for print_ in (scanned.fingerprint, scanned.content_fingerprint):
        assert print_ is None or len(print_) == 32
    for text in (scanned.subject, scanned.author, scanned.header_to, scanned.header_cc):
        assert "\n" not in text
        text.encode()


@given(RUBBLE | st.binary(max_size=200))
def test_a_header_is_refused_or_there(octets: bytes) -> None:
    try:
        require_header(octets)
    except NotAMessage:
        return

    assert b":" in octets


def multipart(boundary: bytes, body: bytes) -> bytes:
    return b'Content-Type: multipart/mixed; boundary="%b"\r\n\r\n%b' % (boundary, body)


# Each makes about that many octets out of a number.
ATTACKS: dict[str, Callable[[int], bytes]] = {
    "fields": lambda n: b"a:\n" * (n // 3),
    "junk": lambda n: HEAD + b"aaa\n" * (n // 4) + b"\n",
    "folds": lambda n: b"Subject: x" + b"\r\n a" * (n // 4) + b"\r\n\r\n",
    "no colon": lambda n: b"a" * n,
    "space before no colon": lambda n: b"a" + b" " * n,
    "quotes": lambda n: b"To: " + b'\\"' * (n // 2) + b"\r\n\r\n",
    "more quotes": lambda n: b"To: " + b'"\\' * (n // 2) + b"\r\n\r\n",
    "parentheses": lambda n: b"To: " + b"(" * n + b"\r\n\r\n",
    "comments": lambda n: b"Message-ID: " + b"()" * (n // 2) + b"\r\n\r\n",
    "commas": lambda n: b"To: " + b"," * n + b"\r\n\r\n",
    "brackets": lambda n: b"To: " + b"[" * n + b"\r\n\r\n",
    "angles": lambda n: b"To: " + b"<" * n + b"\r\n\r\n",
    "words before an at": lambda n: b"To: " + b".a " * (n // 3) + b"@b\r\n\r\n",
    "references": lambda n: b"References: " + b"<a" * (n // 2) + b"\r\n\r\n",
    "encoded-words": lambda n: b"Subject: " + b"=?a?q?" * (n // 6) + b"\r\n\r\n",
    "marks": lambda n: b"Subject: a" + b"\xcc\x81\xcc\xa3" * (n // 4) + b"\r\n\r\n",
    "parameters": lambda n: b"Content-Type: a/b" + b";a" * (n // 2) + b"=\r\n\r\n",
    "separators": lambda n: b"Content-Type: a/b" + b"; " * (n // 2) + b"=\r\n\r\n",
    "colons": lambda n: b"To: " + b"a " * (n // 4) + b"@" + b":" * (n // 2) + b"\n\n",
    "ids": lambda n: b"References: " + b"<a>" * (n // 3) + b"\r\n\r\n",
    "escapes": lambda n: b'Content-Type: a/b;a="' + b'\\"' * (n // 2) + b"\r\n\r\n",
    "parameter comments": lambda n: b"Content-Type: a/b;a=" + b" (" * (n // 2) + b"\n",
    "dashes": lambda n: HEAD + multipart(b"b", b"\r\n--" * (n // 4)),
    "prefixes": lambda n: HEAD + multipart(b"b", b"\r\n--bb" * (n // 6)),
    "spaces after a boundary": lambda n: (
        HEAD + multipart(b"b", (b"\r\n--b" + b" " * 500 + b"x") * (n // 500))
    ),
    "parts": lambda n: HEAD + multipart(b"b", b"\r\n--b\r\n\r\nx" * (n // 10)),
    "multiparts without end": lambda n: (
        HEAD
        + multipart(b"b", (b"\r\n--b\r\n" + multipart(b"absent", b"")) * 900 + b"x" * n)
    ),
    "one boundary in itself": lambda n: (
        HEAD + multipart(b"b", (b"\r\n--b\r\n" + multipart(b"b", b"")) * (n // 60))
    ),
    "attached messages": lambda n: b"Content-Type: message/rfc822\r\n\r\n" * (n // 32),
    "tags": lambda n: HTML + b"<a " * (n // 3),
    "comments never closed": lambda n: HTML + b"<!--" * (n // 4),
    "scripts never closed": lambda n: HTML + b"<script></script" * (n // 16),
    "spaces in a tag": lambda n: HTML + b"<a" + b" " * n,
    "entities": lambda n: HTML + b"&#" + b"9" * n,
    "spaces": lambda n: HEAD + b"\r\n" + b" " * n,
    "line feeds": lambda n: HEAD + b"\r\n" + b"\n" * n,
    "returns": lambda n: HEAD + b"\r\n" + b"\r" * n,
    "mbox quotes": lambda n: HEAD + b"\r\n" + b">" * n + b"\n>From ",
    "marks in text": lambda n: HEAD + b"\r\na" + b"\xcc\x81\xcc\xa3" * (n // 4),
    "padding": lambda n: (
        HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QQ==" * (n // 4)
    ),
    "soft breaks": lambda n: (
        HEAD
        + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        + b"=\r" * (n // 2)
    ),
}


def seconds(octets: bytes) -> float:
    start = time.process_time()
    scan(octets)
    return time.process_time() - start


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS.keys())
def test_time_grows_with_size_and_not_its_square(
    attack: Callable[[int], bytes],
) -> None:
    # In turn: a machine that is busy for a while slows both.
    times = [(seconds(attack(40_000)), seconds(attack(320_000))) for _ in range(3)]
    small, large = min(s for s, _ in times), min(s for _, s in times)

    # Eight times the octets: sixty-four times the time if it were the square.
    assert large < 32 * max(small, 0.002)


def test_text_of_a_large_part_is_cut_and_its_fingerprint_is_not() -> None:
    large = HEAD + b"\r\n" + b"0123456 \r\n" * 200_000

    scanned = scan(large)

    assert len(scanned.text) <= MAX_TEXT
    assert "text-truncated" in scanned.defects
    assert scanned.fingerprint != scan(large + b"x").fingerprint
