"""exchangelib keeps folders in step, and takes items out and in again."""

import pytest
from exchangelib import Account, Message
from exchangelib.errors import ErrorCorruptData, ErrorItemNotFound
from exchangelib.folders import Messages

from tests.conformance.ews.conftest import Office

MAIL = b"From: eve@example.net\r\nSubject: %s\r\n\r\nHello\r\n"


@pytest.fixture
def account(office: Office) -> Account:
    return office.account()


def test_a_folder_is_kept_in_step(office: Office, account: Account) -> None:
    folder = Messages(parent=account.msg_folder_root, name="Step")
    office.put(*(MAIL % b"step%d" % n for n in range(25)), box="Step")
    [folder] = account.msg_folder_root.glob("Step")
    created = list(folder.sync_items(max_changes_returned=10))
    assert [kind for kind, _ in created] == ["create"] * 25
    state = folder.item_sync_state
    assert list(folder.sync_items(sync_state=state)) == []

    one, two, three = folder.all().order_by("subject")[:3]
    one.soft_delete()
    two.is_read = True
    two.save(update_fields=["is_read"])
    three.move(to_folder=account.junk)
    office.put(MAIL % b"late", box="Step")

    news = [
        (kind, item.subject if kind in {"create", "update"} else "")
        for kind, item in folder.sync_items(sync_state=state)
    ]
    assert sorted(news) == [
        *(("create", "late"), ("delete", "")),
        *(("delete", ""), ("update", two.subject)),
    ]


def test_a_changed_draft_is_told_as_the_item_that_it_was(account: Account) -> None:
    drafts = account.drafts
    old = Message(account=account, folder=drafts, subject="old", body="a").save()
    list(drafts.sync_items())
    state = drafts.item_sync_state
    new = Message(account=account, folder=drafts, subject="new", body="b").save()
    known = {old.id: "update", new.id: "create"}
    for each in (old, new, old):
        key = each.changekey
        each.subject += ", changed"
        each.save(update_fields=["subject"])
        assert each.changekey != key

    news = list(drafts.sync_items(sync_state=state, max_changes_returned=1))
    assert {item.id: kind for kind, item in news} == known
    assert {item.subject for _, item in news} == {
        *("old, changed, changed", "new, changed")
    }
    assert drafts.get(id=old.id).subject == "old, changed, changed"

    state = drafts.item_sync_state
    old.move_to_trash()
    news = list(drafts.sync_items(sync_state=state))
    assert [kind for kind, _ in news] == ["delete"]
    new.delete()


def test_folders_are_kept_in_step(office: Office, account: Account) -> None:
    office.put(MAIL % b"x", box="Before")
    root = account.msg_folder_root
    first = {f.name: kind for kind, f in root.sync_hierarchy()}
    assert first["Before"] == "create"
    assert first["Inbox"] == "create"
    state = root.folder_sync_state
    office.put(MAIL % b"x", box="After")
    again = [(kind, f.name) for kind, f in root.sync_hierarchy(sync_state=state)]
    assert again == [("create", "After")]


def test_items_go_out_and_come_back_as_they_were(
    office: Office, account: Account
) -> None:
    office.put(MAIL % b"exported", box="Out")
    [folder] = account.msg_folder_root.glob("Out")
    item = folder.get(subject="exported")
    item.categories = ["kept"]
    item.save(update_fields=["categories"])
    identifier = item.id, item.changekey
    [data] = account.export([identifier])
    item.delete()
    assert folder.all().count() == 0

    [(number, key)] = account.upload([(folder, data)])

    [back] = account.fetch(ids=[(number, key)])
    assert (back.mime_content, back.categories) == (MAIL % b"exported", ["kept"])
    assert back.datetime_received == item.datetime_received
    [gone] = account.export([identifier])
    assert isinstance(gone, ErrorItemNotFound)
    [refused] = account.upload([(folder, "Zm9yZWlnbg==")])
    assert isinstance(refused, ErrorCorruptData)
