"""Patterns of rewriting."""

from time import perf_counter

import pytest

from postwarden.model.addresses import Address
from postwarden.model.errors import Invalid
from postwarden.services.rewriting import patterns

ADA = Address("ada.l", "example.org")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ada.*:x@example.net", "x@example.net"),
        ("(.*)\\.l@(.*):${1}+${2}@example.net", "ada+example.org@example.net"),
        ("(.*)\\.l@.*:$1@example.net", "ada@example.net"),
        ("ada:x@example.net", None),
        ("bob.*:x@example.net", None),
        ("ada.*", None),
    ],
)
def test_a_pattern_matches_the_whole_address(text: str, wanted: str | None) -> None:
    made = patterns.rewritten(patterns.check(text), ADA)
    assert (made and str(made)) == wanted


@pytest.mark.parametrize(
    "text", ["*", "(", "a[", "(?=a)a", "(a)\\1", "a.*:${1}@x", "x" * 2000]
)
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        patterns.check(text)


@pytest.mark.parametrize(
    "text",
    [
        ".*:not an address",
        ".*:a@b\r\nBcc: x@y",
        "(.*)@.*:${1}\n@example.net",
        ".*:@",
    ],
)
def test_what_it_makes_is_an_address_or_nothing(text: str) -> None:
    with pytest.raises(Invalid):
        patterns.rewritten(text, ADA)


def test_a_pattern_of_death_takes_no_time() -> None:
    text = "(a*)*(a*)*(a*)*(a|a|aa)+b:x@example.net"
    begun = perf_counter()
    assert patterns.rewritten(text, Address("a" * 64, "example.org")) is None
    assert perf_counter() - begun < 1
