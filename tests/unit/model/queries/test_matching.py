"""What a query finds, said with facts in memory."""

import pytest
from hypothesis import given, settings

from postwarden.model.errors import Invalid
from postwarden.model.queries import (
    AddressField,
    All,
    And,
    Not,
    Or,
    Query,
    Similar,
    SimilarTo,
    TextField,
    format_query,
    matches,
    parse,
)
from tests.unit.model.queries.strategies import (
    DIGESTS,
    NOW,
    KnownFacts,
    facts,
    query_texts,
)

SIMILAR = {
    Similar(SimilarTo.SHA256, DIGESTS[1]): {DIGESTS[1]},
    Similar(SimilarTo.MESSAGE_ID, "x@y"): set(DIGESTS),
}

MAIL = KnownFacts(
    texts={
        TextField.SUBJECT: ("Quarterly report 2026",),
        TextField.BODY: ("Dear Bob,\r\nthe budget is attached.", "Second part"),
        TextField.AUTHOR: ('"Ada Lovelace" <ada@example.org>',),
        TextField.TO: ("Bob <bob@example.net>",),
        TextField.FILENAME: ("budget final.xlsx", "notes.txt"),
    },
    keys={
        AddressField.AUTHOR: ("example.org/ada",),
        AddressField.TO: ("example.net/bob", "bücher.example/carol"),
        AddressField.FORWARD_PATH: ("example.net/bob+lists",),
        AddressField.REVERSE_PATH: ("example.org/ada",),
        AddressField.ACCOUNT: ("example.net/bob",),
    },
    message_id="<One.Two@example.org>",
    sha256=DIGESTS[0],
    size=5000,
    attachment_sha256=(DIGESTS[1],),
    time=NOW,
    mailbox="Archive/2026",
    flags=("\\seen", "$Junk"),
    state="live",
    is_held=True,
    client_ips=("192.0.2.7",),
    trace_ids=("t1",),
    event="DELIVER",
)
UNKNOWN = KnownFacts()


def found(text: str, mail: KnownFacts = MAIL) -> bool:
    return matches(parse(text, now=NOW), mail, similar=SIMILAR)


@pytest.mark.parametrize(
    "text",
    [
        "all",
        "report",
        "BUDGET",
        "budg*",
        '"the budget"',
        '"quarterly rep"*',
        "subject:quarterly",
        'body:"bob the"',
        "from:ada",
        "from:lovelace",
        "from:example",
        "from:ada@example.org",
        "from:@example.org",
        "from:ad*",
        "from:ada@exam*",
        "to:CAROL@xn--bcher-kva.example",
        "to:@bü*",
        "rcpt:bob+*",
        "rcpt:@example.net",
        "rcpt:bob+lists@*",
        "envelope-from:ada@example.org",
        "account:bob@example.net",
        "domain:example.net",
        "filename:budget",
        "filename:final.xlsx",
        "message-id:One.Two@example.org",
        "message-id:<One*",
        "in:archive/2026",
        "in:archive/*",
        "after:2026-11-21 before:2026-11-22",
        "after:2026-11-21T12:30:15Z",
        "newer:0s",
        "larger:4999 smaller:5001",
        "has:attachment",
        f"attachment-sha256:{DIGESTS[1]}",
        f"sha256:{DIGESTS[0]}",
        "similar:<x@y>",
        "is:read is:live is:held",
        "-is:unread -is:flagged -is:answered -is:vaulted -is:contained",
        "ip:192.0.2.7",
        "ip:192.0.2.0/24",
        "ip:::ffff:192.0.2.0/120",
        "trace:t1",
        "event:DELIVER",
        "nothing OR report",
        "-(nothing report)",
    ],
)
def test_what_is_so_is_found(text: str) -> None:
    assert found(text)
    assert text == "all" or not found(f"-({text})")


@pytest.mark.parametrize(
    "text",
    [
        "repor",
        '"report quarterly"',
        '"attached second"',
        '"2026 dear"',
        "subject:budget",
        "body:report",
        "from:ad",
        "from:ad@example.org",
        "from:@example",
        "from:@ample.org",
        "from:@sub.example.org",
        "from:da*",
        "from:ad@exam*",
        "to:@cher*",
        "cc:bob",
        "rcpt:bob@example.net",
        "rcpt:example*",
        "envelope-from:<>",
        "account:@example.org",
        '"final notes"',
        'filename:"xlsx notes"',
        "message-id:one.two@example.org",
        "message-id:One.Two@example",
        "message-id:Two*",
        "in:archive",
        "in:2026*",
        "before:2026-11-21T12:30:15Z",
        "older:0s",
        "after:2026-11-22",
        "larger:5000",
        "smaller:5000",
        f"attachment-sha256:{DIGESTS[0]}",
        f"sha256:{DIGESTS[1]}",
        f"similar:{DIGESTS[1]}",
        "is:unread",
        "is:flagged",
        "is:contained",
        "ip:192.0.2.8",
        "ip:::1/128",
        "trace:t",
        "event:SEND",
        "report nothing",
    ],
)
def test_what_is_not_so_is_not_found(text: str) -> None:
    assert not found(text)
    assert found(f"-({text})")


def test_about_the_unknown_no_term_is_true_and_its_negation_is() -> None:
    for term in ("a", "from:@b.example", "larger:1", "before:2026-01-01", "in:x"):
        assert not found(term, UNKNOWN)
        assert found(f"-{term}", UNKNOWN)
    assert not found("is:live OR is:read OR is:held OR ip:::/0", UNKNOWN)


def test_a_similar_term_must_be_resolved_before() -> None:
    with pytest.raises(KeyError):
        matches(parse("similar:<other@y>", now=NOW), MAIL)


def test_every_address_lies_in_the_network_of_all() -> None:
    assert found("ip:::/0")
    assert not found("ip:::/0", KnownFacts(client_ips=("unix",)))


def test_a_bounce_has_the_null_reverse_path() -> None:
    assert found("envelope-from:<>", KnownFacts(has_null_reverse_path=True))


@settings(max_examples=300)
@given(query_texts(), facts())
def test_the_canonical_text_finds_the_same(text: str, mail: KnownFacts) -> None:
    try:
        query = parse(text, now=NOW)
    except Invalid:
        return
    again = parse(format_query(query), now=NOW)
    assert matches(query, mail, similar=SIMILAR) == matches(
        again, mail, similar=SIMILAR
    )


@given(query_texts(), query_texts(), facts())
def test_operators_are_those_of_logic(one: str, other: str, mail: KnownFacts) -> None:
    try:
        a, b = parse(one, now=NOW).root, parse(other, now=NOW).root
    except Invalid:
        return
    left, right = (matches(Query(x), mail, similar=SIMILAR) for x in (a, b))
    assert matches(Query(And((a, b))), mail, similar=SIMILAR) == (left and right)
    assert matches(Query(Or((a, b))), mail, similar=SIMILAR) == (left or right)
    assert matches(Query(Not(a)), mail, similar=SIMILAR) != left
    assert matches(Query(All()), mail)


@given(query_texts(), facts())
def test_brackets_of_one_another_change_nothing(text: str, mail: KnownFacts) -> None:
    """`parse` simplifies; what it simplifies to must mean what was written."""
    try:
        plain = found(text, mail)
    except Invalid:
        return
    assert found(f"-(-({text}))", mail) == plain
    assert found(f"({text}) ({text})", mail) == plain
    assert found(f"({text}) OR ({text})", mail) == plain
