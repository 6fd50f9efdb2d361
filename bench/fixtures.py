"""Stores to measure on, filled in large transactions through the ports and cached.

They hold what delivery would have written: domain, accounts with their mailboxes,
messages, receptions, copies, counters and ledger. What no measurement reads is left
out: passwords, audit entries of the accounts, and the content of background mail.
"""

import asyncio
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from bench.mails import Mails
from postwarden.adapters.sql import migrating
from postwarden.bootstrap import Platform, open_platform, places_of
from postwarden.model.accounts import Account, AccountState
from postwarden.model.addresses import Address
from postwarden.model.directory import Entry, EntryKind
from postwarden.model.domains import MailDomain
from postwarden.model.envelopes import Envelope, EnvelopeRecipient, Peer
from postwarden.model.ledger import Event, LedgerEvent
from postwarden.model.mailboxes import INBOX
from postwarden.model.messages import NewMessage
from postwarden.services import placement
from postwarden.services.accounts import FIRST_MAILBOXES
from postwarden.services.ingest import new_message
from postwarden.services.ports import UnitOfWork
from postwarden.settings import Settings

T = TypeVar("T")

DOMAIN = "bench.example"
MAIL_SIZE = 2048
CHUNK = 2000  # accounts or mails per transaction
_BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
_SENDER = Address.parse("ada@example.net")
_PEER = Peer(ip="192.0.2.7", port=40000, local_ip="192.0.2.1", local_port=25)
_AUTHOR = "Campaign Office <office@campaign.example>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Mails of one content, sent one by one: each has bytes and an id of its own."""

    name: str
    copies: int
    stored: bool = True  # its content too, which a preview never reads

    def subject(self) -> str:
        return f"Your account {self.name} needs attention"

    def message_id(self, number: int) -> str:
        return f"{self.name}.{number}@campaign.example"

    def mail(self, number: int) -> bytes:
        """Return the mail that goes to the account of this number."""
        text = (f"Please sign in to keep {self.name} working. " * 3 + "\r\n") * 10
        return (
            f"Received: from out{number % 7}.campaign.example by mx.{DOMAIN}"
            f" with ESMTP id {number:x}; Sat, 21 Nov 2026 10:00:00 +0000\r\n"
            "Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n"
            f"From: {_AUTHOR}\r\n"
            f"To: <{user(number)}@{DOMAIN}>\r\n"
            f"Subject: {self.subject()}\r\n"
            f"Message-ID: <{self.message_id(number)}>\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
            f"{text}"
        ).encode("ascii")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixture:
    """What a store holds: every campaign has a copy in each of the first accounts.

    Background mail fills up to `copies`, spread over all accounts.
    """

    accounts: int
    copies: int = 0
    campaigns: tuple[Campaign, ...] = ()
    mailboxes: bool = True

    @property
    def background(self) -> int:
        return max(self.copies - sum(each.copies for each in self.campaigns), 0)


def user(number: int) -> str:
    """Return the local part of an account."""
    return f"u{number:07}"


def opened(data: Path, *, create: bool = False) -> Platform:
    """Open a store as commands do."""
    return open_platform(places_of(data), Settings(), create=create)


def cached(folder: Path, fixture: Fixture) -> Path:
    """Return the data directory of a fixture; see `kept`."""
    return kept(folder, fixture, build)


def kept(folder: Path, wanted: T, build: Callable[[Path, T], None]) -> Path:
    """Return the data directory of what is wanted, built when it is not there yet.

    It must not be changed: `copied` gives one that may be. Stores that other code
    built are removed when one is built.
    """
    version = _version()
    parameters = hashlib.sha256(repr(wanted).encode()).hexdigest()[:12]
    path = folder / f"store-{version}-{parameters}"
    if not path.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("store-*"):
            if not old.name.startswith(f"store-{version}-"):
                shutil.rmtree(old)
        building = folder / f"building-{os.getpid()}"
        shutil.rmtree(building, ignore_errors=True)
        build(building, wanted)
        building.rename(path)
    return path


def copied(source: Path, target: Path) -> Path:
    """Copy a data directory, to be changed."""
    shutil.copytree(source, target)
    return target


def _version() -> str:
    """Name this code and the schema that it fills."""
    files = [
        Path(__file__),
        Path(__file__).with_name("history.py"),
        *sorted((migrating.MIGRATIONS / "versions").glob("*.py")),
    ]
    whole = b"".join(path.read_bytes() for path in files)
    return hashlib.sha256(whole).hexdigest()[:12]


def build(data: Path, fixture: Fixture) -> None:
    """Make a store in a new data directory."""
    platform = opened(data, create=True)
    try:
        asyncio.run(_fill(platform, fixture))
    finally:
        platform.close()


