"""Every term: what it takes, what it becomes, and what it refuses."""

from datetime import UTC, datetime
from ipaddress import ip_network

import pytest

from postwarden.model.errors import Invalid
from postwarden.model.ledger import Event as LedgerEventName
from postwarden.model.queries import (
    AddressField,
    AddressMatch,
    After,
    AttachmentSha256,
    Before,
    Event,
    HasAttachment,
    InMailbox,
    Ip,
    Is,
    Larger,
    MessageId,
    Node,
    Not,
    NullReversePath,
    Sha256,
    Similar,
    SimilarTo,
    Smaller,
    TextField,
    TraceId,
    Trait,
    Words,
    parse,
)
from tests.unit.model.queries.strategies import NOW

HEX = "0123456789abcdef" * 4
RCPT, FROM = AddressField.FORWARD_PATH, AddressField.AUTHOR


def leaf(text: str) -> Node:
    return parse(text, now=NOW).root


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("from:ada", Words(TextField.AUTHOR, ("ada",))),
        ('to:"Ada L"*', Words(TextField.TO, ("ada", "l"), prefix=True)),
        ("cc:o'brien", Words(TextField.CC, ("o", "brien"))),
        ("from:Ada@Example.ORG", AddressMatch(FROM, "ada", "example.org")),
        ("from:<ada@example.org>", AddressMatch(FROM, "ada", "example.org")),
        ("to:@example.org", AddressMatch(AddressField.TO, None, "example.org")),
        ("cc:ada@exam*", AddressMatch(AddressField.CC, "ada", "exam", prefix=True)),
        ("rcpt:Straße@example.org", AddressMatch(RCPT, "strasse", "example.org")),
        ("rcpt:a@xn--bcher-kva.example", AddressMatch(RCPT, "a", "bücher.example")),
        (r'rcpt:"\"a b\"@example.org"', AddressMatch(RCPT, "a b", "example.org")),
        ("rcpt:AD*", AddressMatch(RCPT, "ad", None, prefix=True)),
        ("rcpt:<ad*", AddressMatch(RCPT, "ad", None, prefix=True)),
        ("rcpt:ada@*", AddressMatch(RCPT, "ada", "", prefix=True)),
        ("rcpt:@Exam*", AddressMatch(RCPT, None, "exam", prefix=True)),
        (
            "rcpt:@xn--bcher-kva.ex*",
            AddressMatch(RCPT, None, "bücher.ex", prefix=True),
        ),
        ("envelope-from:<>", NullReversePath()),
        (
            "envelope-from:a@example.org",
            AddressMatch(AddressField.REVERSE_PATH, "a", "example.org"),
        ),
        (
            "account:ada@example.org",
            AddressMatch(AddressField.ACCOUNT, "ada", "example.org"),
        ),
        (
            "domain:Example.org.",
            AddressMatch(AddressField.ACCOUNT, None, "example.org"),
        ),
        (
            "domain:@exam*",
            AddressMatch(AddressField.ACCOUNT, None, "exam", prefix=True),
        ),
        ("subject:Report", Words(TextField.SUBJECT, ("report",))),
        ("body:rep*", Words(TextField.BODY, ("rep",), prefix=True)),
        ("filename:invoice.pdf", Words(TextField.FILENAME, ("invoice", "pdf"))),
        ("message-id:<A@b>", MessageId("A@b")),
        ("message-id:A@b", MessageId("A@b")),
        ('message-id:"<a (b)@c>"', MessageId("a (b)@c")),
        (r'message-id:"<a\*b@c>"', MessageId("a*b@c")),
        ("message-id:<A*", MessageId("A", prefix=True)),
        ("in:INBOX", InMailbox("inbox")),
        ('in:"Sent Items"', InMailbox("sent items")),
        ("in:Archive/*", InMailbox("archive/", prefix=True)),
        ("has:Attachment", HasAttachment()),
        (f"attachment-sha256:{HEX.upper()}", AttachmentSha256(HEX)),
        (f"sha256:{HEX.upper()}", Sha256(HEX)),
        (f"similar:{HEX.upper()}", Similar(SimilarTo.SHA256, HEX)),
        ("similar:a@b", Similar(SimilarTo.MESSAGE_ID, "a@b")),
        ("similar:<a>", Similar(SimilarTo.MESSAGE_ID, "a")),
        (f"similar:<{HEX}>", Similar(SimilarTo.MESSAGE_ID, HEX)),
        ("similar:file:/tmp/A@b.eml", Similar(SimilarTo.FILE, "/tmp/A@b.eml")),
        ('similar:"file:/tmp/my mail"', Similar(SimilarTo.FILE, "/tmp/my mail")),
        ("is:read", Is(Trait.READ)),
        ("is:Unread", Not(Is(Trait.READ))),
        ("is:flagged", Is(Trait.FLAGGED)),
        ("is:answered", Is(Trait.ANSWERED)),
        ("is:live", Is(Trait.LIVE)),
        ("is:contained", Is(Trait.CONTAINED)),
        ("is:vaulted", Is(Trait.VAULTED)),
        ("is:held", Is(Trait.HELD)),
        ("event:deliver", Event("DELIVER")),
        ("trace:0Aa-_z", TraceId("0Aa-_z")),
        ("ip:192.0.2.7", Ip(ip_network("192.0.2.7/32"))),
        ("ip:192.0.2.7/24", Ip(ip_network("192.0.2.0/24"))),
        ("ip:2001:db8::/32", Ip(ip_network("2001:db8::/32"))),
        ("ip:::ffff:192.0.2.7", Ip(ip_network("192.0.2.7/32"))),
        ("ip:::ffff:192.0.2.0/120", Ip(ip_network("192.0.2.0/24"))),
        ("ip:::/0", Ip(ip_network("::/0"))),
    ],
)
def test_a_term_becomes_a_leaf(text: str, node: Node) -> None:
    assert leaf(text) == node


