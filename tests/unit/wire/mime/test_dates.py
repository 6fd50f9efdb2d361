"""Dates of header fields, from RFC 5322 to what spammers write."""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.wire.mime.dates import parse_date

_MOMENT = datetime(2001, 10, 24, 19, 22, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    "raw",
    [
        b"Wed, 24 Oct 2001 19:22:28 +0000",
        b"Wed, 24 Oct 2001 12:22:28 -0700 (PDT)",
        b"24 Oct 2001 19:22:28 GMT",
        b"24 Oct 2001 12:22:28 PDT",
        b"24 Oct 01 19:22:28 UT",
        b"24 Oct 101 19:22:28 Z",
        b"Wed,24 October 2001  21:22:28 +02:00",
        b"Wednesday, 24-Oct-01 19:22:28 GMT",
        b"Wed, 24 Oct 2001 19.22.28",
        b"Wed Oct 24 19:22:28 2001",
        b"Wed Oct 24 19:22:28 GMT 2001",
        b"Oct 24, 2001 19:22:28",
        b"2001-10-24T19:22:28Z",
        b"2001-10-24 21:22:28.123 +0200",
        b"(comment) Wed, 24 (c) Oct 2001 19:22:28 +0000",
        b"Wed, 24 Oct 2001 14:22:28 GMT-05:00",
        b"Wed, 24 Oct 2001 19:22:28 +9999",
        b"24 Oct 2001 19:22:28 K",
    ],
)
def test_spellings_of_one_moment(raw: bytes) -> None:
    assert parse_date(raw) == _MOMENT


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"never",
        b"Wed, 32 Oct 2001 19:22:28 +0000",
        b"Wed, 24 Oct 2001",
        b"Wed, 24 Okt 2001 19:22:28",
        b"Wed, 24 Oct 2001 25:22:28",
        b"Wed Oct 24 19:22:28",
        b"01 Jan 0001 00:00:00 +0100",
        b"31 Dec 9999 23:59:59 -0100",
        b"24 Oct 0000 19:22:28",
        b"\xff\xfe",
        b"1" * 100_000,
    ],
)
def test_what_is_no_date_is_none(raw: bytes) -> None:
    assert parse_date(raw) is None


def test_a_leap_second_is_the_second_before() -> None:
    expected = datetime(1998, 12, 31, 23, 59, 59, tzinfo=UTC)

    assert parse_date(b"31 Dec 1998 23:59:60 +0000") == expected


@given(
    st.datetimes(datetime(1900, 1, 2), datetime(9998, 1, 1)),  # noqa: DTZ001 - the zone comes next
    st.integers(-14 * 60, 14 * 60),
)
def test_well_formed_dates_come_back(moment: datetime, minutes: int) -> None:
    zone = timezone(timedelta(minutes=minutes))
    aware = moment.replace(microsecond=0, tzinfo=zone)

    parsed = parse_date(format_datetime(aware).encode())

    assert parsed == aware
    assert parsed is not None
    assert parsed.tzinfo is UTC
