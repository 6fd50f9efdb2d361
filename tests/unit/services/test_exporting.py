"""Exporting: which copies leave, in which order, and what is written down."""

import pytest

from postwarden.model.actors import OPERATOR
from postwarden.model.errors import NotFound
from postwarden.model.ledger import Event
from postwarden.model.mailboxes import CopyState
from postwarden.model.queries import parse
from postwarden.services import exporting, placement
from postwarden.services.ports import Store, UnitOfWork
from tests.support import factories
from tests.support.factories import ADA, NOW
from tests.unit.services.registry import MALLORY, last_audited
from tests.unit.services.world import copies_of, deliver, people

EXPORTS = parse("event:EXPORT", now=NOW)


async def inbox_of_ada(store: Store, mails: int) -> int:
    """Deliver some mails to ada; return the id of her INBOX."""
    await store.transact(people)
    for number in range(mails):
        await deliver(store, factories.message(str(number)), ADA, trace_id=f"t{number}")
    [inbox] = [
        mailbox
        for mailbox in await store.read(exporting.mailboxes, OPERATOR, ADA)
        if mailbox.name == "INBOX"
    ]
    return inbox.id


async def test_copies_leave_in_order_of_uids_each_with_an_event(store: Store) -> None:
    inbox = await inbox_of_ada(store, 3)
    facts = await store.transact(exporting.next_copies, inbox, 1)
    assert [each.uid for each in facts] == [2, 3]
    assert await store.transact(exporting.next_copies, inbox, 3) == []

    def look(uow: UnitOfWork) -> None:
        events = uow.ledger.rows(uow.ledger.search(EXPORTS, similar={}))
        assert {each.event for each in events} == {Event.EXPORT}
        assert [(each.uid, each.trace_id) for each in events] == [(2, "t1"), (3, "t2")]
        assert {(each.account, each.mailbox) for each in events} == {
            (str(ADA), "INBOX")
        }

    await store.read(look)


async def test_a_chunk_is_bounded(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "CHUNK", 2)
    inbox = await inbox_of_ada(store, 3)
    assert len(await store.transact(exporting.next_copies, inbox, 0)) == 2


async def test_contained_mail_stays_behind(store: Store) -> None:
    inbox = await inbox_of_ada(store, 2)

    def contain(uow: UnitOfWork) -> None:
        placement.withdraw(uow, copies_of(uow, ADA)[:1], CopyState.CONTAINED)

    await store.transact(contain)
    facts = await store.transact(exporting.next_copies, inbox, 0)
    assert [each.uid for each in facts] == [2]


async def test_an_export_is_written_down_before_anything_leaves(store: Store) -> None:
    await inbox_of_ada(store, 2)
    await store.transact(exporting.begin, OPERATOR, ADA, "eml", "/somewhere")
    entry = await last_audited(store)
    assert (entry.action, entry.object) == ("mail.export", f"account {ADA}")
    assert entry.after == {
        "format": "eml",
        "directory": "/somewhere",
        "messages": 2,
        "octets": 2000,
    }


async def test_a_foreign_account_looks_absent(store: Store) -> None:
    await store.transact(people)
    with pytest.raises(NotFound):
        await store.read(exporting.mailboxes, MALLORY, ADA)
    with pytest.raises(NotFound):
        await store.transact(exporting.begin, MALLORY, ADA, "eml", "/somewhere")
