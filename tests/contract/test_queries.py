"""find and trace: what each term of a query finds in one small, rich store."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from postwarden.model.addresses import Address
from postwarden.model.envelopes import Envelope
from postwarden.model.ledger import Event, LedgerEvent
from postwarden.model.mailboxes import Copy, CopyState, Flag
from postwarden.model.messages import AttachedMessage, NewMessage
from postwarden.model.queries import Query, parse
from postwarden.services.finding import resolve_similar
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import (
    NOW,
    account,
    addresses,
    attachment,
    digest,
    envelope,
    ledger_event,
    message,
    search_text,
)
from tests.support.stores import Adapter
from tests.support.worlds import World, build

ADA, BOB, CAROL, DAVE, ADA_NET = OWNERS = addresses(
    "ada@example.org",
    "Bob@example.org",
    "carol@example.net",
    "dave@bücher.example",
    "ada@example.net",
)
EVE, MALLORY, NEWS, SALES = addresses(
    "eve@evil.example",
    "Mallory@evil.example",
    "news@bücher.example",
    "sales@example.org",
)

MAILBOXES = (
    (1, "INBOX"),
    (1, "Archive/2026"),
    (2, "INBOX"),
    (2, "Trash"),
    (3, "INBOX"),
    (4, "Entwu\u0308rfe"),  # decomposed, as some clients write it
    (5, "INBOX"),
    (1, "Gone"),
)


def mail(
    name: str, author: Address, *to: Address, cc: str = "", **more: object
) -> NewMessage:
    fields = [("from", author.key), *(("to", each.key) for each in to)]
    if cc:
        fields.append(("cc", Address.parse(cc).key))
    whole: dict[str, object] = {"header_addresses": tuple(fields), **more}
    return message(name, **whole)


FILES = (attachment("invoice.pdf"), attachment("Annual report 2026.docx"))
CAMPAIGN = digest("campaign")
INVOICE = mail(
    "invoice",
    EVE,
    ADA,
    BOB,
    cc="carol@example.net",
    size=3 * 2**20,
    message_id="Invoice-1@evil.example",
    content_fingerprint=CAMPAIGN,
    attachments=FILES,
)
MESSAGES = (
    INVOICE,
    mail(
        "resent",
        EVE,
        CAROL,
        size=3 * 2**20 + 7,
        message_id="Invoice-2@evil.example",
        fingerprint=INVOICE.fingerprint,
        content_fingerprint=CAMPAIGN,
        attachments=FILES[:1],
    ),
    mail("variant", MALLORY, DAVE, size=5000, content_fingerprint=CAMPAIGN),
    mail("forged", BOB, ADA, size=500, message_id=INVOICE.message_id),
    mail("news", NEWS, Address.parse("List@example.net"), size=2048),
    mail(
        "forward",
        ADA,
        BOB,
        size=10000,
        references=("Invoice-1@evil.example",),
        attached_messages=(
            AttachedMessage(
                sha256=INVOICE.sha256,
                message_id=INVOICE.message_id,
                fingerprint=INVOICE.fingerprint,
                content_fingerprint=INVOICE.content_fingerprint,
            ),
        ),
    ),
    mail(
        "bounce",
        Address.parse("MAILER-DAEMON@example.org"),
        ADA,
        size=100,
        message_id=None,
        date=None,
        fingerprint=None,
        content_fingerprint=None,
    ),
    # No character comes behind the last of this one's prefixes.
    mail("late", EVE, BOB, size=1024, message_id="Invoice-\U0010ffff@evil.example"),
)
TEXTS = (
    search_text(
        1,
        subject="Invoice 4711 overdue!",
        body="Dear Ada, please pay the invoice now. Naïve café",
        author="Eve Doe <eve@evil.example>",
        header_to="Ada L. <ada@example.org>, bob@example.org",
        cc='"Carol, CFO" <carol@example.net>',
        filenames="invoice.pdf between Annual report 2026.docx",
    ),
    search_text(
        2, subject="Invoice 4711 overdue!", author="Eve Doe", filenames="invoice.pdf"
    ),
    search_text(3, subject="Invoice 4711 overdue!", author="Mallory"),
    search_text(4, subject="Lunch?", body="the invoice is paid", author="bob"),
    search_text(
        5,
        subject="\u00dcberraschung: Bu\u0308ro-STRASSE",
        body="東京会議 ﬁnal of\u00adfice",
        author="B\u00fccher News",
    ),
    search_text(6, subject="Fwd: Invoice 4711", body="see attached"),
    search_text(7, subject="Undelivered Mail Returned", body="invoices"),
    search_text(8, subject="Invoice, not indexed yet"),
)


def sent(reverse_path: Address | None, ip: str, *to: Address) -> Envelope:
    said = envelope(*to, reverse_path=reverse_path)
    return replace(said, peer=replace(said.peer, ip=ip))


RECEPTIONS = (
    ("t-invoice", 1, sent(EVE, "192.0.2.7", ADA, SALES)),
    ("t-resent", 2, sent(EVE, "2001:db8::7", CAROL)),
    ("t-variant", 3, sent(MALLORY, "::ffff:192.0.2.99", DAVE)),
    ("t-bounce", 7, sent(None, "", ADA)),
    ("t-news", 5, sent(NEWS, "198.51.100.3", ADA_NET, DAVE)),
)


def lies(
    mailbox: int,
    number: int,
    date: str,
    *flags: Flag,
    state: CopyState = CopyState.LIVE,
    brought: tuple[int, int] | None = None,
) -> Copy:
    together = Flag(0)
    for flag in flags:
        together |= flag
    return Copy(
        id=0,
        account=MAILBOXES[mailbox - 1][0],
        mailbox=mailbox,
        uid=0,
        message=number,
        flags=together,
        keywords=("$Junk", "Seen"),
        internal_date=datetime.fromisoformat(date).replace(tzinfo=UTC),
        save_date=NOW,
        modseq=1,
        size=1,
        state=state,
        reception=brought[0] if brought else None,
        recipient=brought[1] if brought else None,
    )


COPIES = {
    "a": lies(1, 1, "2026-11-20T10:00", Flag.SEEN, brought=(1, 0)),
    "b": lies(3, 1, "2026-11-20T10:00", brought=(1, 1)),
    "c": lies(
        2,
        1,
        "2026-11-20T10:00",
        Flag.SEEN,
        Flag.FLAGGED,
        state=CopyState.CONTAINED,
        brought=(1, 0),
    ),
    "d": lies(5, 2, "2026-11-20T11:00", brought=(2, 0)),
    "e": lies(6, 3, "2026-11-21T00:00", Flag.ANSWERED, brought=(3, 0)),
    "f": lies(1, 4, "2026-11-01T00:00", Flag.SEEN),
    "g": lies(7, 5, "2026-11-14T12:00", Flag.FLAGGED, brought=(5, 0)),
    "h": lies(6, 5, "2026-11-14T12:00", state=CopyState.VAULTED, brought=(5, 1)),
    "i": lies(4, 6, "2026-10-01T00:00", Flag.SEEN, Flag.DELETED),
    "j": lies(2, 6, "2026-10-01T00:00", Flag.SEEN),
    "k": lies(1, 7, "2026-11-21T11:59:59.999999", brought=(4, 0)),
    "l": lies(3, 8, "2026-11-21T12:00"),
    "m": lies(8, 4, "2026-01-01T00:00", state=CopyState.VAULTED),
}
EVERY = "".join(COPIES)


def happened(event: Event, trace_id: str, **more: object) -> LedgerEvent:
    whole: dict[str, object] = {"trace_id": trace_id, **more}
    return replace(ledger_event(event), **whole)  # type: ignore[arg-type]  # fields by name


def received(trace_id: str, number: int, **more: object) -> LedgerEvent:
    whole: dict[str, object] = {"message": number, "has_envelope": True, **more}
    return happened(Event.RECEIVE, trace_id, **whole)


EVENTS = {
    "R": received(
        "t-invoice", 1, reverse_path=EVE, forward_path=ADA, client_ip="192.0.2.7"
    ),
    "S": received(
        "t-invoice", 1, reverse_path=EVE, forward_path=SALES, client_ip="192.0.2.7"
    ),
    "D": happened(
        Event.DELIVER,
        "t-invoice",
        message=1,
        has_envelope=True,
        reverse_path=EVE,
        forward_path=ADA,
        account=1,
        mailbox="INBOX",
        uid=1,
        copy=1,
        client_ip="192.0.2.7",
    ),
    "E": happened(
        Event.DELIVER,
        "t-invoice",
        message=1,
        has_envelope=True,
        reverse_path=EVE,
        forward_path=SALES,
        account=2,
        mailbox="INBOX",
        copy=2,
        time=NOW + timedelta(seconds=1),
    ),
    "N": received("t-bounce", 7, forward_path=ADA),
    "V": received("t-variant", 3, reverse_path=MALLORY, client_ip="::ffff:192.0.2.99"),
    "M": happened(
        Event.MOVE,
        "t-invoice",
        message=1,
        account=1,
        mailbox="Archive/2026",
        copy=3,
        time=NOW + timedelta(days=1),
    ),
    "L": happened(Event.READ, "t-late", message=8, account=2, mailbox="inbox"),
    # Refused before there was a message, and so without a reception.
    "X": happened(Event.FAIL, "t-refused", client_ip="203.0.113.9", forward_path=BOB),
}

WORLD = World(
    accounts=tuple(map(account, OWNERS)),
    mailboxes=MAILBOXES,
    messages=MESSAGES,
    texts=TEXTS,
    indexed=7,
    receptions=RECEPTIONS,
    copies=tuple(replace(copy, uid=n) for n, copy in enumerate(COPIES.values(), 1)),
    events=tuple(EVENTS.values()),
    removed=(8,),
)


@pytest.fixture
async def filled(adapter: Adapter) -> Store:
    await build(adapter.store, adapter.index, WORLD)
    return adapter.store


def query(text: str) -> Query:
    return parse(text, now=NOW)


FIND = {
    # everything and nothing
    "all": EVERY,
    "absent": "",
    # words
    "invoice": "abcdefijm",
    "INVOICE": "abcdefijm",
    "invoice*": "abcdefijkm",
    "invoices": "k",
    '"invoice 4711"': "abcdeij",
    '"4711 invoice"': "",
    '"invoice 47*"': "abcdeij",
    '"invoice 47"': "",
    '"overdue dear"': "",
    "subject:invoice": "abcdeij",
    'subject:"invoice 4711 overdue"': "abcde",
    "subject:lunch": "fm",
    "body:invoice": "abcfm",
    "body:naive": "",
    "body:NAI\u0308VE": "abc",
    "subject:überraschung": "gh",
    "subject:u\u0308berraschung": "gh",
    "subject:straße": "gh",
    "body:会議": "gh",
    "body:京会": "gh",
    "body:会京": "",
    "body:final": "gh",
    "body:office": "gh",
    "-invoice": "ghkl",
    "-subject:invoice": "fghklm",
    # authors and recipients in the header
    "from:eve": "abcd",
    "from:doe": "abcd",
    "from:eve@evil.example": "abcdl",
    "from:EVE@EVIL.EXAMPLE": "abcdl",
    "from:@evil.example": "abcdel",
    "from:m*": "e",
    "from:mailer-daemon@example.org": "k",
    "from:news@b\u00fccher.example": "gh",
    "from:news@xn--bcher-kva.example": "gh",
    "from:@b*": "gh",
    "from:eve@*": "abcdl",
    "to:ada": "abc",
    "to:ada@example.org": "abcfkm",
    "to:list@example.net": "gh",
    "cc:cfo": "abc",
    "cc:carol@example.net": "abc",
    "-from:@evil.example": "fghijkm",
    # envelope
    "rcpt:ada@example.org": "ack",
    "rcpt:sales@example.org": "b",
    "rcpt:@example.org": "abck",
    "rcpt:d*": "eh",
    "rcpt:ada*": "acgk",
    "envelope-from:eve@evil.example": "abcd",
    "envelope-from:@evil.example": "abcde",
    "envelope-from:<>": "k",
    "envelope-from:mallory@evil.example": "e",
    "-envelope-from:<>": "abcdefghijlm",
    # where it lies
    "account:ada@example.org": "acfjkm",
    "account:BOB@example.org": "bil",
    "account:ada*": "acfgjkm",
    "account:ada@*": "acfgjkm",
    "account:ada@example.*": "acfgjkm",
    "domain:example.org": "abcfijklm",
    "domain:b\u00fccher.example": "eh",
    "domain:example": "",
    "in:inbox": "abdfgkl",
    "in:arch*": "cj",
    "in:archive/2026": "cj",
    "in:Entw\u00fcrfe": "eh",
    "in:gone": "",
    "-in:inbox": "cehijm",
    # dates
    "before:2026-11-14T12:00:00Z": "fijm",
    "after:2026-11-14T12:00:00Z": "abcdeghkl",
    "older:7d": "fijm",
    "newer:7d": "abcdeghkl",
    "after:2026-11-20 before:2026-11-21": "abcd",
    "after:2026-11-21": "ekl",
    "newer:0s": "l",
    # size and attachments
    "larger:3M": "d",
    "larger:3145727": "abcd",
    "smaller:1K": "fkm",
    "smaller:1025": "fklm",
    "has:attachment": "abcd",
    "-has:attachment": "efghijklm",
    "filename:invoice": "abcd",
    'filename:"annual report"': "abc",
    'filename:"pdf annual"': "",
    f"attachment-sha256:{FILES[0].sha256.hex()}": "abcd",
    f"attachment-sha256:{FILES[1].sha256.hex()}": "abc",
    # identity
    f"sha256:{INVOICE.sha256.hex()}": "abc",
    f"sha256:{digest('absent').hex()}": "",
    "message-id:<Invoice-1@evil.example>": "abcfm",
    "message-id:invoice-1@evil.example": "",
    "message-id:Invoice-*": "abcdflm",
    "-message-id:I*": "eghijk",
    f"similar:{INVOICE.sha256.hex()}": "abcde",
    f"similar:{digest('variant').hex()}": "abcde",
    f"similar:{digest('bounce').hex()}": "k",
    "similar:<Invoice-1@evil.example>": "abcdefm",
    f"-similar:{INVOICE.sha256.hex()} -is:vaulted": "fgijkl",
    # state
    "is:read": "acfij",
    "is:unread": "bdeghklm",
    "is:flagged": "cg",
    "is:answered": "e",
    "is:live": "abdefgijkl",
    "is:contained": "c",
    "is:vaulted": "hm",
    "is:held": "",
    "-is:held": EVERY,
    "-is:live": "chm",
    # where it came from
    "ip:192.0.2.7": "abc",
    "ip:192.0.2.0/24": "abce",
    "ip:::ffff:192.0.2.99": "e",
    "ip:2001:db8::/32": "d",
    "ip:0.0.0.0/0": "abcegh",
    "-ip:0.0.0.0/0": "dfijklm",
    "trace:t-invoice": "abc",
    "trace:T-INVOICE": "",
    # together
    "from:eve -is:read": "bd",
    "from:eve (is:read OR account:carol@example.net)": "acd",
    "-(from:eve OR from:mallory)": "fghijklm",
    "-(from:eve is:read)": "bdefghijklm",
    "invoice -(subject:fwd OR from:mallory) account:@example.org": "abcfm",
    "is:read OR subject:lunch": "acfijm",
    "-(-from:eve)": "abcd",
    "from:eve rcpt:sales@example.org larger:1M in:inbox is:unread": "b",
    "subject:lunch OR (envelope-from:<> -is:flagged) OR trace:t-resent": "dfkm",
    "-(has:attachment OR in:inbox)": "ehijm",
    "-(has:attachment in:inbox)": "cefghijklm",
}

TRACE = {
    "all": "RSDENVMLX",
    "event:deliver": "DE",
    "event:receive OR event:move": "RSNVM",
    "-event:receive": "DEMLX",
    "trace:t-invoice": "RSDEM",
    "rcpt:ada@example.org": "RDN",
    "rcpt:@example.org": "RSDENX",
    "rcpt:b*": "X",
    "envelope-from:eve@evil.example": "RSDE",
    "envelope-from:<>": "N",
    "-envelope-from:<>": "RSDEVMLX",
    "account:ada@example.org": "DM",
    "-account:@example.org": "RSNVX",
    "in:inbox": "DEL",
    "in:archive*": "M",
    "-in:inbox": "RSNVMX",
    "ip:192.0.2.0/24": "RSDV",
    "ip:203.0.113.9": "X",
    "-ip:192.0.2.0/24": "ENMLX",
    "after:2026-11-21T12:00:01Z": "EM",
    "before:2026-11-21T12:00:00.000001Z": "RSDNVLX",
    "subject:invoice": "RSDEVM",
    "-subject:invoice": "NLX",
    "from:@evil.example": "RSDEVML",
    "-from:@evil.example": "NX",
    "larger:1M": "RSDEM",
    "-larger:1M": "NVLX",
    "smaller:1K": "N",
    "has:attachment": "RSDEM",
    "-has:attachment": "NVLX",
    "-has:attachment -event:fail": "NVL",
    "-(has:attachment event:deliver)": "RSNVMLX",
    "-(has:attachment OR event:fail)": "NVL",
    f"sha256:{INVOICE.sha256.hex()}": "RSDEM",
    f"-sha256:{INVOICE.sha256.hex()}": "NVLX",
    f"similar:{INVOICE.sha256.hex()} event:receive": "RSV",
    "message-id:Invoice-1*": "RSDEM",
    "-message-id:zzz*": "RSDENVMLX",
    "-invoice event:fail": "X",
}


def found(uow: UnitOfWork, wanted: Query) -> str:
    similar = resolve_similar(uow, wanted, {})
    ids = list(uow.copies.search(wanted, states=tuple(CopyState), similar=similar))
    assert ids == sorted(ids)
    return "".join(EVERY[number - 1] for number in ids)


def traced(uow: UnitOfWork, wanted: Query) -> str:
    similar = resolve_similar(uow, wanted, {})
    ids = list(uow.ledger.search(wanted, similar=similar))
    assert ids == sorted(ids)
    return "".join(list(EVENTS)[number - 1] for number in ids)


async def test_find(filled: Store) -> None:
    queries = {text: query(text) for text in FIND}

    def ask(uow: UnitOfWork) -> dict[str, str]:
        return {text: found(uow, wanted) for text, wanted in queries.items()}

    assert await filled.read(ask) == FIND


async def test_trace(filled: Store) -> None:
    queries = {text: query(text) for text in TRACE}

    def ask(uow: UnitOfWork) -> dict[str, str]:
        return {text: traced(uow, wanted) for text, wanted in queries.items()}

    assert await filled.read(ask) == TRACE


async def test_only_the_states_asked_for_are_searched(filled: Store) -> None:
    def find(uow: UnitOfWork, text: str, *states: CopyState) -> str:
        ids = uow.copies.search(query(text), states=states, similar={})
        return "".join(EVERY[number - 1] for number in ids)

    live, contained, vaulted = CopyState
    assert await filled.read(find, "all", live) == "abdefgijkl"
    assert await filled.read(find, "all", contained, vaulted) == "chm"
    assert await filled.read(find, "from:eve", live, contained) == "abcd"
    assert await filled.read(find, "is:vaulted", live) == ""
    assert await filled.read(find, "-is:vaulted", vaulted) == ""
    assert await filled.read(find, "all") == ""


async def test_a_query_may_be_as_long_and_deep_as_it_can_be_written(
    filled: Store,
) -> None:
    many = " OR ".join(f"subject:word{n}" for n in range(498))
    mixed = " OR ".join(f"(-from:x{n}@y.example is:read)" for n in range(249))
    long = '"' + " ".join(["word"] * 200) + '"'
    deep, deeper, negated = "from:eve", "from:eve", "from:eve"
    for _ in range(24):
        deep = f"(subject:absent OR (-subject:absent {deep}))"
        deeper = f"(trace:absent OR (-subject:absent {deeper}))"
        negated = f"-(is:held OR -(is:live -subject:absent {negated}))"
    wide = " OR ".join(f"(is:held subject:x{n})" for n in range(200)) + f" OR {deep}"
    texts = {
        f"{many} OR invoice": "abcdefijm",
        f"-({many}) invoice": "abcdefijm",
        mixed: "acfij",
        long: "",
        deep: "abcd",
        deeper: "abcd",
        negated: "abd",
        wide: "abcd",
    }

    def ask(uow: UnitOfWork) -> dict[str, str]:
        return {text: found(uow, query(text)) for text in texts}

    assert await filled.read(ask) == texts
