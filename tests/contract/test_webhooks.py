"""Webhooks and the outbox: who is told, and what is still to be told."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from postwarden.model.errors import NotFound
from postwarden.model.webhooks import (
    Delivery,
    DeliveryState,
    Notice,
    NoticeName,
    Webhook,
    WebhookState,
)
from postwarden.services.ports import Store, UnitOfWork
from tests.support.factories import NOW

MINUTE = timedelta(minutes=1)


def webhook(**changes: Any) -> Webhook:
    return replace(
        Webhook(
            url="https://hooks.example/a",
            secret=b"sealed",
            created_at=NOW,
            created_by="operator",
        ),
        **changes,
    )


def notice(key: str = "key1", time: datetime = NOW, **changes: Any) -> Notice:
    return replace(
        Notice(
            key=key,
            time=time,
            name=NoticeName.CASE_DONE,
            object="case 1",
            domain=None,
            body='{"id": "ü"}',
        ),
        **changes,
    )


async def test_a_webhook_comes_back_as_it_was_written(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        plain = uow.webhooks.add(webhook())
        full = uow.webhooks.add(
            webhook(
                events=(NoticeName.CASE_DONE, NoticeName.HOLD_CREATED),
                domains=("example.net", "example.org"),
                old_secret=b"sealed before",
                old_until=NOW + MINUTE,
                failing_since=NOW,
                retry_at=NOW + MINUTE,
            )
        )
        assert uow.webhooks.all() == [plain, full]
        assert uow.webhooks.get(full.id) == full
        changed = replace(plain, state=WebhookState.DISABLED, secret=b"other")
        uow.webhooks.replace(changed)
        assert uow.webhooks.get(plain.id) == changed
        uow.webhooks.remove(full.id)
        assert uow.webhooks.all() == [changed]
        assert uow.webhooks.add(webhook()).id > full.id
        with pytest.raises(NotFound):
            uow.webhooks.get(full.id)
        with pytest.raises(NotFound):
            uow.webhooks.replace(full)

    await store.transact(work)


def three(uow: UnitOfWork) -> list[Delivery]:
    """Two webhooks, of which the first is told two things and the second one."""
    one, two = uow.webhooks.add(webhook()).id, uow.webhooks.add(webhook()).id
    uow.outbox.add(notice(), [one, two])
    uow.outbox.add(notice("key2", NOW + MINUTE), [one])
    return list(reversed(uow.outbox.page(before=99, limit=99, webhooks=[one, two])))


async def test_a_notice_becomes_a_delivery_to_each_webhook(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        first, second, third = three(uow)
        assert first == Delivery(id=first.id, webhook=1, notice=notice(), next_at=NOW)
        assert (second.webhook, second.notice) == (2, notice())
        assert (third.webhook, third.notice.key) == (1, "key2")
        assert third.next_at == NOW + MINUTE
        assert uow.outbox.get(third.id) == third
        with pytest.raises(NotFound):
            uow.outbox.get(99)

    await store.transact(work)


async def test_deliveries_are_listed_newest_first(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        first, second, third = three(uow)
        uow.outbox.replace(replace(first, state=DeliveryState.FAILED))

        def ids(before: int = 99, limit: int = 99, **filters: Any) -> list[int]:
            filters = {"webhooks": [1, 2], **filters}
            found = uow.outbox.page(before=before, limit=limit, **filters)
            return [each.id for each in found]

        assert ids() == [third.id, second.id, first.id]
        assert ids(limit=1) == [third.id]
        assert ids(before=third.id) == [second.id, first.id]
        assert ids(webhooks=[2]) == [second.id]
        assert ids(webhooks=[]) == []
        assert ids(states=[DeliveryState.FAILED]) == [first.id]

    await store.transact(work)


async def test_the_one_that_waits_longest_is_due_first(store: Store) -> None:
    def work(uow: UnitOfWork) -> None:
        first, _, third = three(uow)
        assert uow.outbox.due(1, NOW) == first
        assert uow.outbox.next_at(1) == NOW
        told = replace(
            first,
            attempts=2,
            next_at=NOW + 2 * MINUTE,
            last_attempt_at=NOW,
            last_status=503,
            last_error="busy",
        )
        uow.outbox.replace(told)
        assert uow.outbox.get(first.id) == told
        assert uow.outbox.due(1, NOW) is None
        assert uow.outbox.next_at(1) == NOW + MINUTE
        assert uow.outbox.due(1, NOW + MINUTE) == third
        assert uow.outbox.due(1, NOW + 3 * MINUTE) == third
        for each in (told, third):
            uow.outbox.replace(
                replace(each, state=DeliveryState.DELIVERED, ended_at=NOW)
            )
        assert uow.outbox.due(1, NOW + 3 * MINUTE) is None
        assert uow.outbox.next_at(1) is None
        assert uow.outbox.next_at(2) == NOW

    await store.transact(work)


async def test_what_ended_long_ago_or_has_no_webhook_is_forgotten(
    store: Store,
) -> None:
    def work(uow: UnitOfWork) -> None:
        first, second, third = three(uow)
        ended = replace(first, state=DeliveryState.DELIVERED, ended_at=NOW)
        uow.outbox.replace(ended)
        assert uow.outbox.purge(NOW, 10) == 0
        assert uow.outbox.purge(NOW + MINUTE, 10) == 1
        assert uow.outbox.get(second.id) == second
        uow.webhooks.remove(2)
        assert uow.outbox.purge(NOW, 10) == 1
        left = uow.outbox.page(before=99, limit=99, webhooks=[1, 2])
        assert left == [third]
        uow.webhooks.remove(1)
        assert uow.outbox.purge(NOW, 0) == 0
        assert uow.outbox.purge(NOW, 10) == 1
        with pytest.raises(NotFound):
            uow.outbox.get(third.id)

    await store.transact(work)
