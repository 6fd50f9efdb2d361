"""Importing: what is a mail, when it is from, and where it is filed."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from postwarden.model.actors import OPERATOR
from postwarden.model.errors import Invalid, NotFound, OverQuota
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import Flag
from postwarden.model.queries import parse
from postwarden.services import importing
from postwarden.services.found_mail import Arrival, FoundMail, arrival, content_of
from postwarden.services.importing import Duplicate, Rehearsal, Source, Tally
from postwarden.services.ingest import new_message
from postwarden.services.ports import Store, UnitOfWork
from tests.support import factories
from tests.support.factories import ADA, NOW
from tests.unit.services.registry import CAROL, MALLORY, host, last_audited
from tests.unit.services.world import add_account, add_domain, copies_of

MAIL = b"Subject: hello\r\n\r\nbody\r\n"
FILE_TIME = NOW - timedelta(days=9)
QUERY = parse("all", now=NOW)


def found(content: bytes = MAIL, **changes: Any) -> FoundMail:
    return replace(
        FoundMail(
            place="mails/1.eml",
            name="1.eml",
            mailbox="INBOX",
            content=content,
            file_time=FILE_TIME,
        ),
        **changes,
    )


def arriving(message: str = "first", **changes: Any) -> Arrival:
    return arrival(found(**changes), factories.message(message))


def with_ada(uow: UnitOfWork, /, **changes: object) -> int:
    add_domain(uow)
    return add_account(uow, ADA, **changes)


@pytest.mark.parametrize(
    ("octets", "stored"),
    [
        (b"A: b\n\nx\n", b"A: b\r\n\r\nx\r\n"),
        (b"A: b\r\n\r\nx\r\n", b"A: b\r\n\r\nx\r\n"),
        (b"A: b\r\n\nx\n", b"A: b\r\n\nx\n"),
        (b"A: b\rx", b"A: b\rx"),
        (b"From x Thu Aug 22 12:36:23 2002\nA: b\n\nx", b"A: b\r\n\r\nx"),
        (b"From x\r\nA: b\r\n\r\nx", b"A: b\r\n\r\nx"),
        (b"A: b", b"A: b"),
        (b">From x\nA: b\n", b">From x\r\nA: b\r\n"),
    ],
)
def test_mail_files_become_what_is_stored(octets: bytes, stored: bytes) -> None:
    assert content_of(found(octets)) == stored


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "the file is empty"),
        (b"just text\n\nA: b\n", "not a mail"),
        (b"\nA: b\n", "not a mail"),
        (b"From x Thu Aug 22 12:36:23 2002\n", "not a mail"),
        (b"From: ada\rTo: bob\r", None),
    ],
)
def test_what_has_no_header_field_is_no_mail(octets: bytes, reason: str | None) -> None:
    if reason is None:
        assert content_of(found(octets)) == octets
        return
    with pytest.raises(Invalid, match=reason):
        content_of(found(octets))


def test_exact_content_is_not_touched() -> None:
    octets = b"From x\nA: b\n"
    assert content_of(found(octets, is_exact=True)) == octets


RECEIVED = b"Received: by b; Sat, 21 Nov 2026 10:00:00 +0100\r\n"
EARLIER = b"Received: by a; Sat, 21 Nov 2026 07:00:00 +0000\r\n"
WRITTEN = b"Date: Fri, 20 Nov 2026 09:00:00 +0000\r\n"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (RECEIVED + EARLIER + WRITTEN, NOW.replace(hour=9)),
        (
            b"Received: by nobody; once\r\n" + EARLIER + WRITTEN,
            NOW.replace(day=20, hour=9),
        ),
        (WRITTEN, NOW.replace(day=20, hour=9)),
        (b"Date: soon\r\n", FILE_TIME),
        (b"Subject: x\r\n", FILE_TIME),
    ],
)
def test_the_date_is_that_of_received_or_date_or_the_file(
    header: bytes, expected: object
) -> None:
    content = header + b"\r\nbody"
    message = new_message(hashlib.sha256(content).digest(), content)
    assert arrival(found(content), message).internal_date == expected


def test_a_date_from_outside_the_mail_comes_first() -> None:
    content = RECEIVED + b"\r\n"
    message = new_message(b"", content)
    given = found(content, internal_date=NOW - timedelta(days=500))
    assert arrival(given, message).internal_date == NOW - timedelta(days=500)


async def test_mails_are_filed_with_flags_dates_and_a_ledger_event_each(
    store: Store,
) -> None:
    account = await store.transact(with_ada)
    mails = [
        arriving("first", flags=Flag.SEEN, keywords=("todo",), internal_date=NOW),
        arriving("second", mailbox="Sent/2024", name="7.eml"),
    ]
    outcomes = await store.transact(importing.file, account, mails, duplicates=False)
    assert outcomes == [None, None]

    def look(uow: UnitOfWork) -> None:
        [first] = copies_of(uow, ADA)
        [second] = copies_of(uow, ADA, "Sent/2024")
        assert (first.flags, first.keywords) == (Flag.SEEN, ("todo",))
        assert (first.internal_date, second.internal_date) == (NOW, NOW)
        assert first.reception is None
        assert uow.accounts.get(account).used_messages == 2
        inbox = uow.mailboxes.get(first.mailbox)
        assert (inbox.messages, inbox.unseen, inbox.uid_next) == (1, 0, 2)
        events = uow.ledger.rows(uow.ledger.search(QUERY, similar={}))
        assert {event.event for event in events} == {Event.RECEIVE}
        assert [event.source for event in events] == ["import", "import"]
        assert [event.detail for event in events] == ["1.eml", "7.eml"]
        assert [event.mailbox for event in events] == ["INBOX", "Sent/2024"]
        assert [event.uid for event in events] == [1, 1]
        assert len({event.trace_id for event in events}) == 2

    await store.read(look)


async def test_the_same_octets_are_filed_once_per_mailbox(store: Store) -> None:
    account = await store.transact(with_ada)
    mails = [arriving(), arriving(), arriving(mailbox="Sent")]
    outcomes = await store.transact(importing.file, account, mails, duplicates=False)
    assert [type(each) for each in outcomes] == [type(None), Duplicate, type(None)]
    again = await store.transact(importing.file, account, mails, duplicates=False)
    assert all(isinstance(each, Duplicate) for each in again)
    twice = await store.transact(importing.file, account, mails, duplicates=True)
    assert twice == [None, None, None]

    def count(uow: UnitOfWork) -> list[int]:
        return [len(copies_of(uow, ADA, name)) for name in ("INBOX", "Sent")]

    assert await store.read(count) == [3, 2]


async def test_what_is_present_can_be_asked_before(store: Store) -> None:
    account = await store.transact(with_ada)
    await store.transact(importing.file, account, [arriving()], duplicates=False)
    first = factories.message("first").sha256
    asked = [("INBOX", first), ("Sent", first), ("INBOX", bytes(32))]
    assert await store.read(importing.present, account, asked) == {("INBOX", first)}


async def test_a_mail_over_quota_is_refused_and_the_others_go_on(store: Store) -> None:
    account = await store.transact(with_ada, quota_octets=2500)
    mails = [arriving(str(number)) for number in range(4)]
    mails[2] = replace(mails[2], message=replace(factories.message("small"), size=400))
    outcomes = await store.transact(importing.file, account, mails, duplicates=False)
    assert [type(each) for each in outcomes] == [
        *(type(None), type(None), type(None)),
        OverQuota,
    ]

    def look(uow: UnitOfWork) -> None:
        assert uow.accounts.get(account).used_octets == 2400
        assert uow.messages.find(factories.message("3").sha256) is None

    await store.read(look)


async def test_a_quota_of_messages_is_kept_too(store: Store) -> None:
    account = await store.transact(with_ada, quota_messages=1)
    mails = [arriving("a"), arriving("b")]
    outcomes = await store.transact(importing.file, account, mails, duplicates=False)
    assert [type(each) for each in outcomes] == [type(None), OverQuota]


async def test_a_rehearsal_foretells_the_same_and_files_nothing(store: Store) -> None:
    account = await store.transact(with_ada, quota_octets=2500)
    await store.transact(importing.file, account, [arriving("there")], duplicates=False)
    mails = [arriving("there"), arriving("a"), arriving("a"), arriving("b")]
    rehearsal = Rehearsal(await store.read(lambda uow: uow.accounts.get(account)))
    foretold = [
        (await store.read(rehearsal.file, [mail], duplicates=False))[0]
        for mail in mails
    ]
    happened = await store.transact(importing.file, account, mails, duplicates=False)
    assert [type(each) for each in foretold] == [type(each) for each in happened]
    assert [type(each) for each in foretold] == [
        *(Duplicate, type(None), Duplicate),
        OverQuota,
    ]


async def test_the_account_must_be_there_or_its_domain_with_create(
    store: Store,
) -> None:
    with pytest.raises(NotFound, match="account"):
        await store.transact(importing.target, OPERATOR, ADA)
    with pytest.raises(NotFound, match="domain"):
        await store.transact(importing.target, OPERATOR, ADA, create=True)
    await host(store, "example.org")
    assert (
        await store.read(importing.rehearsed_target, OPERATOR, ADA, create=True) is None
    )
    made = await store.transact(importing.target, OPERATOR, ADA, create=True)
    assert await store.transact(importing.target, OPERATOR, ADA, create=True) == made
    assert await store.transact(importing.target, CAROL, ADA) == made
    foretold = await store.read(importing.rehearsed_target, OPERATOR, ADA)
    assert foretold is not None
    assert foretold.id == made


@pytest.mark.parametrize("create", [False, True])
async def test_a_foreign_account_looks_absent(store: Store, create: bool) -> None:
    await store.transact(with_ada)
    for ask in (importing.target, importing.rehearsed_target):
        with pytest.raises(NotFound):
            await store.transact(ask, MALLORY, ADA, create=create)


async def test_a_run_leaves_one_audit_entry_with_its_counts(store: Store) -> None:
    tally = Tally(imported=3, duplicates=2, failed=1, size=99)
    source = Source(kind="mbox", path=Path("/old/mail"))
    await store.transact(importing.record_run, OPERATOR, ADA, source, tally)
    entry = await last_audited(store)
    assert (entry.action, entry.object) == ("mail.import", f"account {ADA}")
    assert entry.after == {
        "format": "mbox",
        "path": "/old/mail",
        "imported": 3,
        "skipped_duplicates": 2,
        "failed": 1,
        "bytes": 99,
    }


@pytest.mark.parametrize(
    ("tally", "failure"),
    [
        (Tally(), False),
        (Tally(failed=1), True),
        (Tally(failed=9, imported=1), False),
        (Tally(failed=9, duplicates=1), False),
    ],
)
def test_only_a_run_that_had_nothing_good_is_a_failure(
    tally: Tally, failure: bool
) -> None:
    assert tally.is_failure is failure
