"""Until when a certificate is good."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
import trustme
from cryptography import x509 as reference
from hypothesis import given
from hypothesis import strategies as st

from postwarden.wire import x509

AUTHORITY = trustme.CA()


@pytest.mark.parametrize("year", [2029, 2049, 2050, 2110])
def test_the_end_of_validity_is_what_another_parser_reads(year: int) -> None:
    end = datetime(year, 3, 2, 1, 4, 5, tzinfo=UTC)
    pem = AUTHORITY.issue_cert("mx.example.org", not_after=end).cert_chain_pems[0]
    expected = reference.load_pem_x509_certificate(pem.bytes()).not_valid_after_utc
    assert x509.not_after(b"# a comment\n" + pem.bytes()) == expected


@given(st.binary(max_size=60), st.integers(0, 700))
def test_damage_has_one_exception(octets: bytes, at: int) -> None:
    pem = AUTHORITY.cert_pem.bytes()
    for damaged in (octets, pem[:at] + octets + pem[at + 20 :]):
        with suppress(x509.NotACertificate):
            assert isinstance(x509.not_after(damaged), datetime)
