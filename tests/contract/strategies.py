"""Small random stores, and random queries with a fair chance to match in them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import ip_network
from typing import Final, TypeVar

from hypothesis import strategies as st

from postwarden.model.addresses import Address
from postwarden.model.envelopes import Envelope, EnvelopeRecipient
from postwarden.model.ledger import Event as LedgerEventName
from postwarden.model.ledger import LedgerEvent
from postwarden.model.mailboxes import Copy, CopyState, Flag
from postwarden.model.messages import NewMessage, SearchText
from postwarden.model.queries import (
    AddressField,
    AddressMatch,
    After,
    All,
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
    NullReversePath,
    Query,
    Sha256,
    Similar,
    SimilarTo,
    Smaller,
    TextField,
    TraceId,
    Trait,
    Words,
    all_of,
    any_of,
    mailbox_key,
    negated,
    words_of,
)
from postwarden.model.tracking import LogRow
from postwarden.services.ports import References
from postwarden.services.ports.mail import SimilarSets
from tests.support.factories import (
    NOW,
    account,
    addresses,
    attachment,
    digest,
    envelope,
    ledger_event,
    log_row,
    message,
    search_text,
)
from tests.support.worlds import World

T = TypeVar("T")

OWNERS: Final = addresses(
    "ada@example.org", "ada@example.net", "Bob@example.org", "straße@bücher.example"
)
ADDRESSES: Final = (
    *OWNERS,
    *addresses(
        "adam@example.org",
        "ada@example.orgs",
        "ada@example",
        "ada@xn--bcher-kva.example",
        '"a/da"@example.org',
        '"a%_"@example.org',
        "ADA@[192.0.2.1]",
        "\U0010fffda@example.org",
    ),
)
MAILBOXES: Final = ("INBOX", "Inbox/a", "Straße", "STRASSE/b", "E\u0301te", "a%", "a_")
MESSAGE_IDS: Final = (
    "a@x",
    "A@x",
    "ab@x",
    "<a@x>",
    " a@x",
    "a\U0010ffffb",
    "a\ud7ffb",
    "a%",
    "é",
)
DIGESTS: Final = tuple(map(digest, "abcd"))
SIZES: Final = (0, 1, 2, 1000, 2**40)
TIMES: Final = tuple(
    NOW + timedelta(microseconds=n) for n in (-(10**12), -1, 0, 1, 10**12)
)
CLIENTS: Final = (
    *("192.0.2.7", "192.0.2.8", "::ffff:192.0.2.7", "2001:db8::7", "fe80::1%eth0"),
    *("", "unknown", "255.255.255.255", "::"),
)
NETWORKS: Final = tuple(
    map(
        ip_network,
        (
            *("192.0.2.7/32", "192.0.2.0/24", "0.0.0.0/0", "2001:db8::/32", "::/0"),
            *("::/128", "fe80::1/128", "::ffff:c000:200/120", "255.255.255.255/32"),
        ),
    )
)
STATES: Final = (tuple(CopyState), (CopyState.LIVE,), tuple(CopyState)[1:], ())
TRACES: Final = ("t1", "T1", "t2")
TEXTS: Final = (
    *("Invoice 4711", "the invoice, the", "in voice", "naïve NAI\u0308VE", "Straße"),
    *("東京会議", "ﬁnal of\u00adfice", "สวัสดี", "x_y x-y x.y", "AND OR NOT NEAR"),
    *("a" * 300, "a" * 255, "\U0001d4d0\U0001d4d1", '"quoted" *', "4711 invoice"),
)
LEAVES: Final = (
    Similar(SimilarTo.SHA256, DIGESTS[0].hex()),
    Similar(SimilarTo.MESSAGE_ID, "a@x"),
    Similar(SimilarTo.FILE, "/some/mail.eml"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A store, and what it is asked."""

    world: World
    queries: tuple[Query, ...]
    states: tuple[CopyState, ...]
    similar: SimilarSets


def _one(values: Sequence[T]) -> st.SearchStrategy[T]:
    return st.sampled_from(values)


def _some(values: Sequence[T], most: int = 3) -> st.SearchStrategy[frozenset[T]]:
    return st.frozensets(st.sampled_from(values), max_size=most)


def _texts() -> st.SearchStrategy[str]:
    pieces = st.one_of(st.sampled_from(TEXTS), st.text(max_size=4))
    return st.lists(pieces, max_size=3).map(" ".join)


