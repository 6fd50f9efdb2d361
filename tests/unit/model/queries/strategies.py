"""Texts of the QUERY language, well-formed and not, and facts to try them on."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from postwarden.model.queries import AddressField, TextField, word_line
from postwarden.model.queries.readers import READERS

NOW = datetime(2026, 11, 21, 12, 30, 15, tzinfo=UTC)
DIGESTS = ["a" * 64, "b" * 64]
WORDS = ["budget", "report", "Straße", "office", "会议", "naïve", "2026", "bud"]
ADDRESSES = ["ada@example.org", "Bob@example.org", "ada@bücher.example"]


@dataclass(frozen=True, kw_only=True)
class KnownFacts:
    """Facts as values; texts as people write them, addresses as keys."""

    texts: Mapping[TextField, tuple[str, ...]] = field(default_factory=dict)
    keys: Mapping[AddressField, tuple[str, ...]] = field(default_factory=dict)
    message_id: str | None = None
    sha256: str | None = None
    size: int | None = None
    attachment_sha256: Collection[str] = ()
    time: datetime | None = None
    mailbox: str | None = None
    flags: Collection[str] = ()
    state: str | None = None
    is_held: bool = False
    has_null_reverse_path: bool = False
    client_ips: Collection[str] = ()
    trace_ids: Collection[str] = ()
    event: str | None = None

    def word_lines(self, field: TextField) -> list[str]:
        assert field is not TextField.TEXT
        return [word_line(text) for text in self.texts.get(field, ())]

    def address_keys(self, field: AddressField) -> tuple[str, ...]:
        return self.keys.get(field, ())


def _after(prefix: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return values.map(lambda value: prefix + value)


def _phrases() -> st.SearchStrategy[str]:
    words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=3)
    quoted = words.map(lambda words: f'"{" ".join(words)}"')
    return st.one_of(st.sampled_from(WORDS), quoted).flatmap(
        lambda text: st.sampled_from([text, f"{text}*"])
    )


def _addresses() -> st.SearchStrategy[str]:
    return st.sampled_from(
        [*ADDRESSES, "@example.org", "@xn--bcher-kva.example", "ad*", "@exam*", "ada@*"]
    )


def _times() -> st.SearchStrategy[str]:
    return st.datetimes(datetime(1990, 1, 1), datetime(2040, 1, 1)).map(  # noqa: DTZ001  naive: as it is written
        lambda instant: instant.isoformat()
    )


def terms() -> st.SearchStrategy[str]:
    """Well-formed terms of every kind."""
    durations = st.tuples(st.integers(0, 500), st.sampled_from("smhdwy"))
    return st.one_of(
        _phrases(),
        *(_after(f"{n}:", _phrases()) for n in ("from", "to", "subject", "filename")),
        *(_after(f"{n}:", _addresses()) for n in ("from", "cc", "rcpt", "account")),
        st.sampled_from(["envelope-from:<>", "domain:example.org", "has:attachment"]),
        *(_after(f"{name}:", _times()) for name in ("before", "after")),
        _after("older:", durations.map(lambda pair: f"{pair[0]}{pair[1]}")),
        *(
            _after(f"{name}:", st.integers(1, 5000).map(str))
            for name in ("larger", "smaller")
        ),
        _after("is:", st.sampled_from(["read", "unread", "flagged", "live", "held"])),
        _after("in:", st.sampled_from(["INBOX", '"Sent Items"', "arch*"])),
        st.sampled_from(["message-id:<x@y>", "message-id:x*", "ip:192.0.2.0/24"]),
        st.sampled_from(
            ["ip:::1", "trace:t1", "event:deliver", f"sha256:{DIGESTS[0]}"]
        ),
        st.sampled_from([f"similar:{DIGESTS[1]}", "similar:<x@y>"]),
    )


def query_texts() -> st.SearchStrategy[str]:
    """Well-formed texts; some match everything and are refused for that."""
    return st.recursive(
        terms(),
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=4).map(" ".join),
            st.lists(inner, min_size=2, max_size=4).map(" OR ".join),
            inner.map(lambda text: f"({text})"),
            inner.map(lambda text: f"-({text})"),
        ),
        max_leaves=12,
    )


def hostile_texts() -> st.SearchStrategy[str]:
    """What is hardly ever a query, made of the pieces of queries."""
    pieces = st.one_of(
        st.sampled_from([f"{name}:" for name in READERS]),
        st.sampled_from([*'"*()-\\@<>:._ \t', " OR ", " AND ", "all", '"\\"']),
        st.sampled_from(["\u0301", "\u0345", "ΐ", "ﷺ", "\u200b", "\u00a0", "\ud800"]),
        terms(),
        st.characters(),
        st.text(max_size=5),
    )
    return st.lists(pieces, max_size=12).map("".join)


def facts() -> st.SearchStrategy[KnownFacts]:
    """Facts which the terms of `query_texts` have a fair chance to match."""
    texts = st.lists(st.sampled_from(WORDS), max_size=6).map(", ".join)
    keys = st.lists(
        st.sampled_from(["example.org/ada", "example.org/bob", "bücher.example/ada"]),
        max_size=2,
    ).map(tuple)
    return st.builds(
        KnownFacts,
        texts=st.dictionaries(
            st.sampled_from([f for f in TextField if f is not TextField.TEXT]),
            st.lists(texts, max_size=2).map(tuple),
        ),
        keys=st.dictionaries(st.sampled_from(AddressField), keys),
        message_id=st.sampled_from([None, "<x@y>", "x1@y"]),
        sha256=st.sampled_from(DIGESTS),
        size=st.integers(1, 5000),
        attachment_sha256=st.lists(st.sampled_from(DIGESTS), max_size=1),
        time=st.integers(-10_000, 10_000).map(
            lambda hours: NOW + timedelta(hours=hours)
        ),
        mailbox=st.sampled_from(["INBOX", "Sent Items", "Archive/2026"]),
        flags=st.lists(st.sampled_from(["\\Seen", "\\Flagged", "$Junk"])),
        state=st.sampled_from(["live", "contained", "vaulted"]),
        is_held=st.booleans(),
        has_null_reverse_path=st.booleans(),
        client_ips=st.lists(st.sampled_from(["192.0.2.7", "::ffff:192.0.2.8", "::1"])),
        trace_ids=st.lists(st.sampled_from(["t1", "t2"])),
        event=st.sampled_from([None, "DELIVER", "READ"]),
    )
