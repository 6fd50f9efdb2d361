"""References to RFCs: one spelling, and docs/rfcs.md is true (record 0008)."""

import re
from collections.abc import Iterator

import pytest

from tests.docs import tree

CITED = re.compile(r"\bRFC (\d+(?:, \d{3,4}\b)*)")
STATUSES = {"yes", "partial", "no"}

# What looks like a reference and is spelt otherwise. `message/rfc822` is a type.
MISSPELT = re.compile(
    r"\bRFC-?\d|\brfc[ -]\d|(?<!/)\brfc(?!822\b)\d|"
    r"\bRFC \d+,? (?:[Ss]ec|[Cc]hapter|[Pp]ar|\d+\.\d)|§ \d|\bRFC \d+, §|"
    r"§[\d.]+, \d{3,4}\b",
)


def citations() -> Iterator[tuple[str, str]]:
    """Yield (place, text) of every comment and docstring in src."""
    for path in tree.modules():
        for line, text in tree.remarks(path):
            yield f"{tree.name_of(path)}:{line}", text


def rows() -> list[list[str]]:
    return tree.table(tree.DOCS / "rfcs.md", "RFC")


def cited() -> set[str]:
    return {
        number
        for _, text in citations()
        for numbers in CITED.findall(text)
        for number in numbers.split(", ")
    }


def test_a_list_of_numbers_cites_each() -> None:
    assert CITED.findall("(RFC 2045, 2046), RFC 5321 §4.2") == ["2045, 2046", "5321"]


@pytest.mark.parametrize(
    "text",
    [
        "RFC5321",
        "rfc 5321",
        "RFC 5321 section 4",
        "RFC 5321 4.2",
        "RFC 5321 §4.2, 3463",
    ],
)
def test_another_spelling_is_seen(text: str) -> None:
    assert MISSPELT.search(text)


def test_references_have_one_spelling() -> None:
    wrong = [
        f"{place} {found[0]!r}"
        for place, text in citations()
        if (found := MISSPELT.search(text))
    ]
    assert not wrong


def test_every_rfc_that_code_cites_has_a_row() -> None:
    assert cited() - {row[0] for row in rows()} == set()


def test_every_rfc_that_we_claim_is_cited_by_code() -> None:
    claimed = {row[0] for row in rows() if row[2] in {"yes", "partial"}}
    assert claimed - cited() == set()


def test_rows_are_complete_and_in_order() -> None:
    numbers = [int(row[0]) for row in rows()]
    assert numbers == sorted(set(numbers))
    for row in rows():
        number, title, status, _ = row
        assert title, number
        assert status in STATUSES, number
