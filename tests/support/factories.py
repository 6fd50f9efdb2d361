"""Values for tests: whole by default, so that a test says only what it is about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from postwarden.model.accounts import Account, AccountState
from postwarden.model.addresses import Address
from postwarden.model.audit import AuditEntry
from postwarden.model.cases import Action, Case, CaseState, MatchClass, Plan, PlanItem
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.domains import MailDomain
from postwarden.model.envelopes import Envelope, EnvelopeRecipient, Peer
from postwarden.model.holds import Hold, HoldState
from postwarden.model.ledger import Event, LedgerEvent
from postwarden.model.mailboxes import Copy, Flag, Mailbox
from postwarden.model.messages import Attachment, NewMessage, SearchText
from postwarden.model.queries import word_line
from postwarden.model.tracking import LogRow

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ADA = Address.parse("ada@example.org")
BOB = Address.parse("bob@example.org")


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **duration: float) -> datetime:
        self.now += timedelta(**duration)
        return self.now


def digest(text: str) -> bytes:
    return sha256(text.encode()).digest()


def mail_domain(name: str = "example.org", **changes: Any) -> MailDomain:
    return replace(MailDomain(name=name, created_at=NOW), **changes)


def account(address: Address = ADA, **changes: Any) -> Account:
    return replace(
        Account(
            id=0,
            address=address,
            name="",
            state=AccountState.ACTIVE,
            created_at=NOW,
        ),
        **changes,
    )


def entry(address: Address = ADA, **changes: Any) -> Entry:
    return replace(
        Entry(address=address, kind=EntryKind.ALIAS, created_at=NOW), **changes
    )


def message(name: str = "first", **changes: Any) -> NewMessage:
    """A message whose bytes are named: other name, other bytes."""
    return replace(
        NewMessage(
            sha256=digest(name),
            size=1000,
            message_id=f"{name}@example.org",
            subject=name,
            author=str(ADA),
            date=NOW,
            fingerprint=digest(f"fingerprint of {name}"),
            content_fingerprint=digest(f"content of {name}"),
            header_addresses=(("from", ADA.key),),
            references=(),
            attachments=(),
            attached_messages=(),
            envelope=b"envelope",
            bodystructure=b"bodystructure",
            header=b"header",
        ),
        **changes,
    )


def attachment(name: str = "report.pdf", **changes: Any) -> Attachment:
    return replace(
        Attachment(
            filename=name, content_type="application/pdf", size=9, sha256=digest(name)
        ),
        **changes,
    )


def search_text(number: int, **texts: str) -> SearchText:
    """Index texts of a message, from texts as they are in the mail."""
    fields = ("subject", "body", "author", "header_to", "cc", "filenames")
    lines = {field: word_line(texts.get(field, "")) for field in fields}
    return SearchText(message=number, **lines)


def copy_in(mailbox: Mailbox, number: int, uid: int, **changes: Any) -> Copy:
    """A copy of the message with this number."""
    return replace(
        Copy(
            id=0,
            account=mailbox.account,
            mailbox=mailbox.id,
            uid=uid,
            message=number,
            flags=Flag(0),
            keywords=(),
            internal_date=NOW,
            save_date=NOW,
            modseq=1,
            size=1000,
        ),
        **changes,
    )


def envelope(*recipients: Address, **changes: Any) -> Envelope:
    peer = Peer(ip="192.0.2.7", port=40000, local_ip="192.0.2.1", local_port=25)
    return replace(
        Envelope(
            reverse_path=BOB,
            recipients=tuple(
                EnvelopeRecipient(forward_path=each) for each in recipients or (ADA,)
            ),
            helo="client.example.net",
            protocol="ESMTP",
            peer=peer,
        ),
        **changes,
    )


def ledger_event(event: Event = Event.RECEIVE, **changes: Any) -> LedgerEvent:
    return replace(LedgerEvent(time=NOW, event=event, trace_id="trace1"), **changes)


def log_row(name: str = "first", **changes: Any) -> LogRow:
    """A row of another system's log; other name, other row."""
    return replace(LogRow(digest=digest(name), fields={"source": name}), **changes)


def audit_entry(action: str = "account.create", **changes: Any) -> AuditEntry:
    return replace(
        AuditEntry(
            time=NOW,
            actor="operator",
            dialect="cli",
            client_ip=None,
            request_id=None,
            action=action,
            object=str(ADA),
        ),
        **changes,
    )


def case(**changes: Any) -> Case:
    return replace(
        Case(
            query="from:ada",
            reason="phishing",
            ticket=None,
            state=CaseState.OPEN,
            opened_by="operator",
            opened_at=NOW,
        ),
        **changes,
    )


def plan(case_id: int, **changes: Any) -> Plan:
    return replace(
        Plan(
            case=case_id,
            query="from:ada",
            action=Action.CONTAIN,
            classes=(MatchClass.EXACT, MatchClass.SAME),
            created_at=NOW,
            created_by="operator",
        ),
        **changes,
    )


def plan_item(number: int, **changes: Any) -> PlanItem:
    return replace(
        PlanItem(
            item=number,
            copy=number,
            account=1,
            address=str(ADA),
            mailbox="INBOX",
            uid=number,
            flags=Flag.SEEN,
            keywords=("$Junk",),
            internal_date=NOW,
            size=1000,
            sha256=digest(str(number)),
            message_id=None,
            match_class=MatchClass.EXACT,
        ),
        **changes,
    )


def hold(**changes: Any) -> Hold:
    return replace(
        Hold(
            name="",
            query="from:ada",
            reason="litigation",
            state=HoldState.ACTIVE,
            created_by="operator",
            created_at=NOW,
        ),
        **changes,
    )


def addresses(*texts: str) -> Sequence[Address]:
    return [Address.parse(text) for text in texts]
