"""docs/query.md is true: its terms are the language, its examples are read."""

import re
import shlex
from datetime import UTC, datetime

import pytest

from postwarden.model.errors import Invalid
from postwarden.model.queries import SCOPES, Query, Scope, check_scope, parse
from postwarden.model.queries.readers import READERS
from tests.docs import tree

PAGE = tree.DOCS / "query.md"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PLACES = {
    "find": Scope.FIND,
    "trace": Scope.TRACE,
    "case open": Scope.CASE,
    "hold create": Scope.HOLD,
    "vault find": Scope.VAULT,
}


def terms(first_heading: str) -> list[str]:
    """Return the terms in the first column of tables, without the last colon."""
    names = (row[0] for row in tree.table(PAGE, first_heading))
    return [name.strip("`").removesuffix(":") for name in names if name[0] == "`"]


def examples() -> list[str]:
    return re.findall(r"^postwarden .*$", PAGE.read_text("utf-8"), re.MULTILINE)


def refused() -> list[str]:
    return [row[0].strip("`") for row in tree.table(PAGE, "Refused")]


def read(text: str) -> Query:
    return parse(text, now=NOW)


@pytest.mark.parametrize("heading", ["Term", "Where"])
def test_every_term_is_documented_once_and_no_other(heading: str) -> None:
    assert sorted(terms(heading)) == sorted(SCOPES)


def test_every_term_that_is_read_has_its_scopes_and_the_other_way_round() -> None:
    assert {name.partition(":")[0] for name in SCOPES} == READERS.keys()


def test_the_table_of_places_is_what_is_checked() -> None:
    rows = {row[0].strip("`").removesuffix(":"): row[1:] for row in _places()}
    shown = {
        name: {
            scope for scope, cell in zip(_scopes(), cells, strict=True) if cell == "yes"
        }
        for name, cells in rows.items()
    }
    assert shown.pop("a bare word") == set(Scope) - {Scope.HOLD}
    assert shown == SCOPES


def _places() -> list[list[str]]:
    return tree.table(PAGE, "Where")


def _scopes() -> list[Scope]:
    line = next(s for s in PAGE.read_text("utf-8").splitlines() if "| Where |" in s)
    return [Scope(cell.strip()) for cell in line.strip("|").split("|")[1:]]


@pytest.mark.parametrize("example", examples())
def test_every_example_is_read_in_its_place(example: str) -> None:
    words = shlex.split(example)[1:]
    place = next(p for p in PLACES if words[: len(p.split())] == p.split())
    query = words[len(place.split()) :]
    if "--reason" in query:
        query = query[: query.index("--reason")]
    check_scope(parse(query, now=NOW), PLACES[place])


def test_there_are_examples_of_every_place() -> None:
    assert all(any(f"postwarden {p} " in e for e in examples()) for p in PLACES)


@pytest.mark.parametrize("text", refused())
def test_what_the_page_says_is_refused_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        read(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a b", "a AND b"),
        ("a b OR c d", "(a b) OR (c d)"),
        ("-a b", "(-a) b"),
        ('"quarterly rep"*', '"quarterly rep*"'),
        ("larger:5M", "larger:5MB"),
        ("larger:5M", "larger:5MiB"),
        ("domain:example.org", "account:@example.org"),
        ("is:unread", "-is:read"),
        ("message-id:a@b", "message-id:<a@b>"),
        ("after:2026-11-21", "after:2026-11-21T00:00:00Z"),
    ],
)
def test_what_the_page_says_is_the_same_is_the_same(one: str, other: str) -> None:
    assert read(one) == read(other)