@st.composite
def _messages(draw: st.DrawFn, sha256: bytes) -> NewMessage:
    fields = st.tuples(st.sampled_from(["from", "to", "cc"]), _addresses().map(_key))
    return message(
        "",
        sha256=sha256,
        size=draw(_one(SIZES)),
        message_id=draw(_one((None, *MESSAGE_IDS))),
        fingerprint=draw(_one((None, *DIGESTS))),
        content_fingerprint=draw(_one((None, *DIGESTS))),
        header_addresses=draw(st.lists(fields, max_size=3).map(tuple)),
        attachments=tuple(
            attachment(sha256=each)
            for each in draw(st.lists(_one(DIGESTS), max_size=2))
        ),
    )


@st.composite
def _search_texts(draw: st.DrawFn, number: int) -> SearchText:
    fields = ("subject", "body", "author", "header_to", "cc", "filenames")
    return search_text(number, **{field: draw(_texts()) for field in fields})


@st.composite
def _envelopes(draw: st.DrawFn) -> Envelope:
    to = draw(st.lists(st.sampled_from(ADDRESSES), min_size=1, max_size=3))
    said = envelope(reverse_path=draw(st.one_of(st.none(), _addresses())))
    return replace(
        said,
        recipients=tuple(EnvelopeRecipient(forward_path=each) for each in to),
        peer=replace(said.peer, ip=draw(st.sampled_from(CLIENTS))),
    )


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Stores of a few rows each."""
    owners = draw(st.lists(_addresses(), min_size=2, max_size=4, unique_by=_key))
    boxes = st.tuples(st.integers(1, len(owners)), st.sampled_from(MAILBOXES))
    mailboxes = draw(st.lists(boxes, min_size=2, max_size=5, unique=True))
    hashes = draw(
        st.lists(st.sampled_from(DIGESTS), min_size=2, max_size=4, unique=True)
    )
    messages = [draw(_messages(sha256)) for sha256 in hashes]
    numbers = st.integers(1, len(messages))
    receptions = draw(
        st.lists(
            st.tuples(st.sampled_from(TRACES), numbers, _envelopes()),
            min_size=1,
            max_size=3,
        )
    )
    count = draw(st.integers(4, 9))
    log_rows = tuple(draw(_log_rows(n)) for n in range(draw(st.integers(0, 3))))
    copies = [
        draw(_copies(n, mailboxes, len(messages), receptions)) for n in range(1, count)
    ]
    return World(
        accounts=tuple(map(account, owners)),
        mailboxes=tuple(mailboxes),
        messages=tuple(messages),
        texts=tuple(draw(_search_texts(n)) for n in range(1, len(messages) + 1)),
        indexed=draw(st.integers(0, len(messages))),
        receptions=tuple(receptions),
        copies=tuple(copies),
        events=tuple(
            draw(
                st.lists(
                    _events(len(owners), len(messages), len(log_rows)),
                    min_size=3,
                    max_size=8,
                )
            )
        ),
        log_rows=log_rows,
        removed=draw(st.sets(st.integers(1, len(mailboxes)), max_size=1).map(tuple)),
        held=draw(st.sets(st.integers(1, count), max_size=3).map(tuple)),
    )


def _addresses() -> st.SearchStrategy[Address]:
    return st.one_of(st.sampled_from(OWNERS), st.sampled_from(ADDRESSES))


def _key(address: Address) -> str:
    return address.key


@st.composite
def _copies(
    draw: st.DrawFn,
    uid: int,
    mailboxes: Sequence[tuple[int, str]],
    messages: int,
    receptions: Sequence[tuple[str, int, Envelope]],
) -> Copy:
    mailbox = draw(st.integers(1, len(mailboxes)))
    reception = draw(st.integers(0, len(receptions))) or None
    recipient = None
    if reception is not None:
        recipients = receptions[reception - 1][2].recipients
        recipient = draw(st.one_of(st.none(), st.integers(0, len(recipients))))
    flags = draw(st.integers(0, 31))
    return Copy(
        id=0,
        account=mailboxes[mailbox - 1][0],
        mailbox=mailbox,
        uid=uid,
        message=draw(st.integers(1, messages)),
        flags=Flag(flags),
        keywords=(),
        internal_date=draw(st.sampled_from(TIMES)),
        save_date=NOW,
        modseq=1,
        size=1,
        state=draw(st.sampled_from(CopyState)),
        reception=reception,
        recipient=recipient,
    )


@st.composite
def _log_rows(draw: st.DrawFn, number: int) -> LogRow:
    return log_row(
        str(number),
        message_id=draw(_one((None, *MESSAGE_IDS))),
        subject=draw(_texts()),
        sender=draw(_texts()),
        sender_address=draw(st.one_of(st.none(), _addresses())),
        size=draw(_one((None, *SIZES))),
    )


@st.composite
def _events(
    draw: st.DrawFn, accounts: int, messages: int, log_rows: int
) -> LedgerEvent:
    addresses_or_none = st.one_of(st.none(), _addresses())
    row = draw(st.sampled_from((None, *range(1, log_rows + 1))))
    return ledger_event(
        draw(st.sampled_from(list(LedgerEventName)[:3])),
        time=draw(st.sampled_from(TIMES)),
        trace_id=draw(st.sampled_from(TRACES)),
        message=draw(st.integers(0, messages if row is None else 0)) or None,
        log_row=row,
        has_envelope=draw(st.booleans()),
        reverse_path=draw(addresses_or_none),
        forward_path=draw(addresses_or_none),
        account=draw(st.one_of(st.none(), st.integers(1, accounts))),
        mailbox=draw(st.one_of(st.none(), st.sampled_from(MAILBOXES))),
        client_ip=draw(st.sampled_from((None, *CLIENTS))),
    )


@st.composite
def _words(draw: st.DrawFn, texts: Sequence[str]) -> Words:
    words = words_of(draw(st.sampled_from([*texts, *TEXTS])))
    words = words or ["invoice"]
    first = draw(st.integers(0, len(words) - 1))
    chosen = words[first : first + draw(st.integers(1, 3))]
    prefix = draw(st.booleans())
    if prefix:
        chosen[-1] = chosen[-1][: draw(st.integers(1, 3))]
    return Words(draw(st.sampled_from(TextField)), tuple(chosen), prefix=prefix)


@st.composite
def _address_matches(draw: st.DrawFn) -> AddressMatch:
    field = draw(st.sampled_from(AddressField))
    domain, _, local_key = draw(_addresses()).key.partition("/")
    beginning = draw(st.integers(0, 4))
    parts: tuple[str | None, str | None, bool] = draw(
        st.sampled_from(
            [
                (local_key, domain, False),
                (None, domain, False),
                (local_key[: beginning + 1], None, True),
                (local_key, domain[:beginning], True),
                (None, domain[: beginning + 1], True),
            ]
        )
    )
    return AddressMatch(field, *parts)


@st.composite
def _begun(draw: st.DrawFn, values: Sequence[str]) -> tuple[str, bool]:
    """A value, or the beginning of one with True."""
    value = draw(st.sampled_from(values))
    if draw(st.booleans()):
        return value, False
    return value[: draw(st.integers(1, 3))], True


def _leaves(texts: Sequence[str]) -> st.SearchStrategy[Node]:
    names = [mailbox_key(name) for name in MAILBOXES]
    hexadecimal = [each.hex() for each in DIGESTS]
    return st.one_of(
        _words(texts),
        _words(texts),
        _address_matches(),
        _address_matches(),
        st.just(NullReversePath()),
        st.just(HasAttachment()),
        _begun(MESSAGE_IDS).map(lambda pair: MessageId(*pair)),
        _begun(names).map(lambda pair: InMailbox(*pair)),
        st.sampled_from(hexadecimal).map(Sha256),
        st.sampled_from(hexadecimal).map(AttachmentSha256),
        st.sampled_from(LEAVES),
        st.sampled_from(SIZES).map(Larger),
        st.sampled_from(SIZES).map(Smaller),
        st.sampled_from(TIMES).map(Before),
        st.sampled_from(TIMES).map(After),
        st.sampled_from(Trait).map(Is),
        st.sampled_from(NETWORKS).map(Ip),
        st.sampled_from(TRACES).map(TraceId),
        st.sampled_from(list(LedgerEventName)[:3]).map(
            lambda event: Event(event.value)
        ),
    )


def queries(texts: Sequence[str]) -> st.SearchStrategy[Query]:
    """Queries in canonical form, with words of these texts."""
    trees = st.recursive(
        _leaves(texts),
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=4).map(all_of),
            st.lists(inner, min_size=2, max_size=4).map(any_of),
            inner.map(negated),
        ),
        max_leaves=8,
    )
    return st.one_of(trees, st.just(All())).map(Query)


@st.composite
def _references(draw: st.DrawFn) -> References:
    return References(
        sha256s=draw(_some(DIGESTS)),
        fingerprints=draw(_some(DIGESTS)),
        content_fingerprints=draw(_some(DIGESTS)),
        message_ids=draw(_some(MESSAGE_IDS, 1)),
        messages=draw(_some((1, 2, 99), 1)),
    )


@st.composite
def asked(draw: st.DrawFn) -> Asked:
    """A store and some queries, which the store can answer one after the other."""
    world = draw(worlds())
    texts = [
        line
        for text in world.texts
        for line in (text.subject, text.body, text.author, text.filenames)
    ] + [text for row in world.log_rows for text in (row.subject, row.sender)]
    return Asked(
        world=world,
        queries=tuple(draw(st.lists(queries(texts), min_size=15, max_size=25))),
        states=draw(st.sampled_from(STATES)),
        similar=draw(st.dictionaries(st.sampled_from(LEAVES), _references())),
    )
