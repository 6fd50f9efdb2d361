"""Invariant 2: every write path keeps MODSEQ, journal, counters and quota.

Invariant 4: what is restored has its bytes, mailbox, flags, keywords and date.
"""

from dataclasses import replace

from postwarden.model.mailboxes import Copy, CopyState, Flag, Mailbox
from postwarden.services import placement
from postwarden.services.placement import NewCopy
from postwarden.services.ports import Store, UnitOfWork
from tests.support import factories
from tests.unit.services.world import add_account, add_domain, at


def filed(uow: UnitOfWork, *, seen: bool = False, count: int = 2) -> list[Copy]:
    """Put `count` different messages of 1000 octets into the INBOX of ada."""
    if uow.domains.find("example.org") is None:
        add_domain(uow)
        add_account(uow, at("ada"))
    box = placement.mailbox_named(uow, 1, "INBOX")
    return placement.file(
        uow,
        [
            NewCopy(
                account=1,
                mailbox=box.id,
                message=uow.messages.add(factories.message(f"mail {number}")).id,
                size=1000,
                internal_date=factories.NOW,
                flags=Flag.SEEN if seen else Flag(0),
                keywords=("$Label1",),
            )
            for number in range(count)
        ],
    )


def books(uow: UnitOfWork, name: str = "INBOX") -> Mailbox:
    mailbox = uow.mailboxes.find(1, name)
    assert mailbox is not None
    return mailbox


def usage(uow: UnitOfWork) -> tuple[int, int, int, int]:
    account = uow.accounts.get(1)
    return (
        account.used_octets,
        account.used_messages,
        account.vault_octets,
        account.vault_messages,
    )


async def test_filing_counts_and_numbers(store: Store) -> None:
    copies = await store.transact(filed)

    box = await store.read(books)
    assert [copy.uid for copy in copies] == [1, 2]
    assert (box.uid_next, box.messages, box.unseen, box.octets) == (3, 2, 2, 2000)
    assert {copy.modseq for copy in copies} == {box.highest_modseq}
    assert await store.read(usage) == (2000, 2, 0, 0)


async def test_withdrawing_hides_journals_and_moves_usage(store: Store) -> None:
    copies = await store.transact(filed)
    before = await store.read(books)

    await store.transact(placement.withdraw, copies[:1], CopyState.CONTAINED)

    box = await store.read(books)
    assert (box.messages, box.unseen, box.octets) == (1, 1, 1000)
    assert box.highest_modseq > before.highest_modseq
    expunged = await store.read(
        lambda uow: uow.mailboxes.expunged(box.id, before.highest_modseq)
    )
    assert expunged == [(1, box.highest_modseq)]
    assert await store.read(usage) == (1000, 1, 1000, 1)
    left = await store.read(lambda uow: uow.copies.in_mailbox(box.id, limit=9))
    assert [copy.uid for copy in left] == [2]


async def test_restoring_gives_everything_back_but_the_uid(store: Store) -> None:
    def prepare(uow: UnitOfWork) -> Copy:
        return filed(uow, seen=True, count=1)[0]

    copy = await store.transact(prepare)
    [hidden] = await store.transact(placement.withdraw, [copy], CopyState.VAULTED)

    [back] = await store.transact(placement.restore, [(hidden, "INBOX")])

    box = await store.read(books)
    assert back == replace(copy, uid=2, modseq=box.highest_modseq)
    assert (box.messages, box.unseen, box.octets) == (1, 0, 1000)
    assert await store.read(usage) == (1000, 1, 0, 0)


async def test_restoring_makes_a_mailbox_that_is_gone(store: Store) -> None:
    [copy] = await store.transact(filed, count=1)
    [hidden] = await store.transact(placement.withdraw, [copy], CopyState.CONTAINED)
    await store.transact(lambda uow: uow.mailboxes.remove(copy.mailbox))

    [back] = await store.transact(placement.restore, [(hidden, "INBOX")])

    assert back.mailbox == (await store.read(books)).id


async def test_moving_keeps_the_id_and_leaves_a_journal(store: Store) -> None:
    copies = await store.transact(filed)

    [moved] = await store.transact(placement.move, [(copies[0], "Junk")])

    inbox, junk = await store.read(books), await store.read(books, "Junk")
    assert (moved.id, moved.mailbox, moved.uid) == (copies[0].id, junk.id, 1)
    assert (inbox.messages, junk.messages) == (1, 1)
    journal = await store.read(lambda uow: uow.mailboxes.expunged(inbox.id, 0))
    assert [uid for uid, _ in journal] == [1]
    assert await store.read(usage) == (2000, 2, 0, 0)


async def test_flagging_changes_unseen_and_modseq(store: Store) -> None:
    copies = await store.transact(filed)
    before = await store.read(books)

    [seen] = await store.transact(placement.flag, [(copies[0], Flag.SEEN, ("$Junk",))])

    box = await store.read(books)
    assert (box.unseen, seen.modseq) == (1, box.highest_modseq)
    assert box.highest_modseq > before.highest_modseq
    stored = await store.read(lambda uow: uow.copies.many([seen.id])[seen.id])
    assert (stored.flags, stored.keywords) == (Flag.SEEN, ("$Junk",))
