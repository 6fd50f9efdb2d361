"""exchangelib hears of what happens, by asking and by listening."""

import pytest
from exchangelib import Account
from exchangelib.errors import ErrorSubscriptionNotFound
from exchangelib.properties import (
    CreatedEvent,
    DeletedEvent,
    Event,
    ModifiedEvent,
    MovedEvent,
    StatusEvent,
)

from tests.conformance.ews.conftest import Office

MAIL = b"From: eve@example.net\r\nSubject: %s\r\n\r\nHello\r\n"


@pytest.fixture
def account(office: Office) -> Account:
    return office.account()


def asked(account: Account, identifier: str, watermark: str) -> list[Event]:
    return [
        event
        for notification in account.inbox.get_events(identifier, watermark)
        for event in notification.events
    ]


def test_it_asks_what_happened(office: Office, account: Account) -> None:
    inbox = account.inbox
    with inbox.pull_subscription() as (identifier, watermark):
        [event] = asked(account, identifier, watermark)
        assert isinstance(event, StatusEvent)
        office.put(MAIL % b"heard")
        item = inbox.get(subject="heard")
        [event] = asked(account, identifier, event.watermark)
        assert isinstance(event, CreatedEvent)
        assert (event.item_id.id, event.event_type) == (item.id, "item")
        assert event.parent_folder_id.id == inbox.id

        item.is_read = True
        item.save(update_fields=["is_read"])
        [event] = asked(account, identifier, event.watermark)
        assert isinstance(event, ModifiedEvent)
        assert event.item_id.id == item.id

        before = item.id
        item.move(to_folder=account.junk)
        [event] = asked(account, identifier, event.watermark)
        assert isinstance(event, MovedEvent)
        assert event.old_item_id.id == before
        assert event.item_id.id == item.id
        assert event.parent_folder_id.id == account.junk.id
    with pytest.raises(ErrorSubscriptionNotFound):
        asked(account, identifier, event.watermark)


@pytest.mark.parametrize("way", ["delete", "soft_delete", "move_to_trash"])
def test_it_hears_of_what_is_deleted(
    office: Office, account: Account, way: str
) -> None:
    office.put(MAIL % way.encode())
    item = account.inbox.get(subject=way)
    with account.inbox.pull_subscription() as (identifier, watermark):
        old = item.id
        getattr(item, way)()
        [event] = asked(account, identifier, watermark)
        if way == "move_to_trash":
            assert event.old_item_id.id == old
            assert event.parent_folder_id.id == account.trash.id
        else:
            assert isinstance(event, DeletedEvent)
            assert event.item_id.id == old


def test_it_listens(office: Office, account: Account) -> None:
    inbox = account.inbox
    with inbox.streaming_subscription() as identifier:
        office.put(MAIL % b"before the stream")
        heard = inbox.get_streaming_events(identifier, connection_timeout=1)
        first = next(heard)
        office.put(MAIL % b"in the stream")
        second = next(heard)
        heard.close()  # it has one connection
        items = {
            event.item_id.id
            for notification in (first, second)
            for event in notification.events
        }
        assert items == {
            inbox.get(subject=subject).id
            for subject in ("before the stream", "in the stream")
        }
        assert {first.subscription_id, second.subscription_id} == {identifier}
    with pytest.raises(ErrorSubscriptionNotFound):
        list(inbox.get_streaming_events(identifier, connection_timeout=1))
