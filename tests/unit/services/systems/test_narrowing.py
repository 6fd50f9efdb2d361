"""What of a query another system is asked: never less than the query finds."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from postwarden.model.errors import Invalid
from postwarden.model.queries import Query, matches, parse
from postwarden.services.ingest import read_message
from postwarden.services.ports.systems import Narrowing, RemoteCopy
from postwarden.services.systems.facts import RemoteFacts
from postwarden.services.systems.narrowing import narrowing_of

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def narrowing(text: str) -> Narrowing:
    return narrowing_of(parse(text, now=NOW), {})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("message-id:<a@b>", Narrowing(message_ids=frozenset({"a@b"}))),
        (
            "message-id:a@b OR message-id:c@d",
            Narrowing(message_ids=frozenset({"a@b", "c@d"})),
        ),
        ("message-id:a@b OR subject:x", Narrowing()),
        ("message-id:a*", Narrowing()),
        ("-message-id:a@b", Narrowing()),
        (
            'subject:"Quarterly Report"',
            Narrowing(subject_words=("quarterly", "report")),
        ),
        ("subject:r\u00e9sum\u00e9", Narrowing()),
        (
            "account:Ada@example.org",
            Narrowing(accounts=frozenset({"ada@example.org"})),
        ),
        ("domain:example.org body:x", Narrowing(domains=frozenset({"example.org"}))),
        (
            "account:a@b.example OR account:@c.example",
            Narrowing(),
        ),
        (
            "larger:5M newer:2h",
            Narrowing(larger=5 << 20, after=NOW - timedelta(hours=2)),
        ),
        ("has:attachment smaller:9", Narrowing(has_attachment=True, smaller=9)),
        ("all", Narrowing()),
    ],
)
def test_a_query_comes_down_to_conditions_that_all_hold(
    text: str, wanted: Narrowing
) -> None:
    assert narrowing(text) == wanted


TERMS = st.sampled_from(
    [
        *("message-id:1@x", "message-id:2@x", "subject:alpha", "subject:beta"),
        *("account:ada@example.org", "account:bob@example.net", "domain:example.org"),
        *("after:2026-11-20", "before:2026-11-20", "larger:150", "smaller:150"),
        *("has:attachment", "is:read", "body:word", "from:eve@example.com"),
    ]
)
QUERIES = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda p: f"({p[0]} {p[1]})"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]} OR {p[1]})"),
        inner.map(lambda p: f"-{p}" if not p.startswith("-") else p),
    ),
    max_leaves=6,
)
COPIES = st.builds(
    lambda number, subject, account, day, body: (
        RemoteCopy(
            account=account,
            mailbox="INBOX",
            reference="r",
            size=0,
            internal_date=datetime(2026, 11, day, tzinfo=UTC),
            message_id=None,
            subject="",
            author="",
        ),
        (
            f"Message-ID: <{number}@x>\r\nSubject: {subject}\r\n"
            f"From: eve@example.com\r\n\r\n{body}\r\n"
        ).encode(),
    ),
    st.integers(1, 3),
    st.sampled_from(["Alpha", "beta alpha", "gamma"]),
    st.sampled_from(["ada@example.org", "bob@example.net"]),
    st.integers(18, 22),
    st.sampled_from(["word", "w" * 120]),
)


@given(text=QUERIES, copy=COPIES)
def test_no_copy_that_a_query_finds_is_narrowed_away(
    text: str, copy: tuple[RemoteCopy, bytes]
) -> None:
    try:
        query: Query = parse(text, now=NOW)
    except Invalid:  # it matches everything, or nothing
        reject()
    of, content = copy
    message, texts = read_message(bytes(32), content)
    if matches(query, RemoteFacts(of, message, texts)):
        assert _passes(narrowing_of(query, {}), of, content)


def _passes(wanted: Narrowing, copy: RemoteCopy, content: bytes) -> bool:
    """A plain reading of what each condition says."""
    message, _ = read_message(bytes(32), content)
    domain = copy.account.partition("@")[2]
    return all(
        (
            wanted.message_ids is None or message.message_id in wanted.message_ids,
            all(word in message.subject.lower() for word in wanted.subject_words),
            wanted.accounts is None or copy.account in wanted.accounts,
            wanted.domains is None or domain in wanted.domains,
            wanted.after is None or copy.internal_date >= wanted.after,
            wanted.before is None or copy.internal_date < wanted.before,
            wanted.larger is None or len(content) > wanted.larger,
            wanted.smaller is None or len(content) < wanted.smaller,
            not wanted.has_attachment or bool(message.attachments),
        )
    )
