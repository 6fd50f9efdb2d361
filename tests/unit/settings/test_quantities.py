"""Sizes and times as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postwarden.model.errors import Invalid
from postwarden.settings.quantities import (
    MAX_OCTETS,
    octets_of,
    octets_text,
    seconds_of,
    seconds_text,
)


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("0", 0),
        ("10", 10),
        ("1K", 1024),
        ("2g", 2**31),
        (" 3M ", 3 * 2**20),
        ("1T", 2**40),
    ],
)
def test_units_are_powers_of_1024(text: str, octets: int) -> None:
    assert octets_of(text) == octets


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "1.5G",
        "1KB",
        "G",
        "1 G",
        "0x10",
        "\u0661",
        "1e3",
        "9" * 30,
        "2000000T",
    ],
)
def test_other_sizes_are_refused_by_the_name_of_the_field(text: str) -> None:
    with pytest.raises(Invalid, match=r"^quota takes") as caught:
        octets_of(text, field="quota")
    assert caught.value.field == "quota"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("1.5", 1.5),
        ("90s", 90),
        ("5m", 300),
        ("72h", 259200),
        ("2w", 1209600),
    ],
)
def test_times_have_units(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "-5", "5M", "5 m", "1h30m", "inf", "9" * 12 + "w"]
)
def test_other_times_are_refused(text: str) -> None:
    with pytest.raises(Invalid):
        seconds_of(text)


@given(st.integers(0, MAX_OCTETS))
def test_a_size_that_is_written_reads_the_same(octets: int) -> None:
    assert octets_of(octets_text(octets)) == octets


@given(st.integers(0, 10**6))
def test_a_time_that_is_written_reads_the_same(seconds: int) -> None:
    assert seconds_of(seconds_text(seconds)) == pytest.approx(seconds)
