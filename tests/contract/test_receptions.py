"""Receptions with their pending deliveries, and the queue."""

from dataclasses import replace
from datetime import timedelta

import pytest

from postwarden.model.addresses import Address
from postwarden.model.envelopes import EnvelopeRecipient, Peer
from postwarden.model.errors import NotFound
from postwarden.model.queue import QueueEntry, QueueState
from postwarden.services.ports import Store, UnitOfWork
from postwarden.services.ports.operations import PendingDelivery, Reception
from tests.support.factories import ADA, BOB, NOW, envelope
from tests.support.stores import BROKEN_CONSTRAINT


async def test_a_reception_says_what_the_envelope_said(store: Store) -> None:
    said = envelope(login="ada@example.org", ret="HDRS", envid="<7>", body="8BITMIME")

    sealed = replace(
        said, peer=replace(said.peer, tls="TLSv1.3 TLS_AES_256_GCM_SHA384")
    )

    added = await store.transact(
        lambda uow: uow.receptions.add("t1", 5, NOW, sealed, host="mx.example.org")
    )

    assert added == Reception(
        id=added.id,
        trace_id="t1",
        message=5,
        received_at=NOW,
        reverse_path=BOB,
        client_ip="192.0.2.7",
        helo="client.example.net",
        protocol="ESMTP",
        login="ada@example.org",
        host="mx.example.org",
        tls="TLSv1.3 TLS_AES_256_GCM_SHA384",
    )
    assert await store.read(lambda uow: uow.receptions.get(added.id)) == added
    with pytest.raises(NotFound):
        await store.read(lambda uow: uow.receptions.get(99))


async def test_a_null_reverse_path_and_a_socket_have_nothing_to_say(
    store: Store,
) -> None:
    local = Peer(ip="", port=0, local_ip="", local_port=0)
    said = envelope(reverse_path=None, peer=local)

    added = await store.transact(lambda uow: uow.receptions.add("t1", 5, NOW, said))

    kept = await store.read(lambda uow: uow.receptions.get(added.id))
    assert kept == added
    assert (kept.reverse_path, kept.client_ip) == (None, None)


async def test_recipients_keep_order_and_repeats(store: Store) -> None:
    recipients = (
        EnvelopeRecipient(forward_path=BOB, notify=("SUCCESS", "FAILURE")),
        EnvelopeRecipient(
            forward_path=Address.parse('"a b"@bücher.example'),
            notify=("NEVER",),
            original_recipient="rfc822;a+b@example.org",
        ),
        EnvelopeRecipient(forward_path=BOB),
    )

    def work(uow: UnitOfWork) -> None:
        said = envelope(recipients=recipients)
        first = uow.receptions.add("t1", 5, NOW, said)
        second = uow.receptions.add("t1", 5, NOW, envelope(ADA))
        assert uow.receptions.recipients(first.id) == list(recipients)
        assert [r.forward_path for r in uow.receptions.recipients(second.id)] == [ADA]
        assert uow.receptions.recipients(99) == []

    await store.transact(work)


def pending(position: int) -> PendingDelivery:
    if position % 2:
        return PendingDelivery(position=position, recipient=1, via=ADA, account=9)
    return PendingDelivery(position=position, recipient=0, via=BOB, foreign=ADA)


async def test_pending_deliveries_are_taken_from_the_front(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        uow.receptions.add_pending(1, [pending(n) for n in (3, 0, 2, 1)])
        uow.receptions.add_pending(2, [pending(7)])
        assert uow.receptions.pending(1, 2) == [pending(0), pending(1)]
        uow.receptions.remove_pending(1, 1)
        assert uow.receptions.pending(1, 9) == [pending(2), pending(3)]
        uow.receptions.remove_pending(1, 9)
        uow.receptions.remove_pending(1, 9)
        assert uow.receptions.pending(1, 9) == []
        assert uow.receptions.pending(2, 9) == [pending(7)]

    await store.transact(work)


async def test_a_position_is_pending_once(store: Store) -> None:
    with pytest.raises(BROKEN_CONSTRAINT):
        await store.transact(
            lambda uow: uow.receptions.add_pending(1, [pending(0), pending(0)])
        )

    assert await store.read(lambda uow: uow.receptions.pending(1, 9)) == []


async def test_the_queue_is_paged_in_the_order_of_writing(store: Store) -> None:
    first = QueueEntry(
        trace_id="t1",
        reception=1,
        recipient=0,
        message=5,
        reverse_path=BOB,
        forward_path=Address.parse("x@elsewhere.example"),
        via=ADA,
        state=QueueState.PARKED,
        created_at=NOW,
    )
    second = replace(
        first, reverse_path=None, recipient=1, created_at=NOW - timedelta(1)
    )

    def work(uow: UnitOfWork) -> None:
        uow.queue.add([first, second])
        uow.queue.add(iter([first]))
        entries = uow.queue.page(limit=9)
        ids = [entry.id for entry in entries]
        assert ids == sorted(set(ids))
        assert [replace(e, id=0) for e in entries] == [first, second, first]
        assert uow.queue.page(after=ids[0], limit=1) == entries[1:2]
        assert uow.queue.page(after=ids[2], limit=1) == []

    await store.transact(work)
