"""Public keys of others, in digits and in PEM; signatures as RFC 8032 has them."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from postwarden.wire.ed25519 import (
    NotAPublicKey,
    is_signed,
    parse_public_key,
    to_pem,
)

# RFC 8032 §7.1, test 2.
PUBLIC = bytes.fromhex(
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
)
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_a_signature_of_the_standard_s_own_example_is_right() -> None:
    assert is_signed(b"\x72", SIGNATURE, PUBLIC)


@given(st.binary(max_size=80), st.binary(max_size=80), st.binary(max_size=40))
def test_nothing_else_is_signed_and_nothing_raises(
    content: bytes, signature: bytes, key: bytes
) -> None:
    assert not is_signed(content, signature, key)
    assert not is_signed(content + b"x", SIGNATURE, PUBLIC)


def test_pem_is_what_other_programs_write() -> None:
    public = Ed25519PrivateKey.generate().public_key()
    theirs = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()

    assert to_pem(public.public_bytes_raw()) == theirs
    assert parse_public_key(theirs) == public.public_bytes_raw()


@given(st.binary(min_size=32, max_size=32))
def test_a_key_is_read_as_it_was_written(key: bytes) -> None:
    assert parse_public_key(f" {key.hex().upper()}\n") == key
    assert parse_public_key("a comment\n" + to_pem(key)) == key


@given(st.text() | st.text("0123456789abcdef", min_size=60, max_size=68))
def test_other_text_is_no_key(text: str) -> None:
    try:
        assert len(parse_public_key(text)) == 32
    except NotAPublicKey:
        return


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0" * 63,
        "0" * 65,
        "é" * 64,
        to_pem(b"\0" * 31),
        to_pem(b"\0" * 33),
        "-----BEGIN PUBLIC KEY-----\n====\n-----END PUBLIC KEY-----",
        " " * 9000 + "0" * 64,
    ],
)
def test_what_is_not_a_key_is_refused(text: str) -> None:
    with pytest.raises(NotAPublicKey):
        parse_public_key(text)
