"""Messages that no copy has any more, until their content is gone."""

from dataclasses import replace
from datetime import timedelta

import pytest

from postwarden.model.cases import Action, CaseState, Outcome
from postwarden.model.errors import NotFound
from postwarden.model.mailboxes import CopyState
from postwarden.model.messages import AttachedMessage
from postwarden.model.queue import QueueEntry, QueueState
from postwarden.services.ports import References, Store, UnitOfWork
from postwarden.services.ports.operations import PendingDelivery
from tests.support.factories import (
    ADA,
    BOB,
    NOW,
    account,
    attachment,
    case,
    copy_in,
    digest,
    envelope,
    message,
    plan,
    plan_item,
)

LATER = NOW + timedelta(days=1)


def fill(uow: UnitOfWork, count: int = 4) -> list[int]:
    """Messages 1 to `count`; the last has a copy in the vault."""
    inbox = uow.mailboxes.add(uow.accounts.add(account()).id, "INBOX", 1)
    numbers = [uow.messages.add(message(str(n))).id for n in range(1, count + 1)]
    uow.copies.add([copy_in(inbox, numbers[-1], 1, state=CopyState.VAULTED)])
    return numbers


def due(uow: UnitOfWork, limit: int = 9) -> list[int]:
    return [each.id for each in uow.disposal.due(NOW, limit)]


def emptied(uow: UnitOfWork, after: int = 0, limit: int = 9) -> list[int]:
    return [each.id for each in uow.disposal.emptied(after=after, limit=limit)]


async def test_only_messages_without_copies_are_listed(store: Store) -> None:
    numbers = await store.transact(fill)

    await store.transact(lambda uow: uow.disposal.offer([*numbers, 99], NOW))

    assert await store.read(due) == numbers[:-1]
    assert await store.read(due, 2) == numbers[:2]
    assert await store.read(lambda uow: uow.disposal.with_copies([*numbers, 99])) == {
        numbers[-1]
    }


async def test_the_list_is_looked_at_in_order_of_time(store: Store) -> None:
    one, two, three, _ = await store.transact(fill)
    await store.transact(lambda uow: uow.disposal.offer([one], NOW))
    await store.transact(
        lambda uow: uow.disposal.offer([two], NOW - timedelta(hours=1))
    )
    await store.transact(lambda uow: uow.disposal.offer([three], LATER))
    await store.transact(lambda uow: uow.disposal.offer([three], NOW))  # it is there
    assert await store.read(due) == [two, one]

    await store.transact(lambda uow: uow.disposal.postpone([two, 99], LATER))
    assert await store.read(due) == [one]
    await store.transact(lambda uow: uow.disposal.settle([one, 99]))
    assert await store.read(due) == []


async def test_the_queue_and_pending_deliveries_need_their_messages(
    store: Store,
) -> None:
    one, two, three, four = await store.transact(fill)

    def need(uow: UnitOfWork) -> None:
        for number in (one, two, two):
            uow.receptions.add(f"t{number}", number, NOW, envelope())
        uow.receptions.add_pending(
            3,
            [
                PendingDelivery(position=0, recipient=0, via=ADA, account=1),
                PendingDelivery(position=1, recipient=0, via=BOB, foreign=BOB),
            ],
        )
        uow.queue.add(
            [
                QueueEntry(
                    trace_id="t",
                    reception=1,
                    recipient=0,
                    message=three,
                    reverse_path=None,
                    forward_path=BOB,
                    via=BOB,
                    state=QueueState.PARKED,
                    created_at=NOW,
                )
            ]
        )

    await store.transact(need)

    needed = await store.read(lambda uow: uow.disposal.needed([one, two, three, four]))
    assert needed == {two, three}
    await store.transact(lambda uow: uow.receptions.remove_pending(3, 1))
    assert await store.read(lambda uow: uow.disposal.needed([two])) == set()


async def test_a_case_that_is_not_closed_needs_its_evidence(store: Store) -> None:
    one, two, *_ = await store.transact(fill)

    def work(uow: UnitOfWork) -> None:
        opened = uow.cases.add(case())
        planned = uow.cases.add_plan(plan(opened.id))
        uow.cases.add_items(planned.id, [plan_item(7, sha256=digest("1"))])
        assert uow.disposal.needed([one, two]) == {one}
        uow.cases.replace(replace(opened, state=CaseState.CLOSED))
        assert uow.disposal.needed([one, two]) == set()

    await store.transact(work)


async def test_what_a_case_shreds_is_no_evidence_of_it(store: Store) -> None:
    one, *_ = await store.transact(fill)

    def work(uow: UnitOfWork) -> None:
        opened, other = uow.cases.add(case()), uow.cases.add(case())
        item = plan_item(7, sha256=digest("1"))

        def planned(number: int, action: Action) -> int:
            added = uow.cases.add_plan(plan(number, action=action)).id
            uow.cases.add_items(added, [item])
            return added

        planned(opened.id, Action.CONTAIN)
        shred = planned(opened.id, Action.SHRED)
        assert uow.disposal.needed([one]) == {one}
        uow.cases.update_items(shred, [replace(item, outcome=Outcome.REMOVED)])
        assert uow.disposal.needed([one]) == set()

        planned(other.id, Action.CONTAIN)
        assert uow.disposal.needed([one]) == {one}

    await store.transact(work)


async def test_an_emptied_message_keeps_what_the_ledger_shows(store: Store) -> None:
    whole = message(
        "whole",
        references=("a@x",),
        attachments=(attachment(),),
        attached_messages=(
            AttachedMessage(
                sha256=digest("inner"),
                message_id=None,
                fingerprint=None,
                content_fingerprint=None,
            ),
        ),
    )

    def work(uow: UnitOfWork) -> None:
        added = uow.messages.add(whole)
        other = uow.messages.add(replace(whole, sha256=digest("other")))
        uow.disposal.offer([added.id, other.id], NOW)

        uow.disposal.empty([added.id, 99])

        gone = replace(added, is_emptied=True)
        assert uow.messages.find(whole.sha256) == gone
        assert uow.messages.many([added.id]) == {added.id: gone}
        assert uow.messages.with_message_id(whole.message_id or "")[0] == gone
        assert uow.messages.page(after=0, limit=9) == [other]
        assert uow.messages.details([added.id]) == {}
        with pytest.raises(NotFound):
            uow.messages.rendering(added.id)
        inner = References(sha256s=frozenset({digest("inner")}))
        assert list(uow.messages.carrying(inner)) == [other.id]
        assert uow.messages.related(["a@x"]) == 1
        assert (due(uow), emptied(uow)) == ([other.id], [added.id])
        assert emptied(uow, added.id) == []
        uow.disposal.settle([added.id])
        assert emptied(uow) == []

    await store.transact(work)


async def test_the_same_octets_make_another_message_afterwards(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        first = uow.messages.add(message("one"))
        uow.disposal.empty([first.id])
        second = uow.messages.add(message("one"))
        assert second == replace(first, id=second.id)
        assert second.id > first.id
        assert uow.messages.find(first.sha256) == second
        assert uow.messages.add(message("one")) == second
        assert uow.messages.rendering(second.id) == uow.messages.rendering(second.id)

        uow.disposal.empty([second.id])
        third = uow.messages.add(message("one"))
        assert uow.messages.find(first.sha256) == third

    await store.transact(work)