async def _fill(platform: Platform, fixture: Fixture) -> None:
    store = platform.store
    await store.transact(_add_domain)
    inboxes: list[int] = []
    for start in range(0, fixture.accounts, CHUNK):
        numbers = range(start, min(start + CHUNK, fixture.accounts))
        inboxes += await store.transact(
            _add_accounts, numbers, mailboxes=fixture.mailboxes
        )
    for chunk in _chunks(_mails(fixture)):
        for mail in chunk:
            if mail.content is not None:
                await platform.blobs.put(mail.content)
        await store.transact(_deliver, chunk, inboxes)
    # The words of background mail are not there to be indexed.
    await platform.search.add([], fixture.copies + 1)


def _add_domain(uow: UnitOfWork) -> None:
    uow.domains.add(MailDomain(name=DOMAIN, created_at=_BEGAN))


def _add_accounts(
    uow: UnitOfWork, numbers: Sequence[int], *, mailboxes: bool
) -> list[int]:
    """Add accounts; return the ids of their INBOXes."""
    inboxes = []
    for number in numbers:
        address = Address(user(number), DOMAIN)
        account = uow.accounts.add(
            Account(
                id=0,
                address=address,
                name=f"User {number}",
                state=AccountState.ACTIVE,
                created_at=_BEGAN,
            )
        )
        uow.directory.add(
            Entry(
                address=address,
                kind=EntryKind.ACCOUNT,
                created_at=_BEGAN,
                account=account.id,
            )
        )
        names = FIRST_MAILBOXES if mailboxes else (INBOX,)
        made = {name: uow.mailboxes.add(account.id, name, 1).id for name in names}
        inboxes.append(made[INBOX])
    return inboxes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mail:
    """A mail to deliver to the account of a number, counted from 0."""

    to: int
    trace_id: str
    message: NewMessage
    content: bytes | None
    time: datetime


def _mails(fixture: Fixture) -> Iterator[_Mail]:
    yield from _background(fixture)
    for campaign in fixture.campaigns:
        for number in range(campaign.copies):
            content = campaign.mail(number)
            digest = hashlib.sha256(content).digest()
            yield _Mail(
                to=number,
                trace_id=f"{campaign.name}-{number}",
                message=new_message(digest, content),
                content=content if campaign.stored else None,
                time=_BEGAN + timedelta(days=20, milliseconds=number),
            )


def _background(fixture: Fixture) -> Iterator[_Mail]:
    """Distinct mails, made from one that was scanned."""
    sample = Mails(MAIL_SIZE).next()
    scanned = new_message(hashlib.sha256(sample).digest(), sample)
    for number in range(fixture.background):
        token = hashlib.sha256(f"background {number}".encode()).digest()
        yield _Mail(
            to=number % fixture.accounts,
            trace_id=f"background-{number}",
            message=replace(
                scanned,
                sha256=token,
                message_id=f"{token[:10].hex()}@example.net",
                subject=f"{scanned.subject} {number}",
                fingerprint=hashlib.sha256(b"f" + token).digest(),
                content_fingerprint=hashlib.sha256(b"c" + token).digest(),
            ),
            content=None,
            time=_BEGAN + timedelta(seconds=number),
        )


def _chunks(mails: Iterator[_Mail]) -> Iterator[list[_Mail]]:
    chunk: list[_Mail] = []
    for mail in mails:
        chunk.append(mail)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _deliver(uow: UnitOfWork, mails: Sequence[_Mail], inboxes: Sequence[int]) -> None:
    """Write what delivery writes, for many mails in one transaction."""
    new = []
    for mail in mails:
        stored = uow.messages.add(mail.message)
        recipient = EnvelopeRecipient(forward_path=Address(user(mail.to), DOMAIN))
        reception = uow.receptions.add(
            mail.trace_id, stored.id, mail.time, _envelope(recipient)
        )
        new.append(
            placement.NewCopy(
                account=mail.to + 1,
                mailbox=inboxes[mail.to],
                message=stored.id,
                size=stored.size,
                internal_date=mail.time,
                reception=reception.id,
                recipient=0,
            )
        )
    copies = placement.file(uow, new)
    uow.ledger.record(
        event
        for mail, copy in zip(mails, copies, strict=True)
        for event in _events(mail, copy.message, copy.uid, copy.id)
    )


def _envelope(recipient: EnvelopeRecipient) -> Envelope:
    return Envelope(
        reverse_path=_SENDER,
        recipients=(recipient,),
        helo="out.example.net",
        protocol="ESMTP",
        peer=_PEER,
    )


def _events(mail: _Mail, message: int, uid: int, copy: int) -> Iterator[LedgerEvent]:
    received = LedgerEvent(
        time=mail.time,
        event=Event.RECEIVE,
        trace_id=mail.trace_id,
        message=message,
        has_envelope=True,
        reverse_path=_SENDER,
        forward_path=Address(user(mail.to), DOMAIN),
        client_ip=_PEER.ip,
        source="smtp",
    )
    yield received
    yield replace(
        received,
        event=Event.DELIVER,
        account=mail.to + 1,
        mailbox=INBOX,
        uid=uid,
        copy=copy,
    )
