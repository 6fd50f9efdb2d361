"""The canonical text: one for each query, and read back as the same query."""

import pytest
from hypothesis import example, given, settings

from postwarden.model.errors import Invalid
from postwarden.model.queries import format_query, parse
from tests.unit.model.queries.strategies import NOW, hostile_texts, query_texts


def canonical(text: str) -> str:
    return format_query(parse(text, now=NOW))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ALL", "all"),
        ('"all"', '"all"'),
        ("Budget   REPORT", "budget report"),
        ('"Quarterly Rep*"', '"quarterly rep"*'),
        ("(a OR b) c OR (d)", "(a OR b) c OR d"),
        ("-(a b) -(c OR d) -e", "-(a b) -(c OR d) -e"),
        ("From:Ada@Example.ORG", "from:ada@example.org"),
        (r'from:"\"A b\"@x.org"', r'from:"\"a b\"@x.org"'),
        ("domain:Example.org", "account:@example.org"),
        ("older:7d newer:2w", "before:2026-11-14T12:30:15Z after:2026-11-07T12:30:15Z"),
        ("after:2026-11-21T00:00:00Z", "after:2026-11-21"),
        ("after:2026-11-21T00:00:00.5", "after:2026-11-21T00:00:00.500000Z"),
        ("larger:5M", "larger:5242880"),
        ("is:unread", "-is:read"),
        ("-is:unread", "is:read"),
        ('in:"Sent Items"', 'in:"sent items"'),
        (r'message-id:"a\*b"', r'message-id:"<a\*b>"'),
        ("message-id:a*", "message-id:<a*"),
        ("ip:192.0.2.7/24", "ip:192.0.2.0/24"),
        ("ip:192.0.2.7/32", "ip:192.0.2.7"),
        ("envelope-from:<>", "envelope-from:<>"),
        ("similar:a@b", "similar:<a@b>"),
        ('similar:"file:/my mail"', 'similar:"file:/my mail"'),
    ],
)
def test_a_query_has_one_text(text: str, expected: str) -> None:
    assert canonical(text) == expected
    assert canonical(expected) == expected


@settings(max_examples=300)
@given(query_texts() | hostile_texts())
@example("message-id:<<a")
@example(r'message-id:"\*"*')
@example("message-id:ΐ* in:ΐ rcpt:ΐ* from:ΐ@ΐ.example")
@example("in:ŉ\u0301")
@example("rcpt:ŉ\u0301*")
@example("rcpt:@T\u0308*")
def test_canonical_text_is_read_as_the_same_query(text: str) -> None:
    try:
        query = parse(text, now=NOW)
    except Invalid:
        return
    again = parse(format_query(query), now=NOW)

    assert again == query
    assert format_query(again) == format_query(query)
