"""Telling owners what was removed: a stub in the place of each mail, or a digest.

What is told is an ordinary mail of ours, placed when a run is done; undo takes it
away again. Nothing is ever sent: no receipt, no bounce.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from postwarden.model.cases import Action, OwnerNotice, Plan, PlanItem
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import INBOX, CopyState
from postwarden.model.messages import Message, NewMessage
from postwarden.model.systems import LOCAL
from postwarden.services import placement
from postwarden.services.cases.outcomes import ACTED
from postwarden.services.ledger import record_copies
from postwarden.services.ports import UnitOfWork
from postwarden.services.ports.cases import PlacedNotice

TASK = "case.notify"
CHUNK = 100  # notices placed in one transaction
LISTED = 200  # removed mails that one digest names
DIGEST = 0  # stands for an item
ACTIONS = frozenset({Action.CONTAIN, Action.DELETE, Action.SHRED})
_SHOWN = 200  # characters of a subject or author


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A notice before it is placed: of one item, or of an account's items."""

    account: int
    item: int
    mailbox: str
    internal_date: datetime
    content: bytes


def page(
    uow: UnitOfWork, plan: Plan, after: int
) -> tuple[list[PlanItem], Mapping[bytes, Message]]:
    """Return the next items that the plan has acted on, and their messages."""
    items = uow.cases.items(
        plan.id, after=after, limit=CHUNK, outcomes=ACTED, system=LOCAL
    )
    known: dict[bytes, Message] = {}
    for sha256 in {item.sha256 for item in items}:
        if (message := uow.messages.find(sha256)) is not None:
            known[sha256] = message
    return items, known


def line(item: PlanItem, message: Message | None) -> str:
    """Say in one line which mail it was."""
    subject = _plain(message.subject) if message else ""
    author = _plain(message.author) if message else ""
    date = f"{item.internal_date:%Y-%m-%d %H:%M} UTC"
    return f"{date}, from {author or 'unknown'}: {subject or '(no subject)'}"


def stub(plan: Plan, item: PlanItem, message: Message | None) -> Note:
    """Return the note that stands in the place of a removed mail."""
    text = (
        "A message that lay here was removed by your mail administration.\r\n"
        f"\r\n{line(item, message)}\r\n"
    )
    return Note(
        account=item.account,
        item=item.item,
        mailbox=item.acted_mailbox or item.mailbox,
        internal_date=item.internal_date,
        content=_mail(plan, item, "A message was removed", text, item.item),
    )


def digest(plan: Plan, item: PlanItem, lines: Sequence[str], count: int) -> Note:
    """Return the mail that tells an account of all that was removed there."""
    more = [f"... and {count - len(lines)} more"] if count > len(lines) else []
    listed = "\r\n".join([*lines, *more])
    text = (
        "Messages were removed from your mailboxes by your mail administration:\r\n"
        f"\r\n{listed}\r\n"
    )
    return Note(
        account=item.account,
        item=DIGEST,
        mailbox=INBOX,
        internal_date=plan.created_at,
        content=_mail(plan, item, "Messages were removed", text, DIGEST),
    )


def _mail(plan: Plan, item: PlanItem, subject: str, text: str, number: int) -> bytes:
    domain = item.address.rpartition("@")[2]
    token = f"case-{plan.case}-{plan.id}-{item.account}-{number}"
    head = (
        f"Date: {format_datetime(plan.created_at)}\r\n"
        f"From: Mail administration <postmaster@{domain}>\r\n"
        f"To: {item.address}\r\n"
        f"Subject: {subject} (case {plan.case})\r\n"
        f"Message-ID: <{token}@{domain}>\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n"
    )
    return f"{head}\r\n{text}".encode()


def _plain(text: str) -> str:
    """Return what somebody else wrote as part of one line of ours."""
    return "".join(c if c.isprintable() else " " for c in text[:_SHOWN]).strip()


def place(uow: UnitOfWork, plan: Plan, notes: Iterable[tuple[Note, NewMessage]]) -> int:
    """Place notes that are not there yet, of items not undone meanwhile."""
    wanted = list(notes)
    owners = {note.account for note, _ in wanted}
    accounts = uow.accounts.many(owners)
    there = {
        (placed.account, placed.item)
        for placed in uow.cases.notices(plan.id, sorted(owners))
    }
    new: list[Note] = []
    copies: list[placement.NewCopy] = []
    for note, content in wanted:
        removed = note.account not in accounts or accounts[note.account].is_removed
        known = (note.account, note.item) in there
        if removed or known or not _still_removed(uow, plan, note):
            continue
        home = placement.mailbox_named(uow, note.account, note.mailbox)
        message = uow.messages.add(content)
        new.append(note)
        copies.append(
            placement.NewCopy(
                account=note.account,
                mailbox=home.id,
                message=message.id,
                size=message.size,
                internal_date=note.internal_date,
            )
        )
    filed = placement.file(uow, copies)
    where = {c.id: note.mailbox for c, note in zip(filed, new, strict=True)}
    uow.cases.add_notices(
        plan.id,
        [
            PlacedNotice(account=note.account, item=note.item, copy=copy.id)
            for copy, note in zip(filed, new, strict=True)
        ],
    )
    detail = f"case {plan.case}: notice"
    record_copies(uow, Event.DELIVER, filed, where.get, source="case", detail=detail)
    return len(filed)


def _still_removed(uow: UnitOfWork, plan: Plan, note: Note) -> bool:
    after = max(0, note.item - 1)
    items = uow.cases.items(
        plan.id, after=after, limit=1, outcomes=ACTED, accounts=[note.account]
    )
    return bool(items) and note.item in {DIGEST, items[0].item}


def withdraw(uow: UnitOfWork, plan: Plan, items: Sequence[PlanItem]) -> None:
    """Take away what was told of items that are undone, a digest with the first."""
    if plan.notice is OwnerNotice.SILENT:
        return
    numbers = {DIGEST, *(item.item for item in items)}
    owners = sorted({item.account for item in items})
    over = [n for n in uow.cases.notices(plan.id, owners) if n.item in numbers]
    copies = uow.copies.many([notice.copy for notice in over])
    live = [copy for copy in copies.values() if copy.state is CopyState.LIVE]
    boxes = uow.mailboxes.many({copy.mailbox for copy in live})
    where = {copy.id: boxes[copy.mailbox].name for copy in live}
    placement.withdraw(uow, live, CopyState.VAULTED)
    detail = f"case {plan.case}: notice"
    record_copies(uow, Event.DELETE, live, where.get, source="case", detail=detail)
    uow.cases.remove_notices(plan.id, over)
