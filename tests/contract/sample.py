"""One small, rich store: a bit of everything that a query can ask about.

Copies and events are named by letters, in the order of their ids.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from postwarden.model.addresses import Address
from postwarden.model.envelopes import Envelope
from postwarden.model.ledger import Event, LedgerEvent
from postwarden.model.mailboxes import Copy, CopyState, Flag
from postwarden.model.messages import AttachedMessage, NewMessage
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
from tests.support.worlds import World

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
    held=(7, 8),
)
