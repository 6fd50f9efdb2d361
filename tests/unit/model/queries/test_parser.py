"""The grammar: operators, precedence, quoting, wildcards, bounds, and errors."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings

from postwarden.model.errors import Invalid
from postwarden.model.queries import (
    All,
    And,
    Before,
    Is,
    Larger,
    Node,
    Not,
    Or,
    TextField,
    Trait,
    Words,
    parse,
)
from tests.unit.model.queries.strategies import NOW, hostile_texts, query_texts


def word(*words: str, prefix: bool = False) -> Words:
    return Words(TextField.TEXT, words, prefix)


def root(text: str) -> Node:
    return parse(text, now=NOW).root


A, B, C, D = (word(letter) for letter in "abcd")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a", A),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ("a OR b", Or((A, B))),
        ("a b OR c d", Or((And((A, B)), And((C, D))))),
        ("a (b OR c) d", And((A, Or((B, C)), D))),
        ("-a b", And((Not(A), B))),
        ("-a OR b", Or((Not(A), B))),
        ("-(a b)", Not(And((A, B)))),
        ("-(-a)", A),
        ("a (b (c d))", And((A, B, C, D))),
        ("a OR (b OR (c OR d))", Or((A, B, C, D))),
        ("((a))", A),
        ("a a b", And((A, B))),
        ("or and", And((word("or"), word("and")))),
        ('"OR"', word("or")),
        ("OR*", word("or", prefix=True)),
        ('"a b" c', And((word("a", "b"), C))),
        ("a-b", word("a", "b")),
        ("12:30", word("12", "30")),
        ("\u3000a\u00a0b\n", And((A, B))),
    ],
)
def test_text_becomes_a_tree(text: str, tree: Node) -> None:
    assert root(text) == tree


@pytest.mark.parametrize(
    ("text", "leaf"),
    [
        ("bud*", word("bud", prefix=True)),
        ('"quarterly rep"*', word("quarterly", "rep", prefix=True)),
        ('"quarterly rep*"', word("quarterly", "rep", prefix=True)),
        (r'"quarterly rep\*"', word("quarterly", "rep")),
        (r'"say \"a\" \\ b"', word("say", "a", "b")),
        (r'"C:\dir"', word("c", "dir")),
    ],
)
def test_wildcards_and_escapes(text: str, leaf: Words) -> None:
    assert root(text) == leaf


def test_words_of_a_command_line_are_one_text() -> None:
    words = ["from:ada", "-is:read", "larger:5M"]
    together = "from:ada -is:read larger:5M"
    assert (
        parse(words, now=NOW) == parse([together], now=NOW) == parse(together, now=NOW)
    )
    assert root(together) == And(
        (Words(TextField.AUTHOR, ("ada",)), Not(Is(Trait.READ)), Larger(5 * 1024**2))
    )


def test_a_word_of_a_command_line_is_split_at_spaces() -> None:
    split = parse(["subject:quarterly report"], now=NOW).root
    assert split == And((Words(TextField.SUBJECT, ("quarterly",)), word("report")))


def test_names_of_terms_are_read_in_any_case() -> None:
    assert root("SUBJECT:a Is:Read") == root("subject:a is:read")


def test_terms_remember_where_they_stood() -> None:
    query = parse("a (From:ada OR is:Unread)", now=NOW)
    assert [(use.name, use.position) for use in query.terms] == [
        ("from", 4),
        ("is:unread", 16),
    ]


def test_relative_times_count_from_now_in_any_zone() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=9)))
    expected = Before(datetime(2026, 11, 14, 12, 30, 15, tzinfo=UTC))
    assert parse("older:7d", now=there).root == expected


def test_now_without_a_time_zone_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="time zone"):
        parse("a", now=NOW.replace(tzinfo=None))


@pytest.mark.parametrize("text", ["all", "ALL", "(all)"])
def test_all_is_everything(text: str) -> None:
    assert root(text) == All()


def test_all_beside_terms_adds_nothing() -> None:
    assert root("all is:read") == Is(Trait.READ)
    assert root("all OR is:read") == All()
    assert root("all larger:0") == All()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \t\n",
        "is:read OR is:unread",
        "from:a OR subject:b OR -from:a",
        "-(a -a)",
        "larger:0",
        "larger:0 -(a -a)",
        "before:2026-02-01 OR after:2026-01-01",
        "larger:1K OR smaller:2K",
        "is:live OR is:contained OR is:vaulted",
    ],
)
def test_everything_must_be_asked_for_with_all(text: str) -> None:
    with pytest.raises(Invalid, match=r"\ball\b"):
        root(text)


@pytest.mark.parametrize(
    "text",
    [
        "-is:read",
        "before:2026-01-01 OR after:2026-02-01",
        "larger:2K OR smaller:1K",
        "a -a",
    ],
)
def test_what_leaves_something_out_needs_no_all(text: str) -> None:
    assert root(text) != All()


@pytest.mark.parametrize("text", ["budget all", "all OR budget", '"a b" all'])
def test_all_beside_bare_words_may_be_the_word(text: str) -> None:
    with pytest.raises(Invalid, match='"all"'):
        root(text)
    assert root('budget "all"') == And((word("budget"), word("all")))


@pytest.mark.parametrize(
    ("text", "field", "position", "hint"),
    [
        ("a fro:ada", "fro", 3, "did you mean from:"),
        ("since:2026-01-01", "since", 1, "did you mean after:"),
        ("xyzzy:1", "xyzzy", 1, "terms are from:"),
        ("from: ada", "from", 1, "without a space"),
        ("is:new", "is", 1, "read, unread"),
        ("subject:re*port", "subject", 11, "only at the end"),
        ('"re* port"', None, 4, "only at the end"),
        ("subject:*", "subject", 1, "say all"),
        ("*", None, 1, "say all"),
        ('"quarterly "*', None, 1, "must touch"),
        ("subject:!!!", "subject", 1, "letter or digit"),
        ('a "b', None, 3, "not closed"),
        ('subject:"b', "subject", 9, "not closed"),
        ("(a", None, 1, "not closed"),
        ("a)", None, 2, "closes nothing"),
        ("()", None, 2, "missing"),
        ("a OR", None, 5, "missing"),
        ("OR a", None, 1, "missing"),
        ("a AND OR b", None, 7, "missing"),
        ("a NOT b", None, 3, "-is:read"),
        ("-OR", None, 1, '"OR"'),
        ("--is:read", None, 1, "once"),
        ("- a", None, 1, "once"),
        ("-", None, 1, "once"),
        ("-all", None, 1, "nothing"),
        ("-(all)", None, 1, "nothing"),
        ("report(1).pdf", None, 7, "quotation marks"),
        ("subject:(a OR b)", "subject", 9, "quotation marks"),
        ('a"b"', None, 2, "quotation marks"),
        ("(a)b", None, 4, "space"),
        ("“a”", None, 1, 'write - and "'),
        ("subject:“a b”", "subject", 9, 'write - and "'),
        ("\u2013is:read", None, 1, 'write - and "'),
        ("a\x00", None, 2, "control"),
        ("a\udce4", None, 2, "UTF-8"),
    ],
)
def test_an_error_names_term_place_and_way_out(
    text: str, field: str | None, position: int, hint: str
) -> None:
    with pytest.raises(Invalid) as caught:
        root(text)
    assert caught.value.field == field
    assert f"position {position}:" in str(caught.value)
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 16_385,
        "ä" * 8_193,
        " ".join(f"a{n}" for n in range(501)),
        "(" * 51 + "a" + ")" * 51,
        "-(" * 51 + "a" + ")" * 51,
        '"' + "a " * 201 + '"',
        " ".join(f"{n}ﷺﷺﷺﷺ" for n in range(400)),
    ],
    ids=["octets", "utf-8", "terms", "depth", "negations", "phrase", "written-out"],
)
def test_what_is_too_much_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="at most"):
        root(text)


def test_what_is_within_bounds_is_read() -> None:
    root(" OR ".join(f"a{n}" for n in range(500)))
    root("-(" * 50 + "a b" + ")" * 50)
    root('"' + "a " * 200 + '"')


def test_an_error_stays_short_whatever_the_term() -> None:
    with pytest.raises(Invalid) as caught:
        root("x" * 10_000 + ":1")
    assert len(str(caught.value)) < 2000
    assert len(caught.value.field or "") < 500


def refusal(text: str) -> str | None:
    try:
        parse(text, now=NOW)
    except Invalid as error:
        return str(error)
    return None


@settings(max_examples=300)
@given(hostile_texts())
def test_any_text_is_a_query_or_invalid(text: str) -> None:
    assert refusal(text) != ""


@given(query_texts())
def test_well_formed_text_is_read(text: str) -> None:
    assert "matches everything" in (refusal(text) or "this matches everything")
