"""Messages: stored once, found by what they are."""

from datetime import timedelta
from typing import Any

import pytest

from postwarden.model.addresses import Address
from postwarden.model.errors import NotFound
from postwarden.model.mailboxes import CopyState
from postwarden.model.messages import AttachedMessage, Message
from postwarden.services.ports import References, Store, UnitOfWork
from tests.support.factories import (
    NOW,
    account,
    attachment,
    copy_in,
    digest,
    ledger_event,
    message,
)


async def test_a_message_comes_back_as_it_was_added(store: Store) -> None:
    new = message(
        "whole",
        subject="\U0001f4e7 Überraschung",
        date=NOW - timedelta(days=9, microseconds=1),
        attachments=(attachment(), attachment()),
        header_addresses=(("to", "a/b"), ("to", "a/b")),
        references=("x@y", "x@y"),
    )

    added = await store.transact(lambda uow: uow.messages.add(new))

    assert added == Message(
        id=added.id,
        sha256=new.sha256,
        size=new.size,
        message_id=new.message_id,
        subject=new.subject,
        author=new.author,
        date=new.date,
        fingerprint=new.fingerprint,
        content_fingerprint=new.content_fingerprint,
    )
    assert await store.read(lambda uow: uow.messages.find(new.sha256)) == added
    assert await store.read(lambda uow: uow.messages.find(digest("other"))) is None


async def test_a_message_may_know_nothing_of_itself(store: Store) -> None:
    bare = message(
        "bare",
        size=0,
        message_id=None,
        date=None,
        fingerprint=None,
        content_fingerprint=None,
        header=b"",
    )

    added = await store.transact(lambda uow: uow.messages.add(bare))

    assert await store.read(lambda uow: uow.messages.many([added.id])) == {
        added.id: added
    }
    assert (added.message_id, added.date, added.fingerprint) == (None, None, None)


async def test_the_same_bytes_are_stored_once(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        first = uow.messages.add(message("one"))
        again = uow.messages.add(message("one", subject="read by a newer parser"))
        assert again == first
        assert uow.messages.page(after=0, limit=9) == [first]

    await store.transact(work)


async def test_what_imap_sends_comes_back_to_the_octet(store: Store) -> None:
    parts = bytes(range(256)), b"", b"Subject: \x00\xff\r\n\r\n"
    new = message(envelope=parts[0], bodystructure=parts[1], header=parts[2])

    added = await store.transact(lambda uow: uow.messages.add(new))

    assert await store.read(lambda uow: uow.messages.rendering(added.id)) == parts
    with pytest.raises(NotFound):
        await store.read(lambda uow: uow.messages.rendering(99))


async def test_messages_share_a_message_id_and_are_found_oldest_first(
    store: Store,
) -> None:
    def work(uow: UnitOfWork) -> None:
        same = [uow.messages.add(message(n, message_id="Same@id")) for n in "dcba"]
        uow.messages.add(message("other", message_id="same@id"))
        assert uow.messages.with_message_id("Same@id") == same
        assert uow.messages.with_message_id("Same@id", limit=2) == same[:2]
        assert uow.messages.with_message_id("absent@id") == []
        assert uow.messages.page(after=same[1].id, limit=2) == same[2:]
        assert uow.messages.many([same[0].id, 99]) == {same[0].id: same[0]}

    await store.transact(work)


async def test_carriers_are_found_by_what_they_carry(store: Store) -> None:
    carried = AttachedMessage(
        sha256=digest("carried"),
        message_id="carried@example.org",
        fingerprint=digest("f"),
        content_fingerprint=digest("c"),
    )
    bare = AttachedMessage(
        sha256=digest("bare"),
        message_id=None,
        fingerprint=None,
        content_fingerprint=None,
    )

    def work(uow: UnitOfWork) -> None:
        both = uow.messages.add(message("both", attached_messages=(bare, carried)))
        one = uow.messages.add(message("one", attached_messages=(carried,)))
        uow.messages.add(message("none"))

        def carrying(**references: Any) -> set[int]:
            found = uow.messages.carrying(References(**references))
            assert all(number == each.id for number, each in found.items())
            return set(found)

        assert carrying(sha256s=frozenset({digest("bare")})) == {both.id}
        assert carrying(fingerprints=frozenset({digest("f")})) == {both.id, one.id}
        assert carrying(content_fingerprints=frozenset({digest("c")})) == {
            both.id,
            one.id,
        }
        assert carrying(
            sha256s=frozenset({digest("x"), digest("carried")}),
            fingerprints=frozenset({digest("c")}),
        ) == {both.id, one.id}
        assert carrying(sha256s=frozenset({digest("both")})) == set()
        assert carrying() == set()

    await store.transact(work)


async def test_related_messages_are_counted_once(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.messages.add(message("reply", references=("a@x", "b@x")))
        uow.messages.add(message("later", references=("b@x",)))
        assert uow.messages.related(["a@x", "b@x"]) == 2
        assert uow.messages.related(["a@x"]) == 1
        assert uow.messages.related(["c@x"]) == 0
        assert uow.messages.related([]) == 0

    await store.transact(work)


async def test_domains_know_messages_by_copies_and_by_events(store: Store) -> None:
    ours, theirs = "example.org", "example.net"

    def build(uow: UnitOfWork) -> list[int]:
        names = ("copy", "event of an account", "event", "theirs", "nobody's")
        ids = [uow.messages.add(message(name)).id for name in names]
        accounts = {
            domain: uow.accounts.add(account(Address("ada", domain))).id
            for domain in (ours, theirs)
        }
        inbox = uow.mailboxes.add(accounts[ours], "INBOX", 1)
        other = uow.mailboxes.add(accounts[theirs], "INBOX", 1)
        vaulted = CopyState.VAULTED
        uow.copies.add([copy_in(inbox, ids[0], 1, state=vaulted)])
        uow.copies.add([copy_in(other, ids[3], 1)])
        uow.ledger.record(
            [
                ledger_event(message=ids[1], account=accounts[ours]),
                ledger_event(message=ids[2], forward_path=Address("x", ours)),
                ledger_event(message=ids[3], reverse_path=Address("x", ours)),
                ledger_event(message=None, account=accounts[ours]),
            ]
        )
        return ids

    ids = await store.transact(build)

    async def known_in(*domains: str) -> set[int]:
        return await store.read(lambda uow: uow.messages.known_in(ids, domains))

    assert await known_in(ours) == set(ids[:3])
    assert await known_in(theirs, "absent.example") == {ids[3]}
    assert await known_in("example.or", "xample.org") == set()
    assert await known_in() == set()
    none = await store.read(lambda uow: uow.messages.known_in([], [ours]))
    assert none == set()
