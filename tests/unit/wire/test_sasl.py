"""Base64 responses, PLAIN, and SCRAM-SHA-256."""

import base64
import hashlib
import hmac
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.wire import sasl, scram
from postwarden.wire.sasl import Credentials, SaslError
from postwarden.wire.scram import ProofError, ScramExchange, ScramVerifier

# The example of RFC 7677 §3.
NONCE = "rOprNGfwEbeRWgbNEkqO"
SERVER_NONCE = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
FIRST = f"n,,n=user,r={NONCE}".encode()
SALT = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
FINAL = (
    f"c=biws,r={NONCE}{SERVER_NONCE},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
).encode()
VERIFIER = ScramVerifier.of_password("pencil", salt=SALT, iterations=4096)


@given(st.binary(max_size=60))
def test_base64_round_trips(octets: bytes) -> None:
    assert sasl.decode_base64(sasl.encode_base64(octets)) == octets


@pytest.mark.parametrize(
    "text", ["A", "AAA", "AA=A", "====", "AA==AA==", "AA A", "A-_A", "AB==", "ÄÄÄÄ"]
)
def test_base64_is_read_strictly(text: str) -> None:
    with pytest.raises(SaslError):
        sasl.decode_base64(text)


@given(st.text(max_size=20))
def test_no_text_raises_anything_but_sasl_error(text: str) -> None:
    with suppress(SaslError):
        sasl.decode_initial(text)


def test_an_equals_sign_is_the_empty_initial_response() -> None:
    assert sasl.decode_initial("=") == b""
    with pytest.raises(SaslError):
        sasl.decode_base64("=")


def test_plain_has_three_parts() -> None:
    assert sasl.parse_plain(b"\0ada\0secret") == Credentials("ada", "secret")
    assert sasl.parse_plain("x\0ü\0ß".encode()) == Credentials("ü", "ß", "x")


@pytest.mark.parametrize(
    "response",
    [b"", b"ada\0secret", b"\0ada\0", b"\0\0secret", b"\0a\0b\0c", b"\0\xff\0b"],
)
def test_other_responses_are_not_plain(response: bytes) -> None:
    with pytest.raises(SaslError):
        sasl.parse_plain(response)


def test_scram_answers_as_in_rfc_7677() -> None:
    first = scram.parse_client_first(FIRST)
    exchange = ScramExchange(first, VERIFIER, nonce=SERVER_NONCE)

    assert first.username == "user"
    assert exchange.challenge() == (
        f"r={NONCE}{SERVER_NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".encode()
    )
    assert exchange.verify(FINAL) == b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_a_wrong_password_is_no_proof() -> None:
    other = ScramVerifier.of_password("pen", salt=SALT, iterations=4096)
    first = scram.parse_client_first(FIRST)

    with pytest.raises(ProofError):
        ScramExchange(first, other, nonce=SERVER_NONCE).verify(FINAL)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"c=biws",
        FINAL.replace(b"c=biws", b"c=eSws"),  # `y,,` where `n,,` was said
        FINAL.replace(b"r=rOpr", b"r=xOpr"),
        FINAL[:-3],
        FINAL + b",x=y",
        b"c=biws,r=\xff,p=AAAA",
    ],
)
def test_a_final_message_of_another_exchange_is_refused(message: bytes) -> None:
    exchange = ScramExchange(
        scram.parse_client_first(FIRST), VERIFIER, nonce=SERVER_NONCE
    )

    with pytest.raises(SaslError):
        exchange.verify(message)


def test_a_short_proof_is_a_wrong_one() -> None:
    exchange = ScramExchange(
        scram.parse_client_first(FIRST), VERIFIER, nonce=SERVER_NONCE
    )

    with pytest.raises(ProofError):
        exchange.verify(FINAL.partition(b",p=")[0] + b",p=AAAA")


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"n=user,r=abc",
        b"p=tls-exporter,,n=user,r=abc",  # channel binding is not offered
        b"n,,m=x,n=user,r=abc",  # a mandatory extension nobody knows
        b"n,,n=,r=abc",
        b"n,,n=us=3Er,r=abc",
        b"n,,n=user,r=",
        b"n,,n=user,r=a\x01",
        b"n,,n=user,r=" + b"x" * 129,
        b"\xff",
    ],
)
def test_other_first_messages_are_refused(message: bytes) -> None:
    with pytest.raises(SaslError):
        scram.parse_client_first(message)


def test_names_are_unescaped() -> None:
    first = scram.parse_client_first(b"y,a=x=3Dy,n=a=2Cb,r=abc,f=g")

    assert (first.username, first.authorization) == ("a,b", "x=y")


@given(st.binary(max_size=60))
def test_no_octets_raise_anything_but_sasl_error(octets: bytes) -> None:
    with suppress(SaslError):
        scram.parse_client_first(octets)
    exchange = ScramExchange(scram.parse_client_first(FIRST), VERIFIER)
    with pytest.raises(SaslError):
        exchange.verify(octets)


def test_two_exchanges_have_different_nonces() -> None:
    first = scram.parse_client_first(FIRST)

    assert (
        ScramExchange(first, VERIFIER).challenge()
        != ScramExchange(first, VERIFIER).challenge()
    )


def test_an_unknown_account_always_has_the_same_salt_and_no_password() -> None:
    fakes = [scram.fake_verifier(b"secret", "eve", 4096) for _ in range(2)]
    other = scram.fake_verifier(b"secret", "bob", 4096)

    assert fakes[0].salt == fakes[1].salt != other.salt
    assert len(fakes[0].salt) == len(SALT)
    assert fakes[0].stored_key != fakes[1].stored_key


def test_the_keys_are_those_of_rfc_5802() -> None:
    salted = hashlib.pbkdf2_hmac("sha256", b"pencil", SALT, 4096)
    client_key = hmac.digest(salted, b"Client Key", "sha256")

    assert VERIFIER.stored_key == hashlib.sha256(client_key).digest()
    assert VERIFIER.server_key == hmac.digest(salted, b"Server Key", "sha256")


def test_a_verifier_is_kept_as_text() -> None:
    text = VERIFIER.format()

    assert text.startswith("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$")
    assert scram.parse_verifier(text) == VERIFIER


@pytest.mark.parametrize("text", ["", "SCRAM-SHA-256$1:AAAA$AAAA:A", "SCRAM-SHA-1$"])
def test_other_text_is_no_verifier(text: str) -> None:
    with pytest.raises(SaslError):
        scram.parse_verifier(text)


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("a\u00a0b", "a b"),
        ("\u0627\u0628", "\u0627\u0628"),
    ],
)
def test_saslprep_is_that_of_rfc_4013(text: str, prepared: str) -> None:
    assert scram.saslprep(text) == prepared


@pytest.mark.parametrize(
    "text", ["\u0007", "\u06271", "", "\u00ad", "\ud800", "\u0221"]
)
def test_saslprep_prohibits(text: str) -> None:
    with pytest.raises(SaslError):
        scram.saslprep(text)