@pytest.mark.parametrize("name", [name.value for name in LedgerEventName])
def test_every_ledger_event_can_be_asked_for(name: str) -> None:
    assert leaf(f"event:{name}") == Event(name)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-21", datetime(2026, 11, 21, tzinfo=UTC)),
        ("2026-11-21T14:30", datetime(2026, 11, 21, 14, 30, tzinfo=UTC)),
        ("2026-11-21t14:30:15z", datetime(2026, 11, 21, 14, 30, 15, tzinfo=UTC)),
        (
            "2026-11-21T14:30:15.25",
            datetime(2026, 11, 21, 14, 30, 15, 250_000, tzinfo=UTC),
        ),
        ("2026-11-21T00:30+01:00", datetime(2026, 11, 20, 23, 30, tzinfo=UTC)),
    ],
)
def test_days_and_times_are_utc(text: str, instant: datetime) -> None:
    assert leaf(f"before:{text}") == Before(instant)
    assert leaf(f"after:{text}") == After(instant)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("0s", NOW),
        ("15s", datetime(2026, 11, 21, 12, 30, tzinfo=UTC)),
        ("30m", datetime(2026, 11, 21, 12, 0, 15, tzinfo=UTC)),
        ("2h", datetime(2026, 11, 21, 10, 30, 15, tzinfo=UTC)),
        ("7d", datetime(2026, 11, 14, 12, 30, 15, tzinfo=UTC)),
        ("1w", datetime(2026, 11, 14, 12, 30, 15, tzinfo=UTC)),
        ("1y", datetime(2025, 11, 21, 12, 30, 15, tzinfo=UTC)),
    ],
)
def test_durations_count_back_from_now(text: str, instant: datetime) -> None:
    assert leaf(f"older:{text}") == Before(instant)
    assert leaf(f"newer:{text}") == After(instant)


@pytest.mark.parametrize(
    ("text", "octets"),
    [
        ("1", 1),
        ("5k", 5 * 1024),
        ("5KB", 5 * 1024),
        ("5KiB", 5 * 1024),
        ("5M", 5 * 1024**2),
        ("5mib", 5 * 1024**2),
        ("5G", 5 * 1024**3),
    ],
)
def test_sizes_are_powers_of_1024(text: str, octets: int) -> None:
    assert leaf(f"larger:{text}") == Larger(octets)
    assert leaf(f"smaller:{text}") == Smaller(octets)


@pytest.mark.parametrize(
    "text",
    [
        "from:ada@",
        'from:"Ada <ada@example.org>"',
        "from:@exa_mple..org",
        "rcpt:ada",
        "rcpt:@*",
        "rcpt:<>",
        "rcpt:@xn--b*",
        "rcpt:@exam/ple*",
        r'rcpt:"\"a b\"@exam"*',
        "rcpt:" + "a" * 65 + "@example.org",
        "message-id:<>",
        'message-id:"<a@b>"*',
        "before:2026-02-30",
        "before:2026-11",
        "before:20261121",
        "before:2026-W47-6",
        "before:0001-01-01T00:00+01:00",
        "before:2026-11-21*",
        "after:yesterday",
        "after:٢٠٢٦-01-01",
        "older:7",
        "older:7D",
        "older:7mo",
        "older:-7d",
        "older:9999y",
        "older:999999999999y",
        "newer:2026-01-01",
        "larger:1.5M",
        "larger:M",
        "larger:-1",
        "larger:5T",
        "larger:9999999999999999999",
        "smaller:9999999999G",
        "has:image",
        "sha256:abc",
        f"sha256:{HEX}*",
        f"sha256:{HEX[:-1]}g",
        f"attachment-sha256:{HEX}0",
        "similar:abc",
        "similar:<>",
        "similar:file:",
        "similar:a@b*",
        "is:new",
        "is:rea*",
        "event:LOST",
        "event:DEL*",
        "trace:a/b",
        "trace:" + "a" * 65,
        "ip:192.0.2.256",
        "ip:192.0.2.*",
        "ip:fe80::1%eth0",
        "ip:example.org",
        "ip:5",
    ],
)
def test_a_value_that_means_nothing_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        leaf(text)
    assert caught.value.field == text.partition(":")[0]
