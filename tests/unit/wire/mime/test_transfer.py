"""Transfer encodings undone, sound or not."""

import base64
import binascii

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.wire.mime import transfer


@given(st.binary(max_size=300), st.sampled_from([b"\r\n", b"\n", b""]))
def test_sound_base64_comes_back(data: bytes, line_end: bytes) -> None:
    encoded = base64.encodebytes(data).replace(b"\n", line_end)

    assert transfer.decode_base64(encoded) == (data, True)


@given(st.binary(max_size=300))
def test_quoted_printable_comes_back(data: bytes) -> None:
    encoded = binascii.b2a_qp(data, istext=False)

    assert transfer.decode_quoted_printable(encoded) == data
    crlf = encoded.replace(b"=\n", b"=\r\n")
    assert transfer.decode_quoted_printable(crlf) == data


@pytest.mark.parametrize(
    ("encoded", "data"),
    [
        (b"QUJD", b"ABC"),
        (b"QUI", b"AB"),
        (b"QU", b"A"),
        (b"Q", b""),
        (b"QQ==QQ==", b"AA"),  # joined after padding: nothing is lost
        (b"QUJD=QUJD", b"ABCABC"),
        (b"Q!U?J*D", b"ABC"),
        (b"====", b""),
    ],
)
def test_unsound_base64_is_read_as_far_as_it_goes(encoded: bytes, data: bytes) -> None:
    assert transfer.decode_base64(encoded)[0] == data


def test_base64_of_a_million_runs_stays_distinct() -> None:
    many = b"QQ==" * 50_000

    assert transfer.decode_base64(many)[0] != transfer.decode_base64(many + b"QQ==")[0]


def test_a_soft_break_of_bare_cr_swallows_nothing() -> None:
    assert transfer.decode_quoted_printable(b"a=\rsecret\nb") == b"asecret\nb"


@given(st.binary(max_size=300))
def test_no_octets_are_refused(data: bytes) -> None:
    for encoding in ("base64", "quoted-printable", "7bit", "x-unknown"):
        decoded, _is_sound = transfer.decode(data, encoding)
        assert len(decoded) <= len(data)


BASE64 = st.lists(
    st.sampled_from([b"QUJD", b"Q", b"UU", b"=", b"==", b"\r\n", b"!", b" "]),
    max_size=40,
).map(b"".join)


@given(BASE64, st.integers(1, 9))
def test_base64_decodes_the_same_in_any_pieces(encoded: bytes, piece: int) -> None:
    once = transfer.decode_base64(encoded)
    decoded = transfer.Decoded(encoded, 0, len(encoded), "base64", piece)

    assert (b"".join(decoded), decoded.is_sound) == once


@given(
    st.lists(st.sampled_from([b"=41", b"==", b"=", b"=\r\n", b"\r\n", b"plain  "])),
    st.integers(6, 40),
)
def test_quoted_printable_decodes_the_same_in_pieces(
    tokens: list[bytes], piece: int
) -> None:
    encoded = b"".join(token + b"x." for token in tokens)
    decoded = transfer.Decoded(encoded, 0, len(encoded), "quoted-printable", piece)

    assert b"".join(decoded) == transfer.decode_quoted_printable(encoded)


@given(st.binary(max_size=300), st.integers(1, 40))
def test_pieces_of_anything_end(data: bytes, piece: int) -> None:
    for encoding in ("base64", "quoted-printable", "7bit"):
        list(transfer.Decoded(data, 0, len(data), encoding, piece))


def test_base64_of_a_million_runs_stays_distinct_in_pieces() -> None:
    def digest(encoded: bytes) -> bytes:
        return b"".join(transfer.Decoded(encoded, 0, len(encoded), "base64", 1_001))

    many = b"QQ==" * 50_000
    assert digest(many) != digest(many + b"QQ==")


@given(st.binary(max_size=100), st.integers(0, 120), st.integers(1, 40))
def test_a_body_has_a_beginning(data: bytes, limit: int, piece: int) -> None:
    body = transfer.Decoded(data, 0, len(data), "8bit", piece)

    assert body.beginning(limit) == data[: limit + 1]


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (b"BASE64", "base64"),
        (b' "base64"', "base64"),
        (b"8bit; charset=x", "8bit"),
        (b"", "7bit"),
        (b"\xff", "7bit"),
    ],
)
def test_encoding_names_are_read_leniently(raw: bytes, name: str) -> None:
    assert transfer.encoding_name(raw) == name
