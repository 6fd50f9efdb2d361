"""Header text: encoded-words, charsets, 8-bit octets."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.wire.mime import charset, words
from tests.unit.wire.mime.strategies import RUBBLE


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"plain", "plain"),
        (b"=?utf-8?q?a_b=20c?=", "a b c"),
        (b"=?UTF-8?B?w6k=?=", "é"),
        (b"=?utf-8*en?q?a?=", "a"),  # RFC 2231 §5
        (b"=?iso-8859-1?q?a?= =?iso-8859-1?q?b?=", "ab"),
        (b"=?iso-8859-1?q?a?= b", "a b"),
        (b"x =?iso-8859-1?q?a?=  =?utf-8?q?b?= y", "x ab y"),
        (b"=?utf-8?b?w6?= =?utf-8?b?k=?=", "\ufffd"),  # split within a quantum
        (b"=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"),  # split within a character
        (b"=?utf-8?b?w6k?=", "é"),  # padding left out
        (b"=?nonsense?q?=C3=A9?=", "é"),
        (b"=?nonsense?q?=E9?=", "é"),
        (b"=?utf-8?q?broken", "=?utf-8?q?broken"),
        (b"=?utf-8?x?a?=", "=?utf-8?x?a?="),
        (b"=??q?a?=", "=??q?a?="),
        (b"na\xc3\xafve", "naïve"),
        (b"na\xefve", "naïve"),
        (b"e\xcc\x81", "é"),
        (b"=?gb2312?b?1tDOxA==?=", "中文"),
        (b"=?windows-1252?q?=80?=", "€"),
        (b"=?iso-8859-1?q?=80?=", "€"),
    ],
)
def test_words_decode_as_clients_show_them(raw: bytes, text: str) -> None:
    assert words.decode_text(raw) == text


@pytest.mark.parametrize(
    "name",
    [
        "rot13",
        "rot_13",
        "base64",
        "hex",
        "zlib",
        "bz2",
        "uu",
        "quopri",
        "idna",
        "punycode",
        "unicode_escape",
        "raw_unicode_escape",
        "undefined",
        "mbcs",
        "oem",
        "../../etc",
        "aliases",
        "x" * 1000,
        "",
        "ü",
    ],
)
def test_what_is_no_charset_is_never_a_codec(name: str) -> None:
    assert charset.codec_of(name) is None


@pytest.mark.parametrize(
    "name", ["UTF-8", "utf8", "us-ascii", "ISO-8859-15", "Shift_JIS", "KOI8-R", "big5"]
)
def test_a_charset_of_mail_is_known(name: str) -> None:
    codec = charset.codec_of(name)

    assert codec is not None
    assert charset.strictly(b"abc", codec) == "abc"


@given(st.sampled_from(sorted(charset._CODECS)), st.binary(max_size=60))
def test_no_codec_fails_on_any_octets(name: str, data: bytes) -> None:
    codec = charset.codec_of(name)

    assert codec is not None
    assert isinstance(charset.loosely(data, codec), str)
    charset.strictly(data, codec)


@pytest.mark.parametrize(
    ("codec", "is_based"),
    [("utf_8", True), ("cp932", True), ("utf_16", False), ("utf_32", False),
     ("utf_7", False), ("hz", False), ("cp037", False)],
)  # fmt: skip
def test_ascii_means_ascii_in_most_codecs(codec: str, is_based: bool) -> None:
    assert charset.is_ascii_based(codec) is is_based


@given(RUBBLE | st.binary(max_size=300))
def test_header_text_is_always_one_clean_line(raw: bytes) -> None:
    text = words.decode_text(raw)

    assert not any(
        unicodedata.category(character) in {"Cc", "Cs"} for character in text
    )
    text.encode()


@given(st.text(max_size=2000))
def test_composing_in_blocks_is_composing(text: str) -> None:
    lines = " ".join(text[start : start + 50] for start in range(0, len(text), 50))

    assert charset.composed(lines) == unicodedata.normalize("NFC", lines)
