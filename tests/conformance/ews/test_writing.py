"""exchangelib writes: drafts, changes, moves, and the three ways to delete."""

import pytest
from exchangelib import Account, FileAttachment, HTMLBody, Message
from exchangelib.errors import ErrorInvalidOperation, ErrorItemNotFound

from tests.conformance.ews.conftest import Office

MAIL = b"From: eve@example.net\r\nSubject: %s\r\nMessage-ID: <%s@x>\r\n\r\nHello\r\n"


@pytest.fixture
def account(office: Office) -> Account:
    return office.account()


def arrived(office: Office, account: Account, name: str) -> Message:
    office.put(MAIL % (name.encode(), name.encode()))
    return account.inbox.get(subject=name)


def test_a_draft_is_saved(account: Account) -> None:
    draft = Message(
        account=account,
        folder=account.drafts,
        subject="Grüße",
        body=HTMLBody("<p>Dear Bob</p>"),
        to_recipients=["bob@example.org"],
        categories=["blue"],
    )
    draft.attach(FileAttachment(name="plan.txt", content=b"the plan"))
    draft.save()

    [saved] = account.drafts.filter(subject="Grüße")
    assert saved.is_draft
    assert saved.body == "<p>Dear Bob</p>\n"
    assert [each.email_address for each in saved.to_recipients] == ["bob@example.org"]
    assert saved.categories == ["blue"]
    assert saved.attachments[0].content == b"the plan"


def test_octets_are_stored_as_they_are_given(account: Account) -> None:
    octets = MAIL % (b"as it is", b"as-it-is")
    Message(account=account, folder=account.inbox, mime_content=octets).save()
    [saved] = account.inbox.filter(subject="as it is")
    assert saved.mime_content == octets


def test_what_is_read_is_flagged(office: Office, account: Account) -> None:
    item = arrived(office, account, "flagged")
    assert not item.is_read
    item.is_read = True
    item.categories = ["a", "b"]
    item.save(update_fields=["is_read", "categories"])
    again = account.inbox.get(subject="flagged")
    assert (again.id, again.is_read, again.categories) == (item.id, True, ["a", "b"])
    again.subject = "rewritten"
    with pytest.raises(ErrorInvalidOperation):
        again.save(update_fields=["subject"])


def test_mail_moves_and_is_copied(office: Office, account: Account) -> None:
    item = arrived(office, account, "moving")
    old = item.id, item.changekey
    item.move(to_folder=account.junk)
    assert item.id != old[0]
    assert account.junk.filter(subject="moving").count() == 1
    [gone] = account.fetch(ids=[old])
    assert isinstance(gone, ErrorItemNotFound)
    item.copy(to_folder=account.sent)
    assert account.sent.filter(subject="moving").count() == 1
    item.mark_as_junk(is_junk=False, move_item=True)
    assert account.inbox.filter(subject="moving").count() == 1


@pytest.mark.parametrize(
    ("delete", "trash", "deletions"),
    [("move_to_trash", 1, 0), ("soft_delete", 0, 1), ("delete", 0, 0)],
)
def test_mail_is_deleted_in_three_ways(
    office: Office, account: Account, delete: str, trash: int, deletions: int
) -> None:
    item = arrived(office, account, delete)
    getattr(item, delete)()
    assert not account.inbox.filter(subject=delete).exists()
    assert account.trash.filter(subject=delete).count() == trash
    found = account.recoverable_items_deletions.filter(subject=delete)
    assert found.count() == deletions


def test_what_was_soft_deleted_comes_back(office: Office, account: Account) -> None:
    item = arrived(office, account, "regretted")
    item.soft_delete()
    [deleted] = account.recoverable_items_deletions.filter(subject="regretted")
    deleted.move(to_folder=account.inbox)
    assert account.inbox.filter(subject="regretted").exists()


def test_many_are_deleted_at_once_and_one_fails_alone(
    office: Office, account: Account
) -> None:
    office.put(*(MAIL % (b"many", b"many%d" % n) for n in range(150)))
    ids = list(account.inbox.filter(subject="many").values_list("id", "changekey"))
    account.bulk_delete(ids[:1], delete_type="HardDelete")
    done = account.bulk_delete(ids, delete_type="HardDelete")
    assert [each for each in done if each is not True] == [done[0]]
    assert isinstance(done[0], ErrorItemNotFound)
    assert not account.inbox.filter(subject="many").exists()


def test_nothing_is_sent(account: Account) -> None:
    message = Message(
        account=account, subject="x", body="x", to_recipients=["bob@example.org"]
    )
    with pytest.raises(ErrorInvalidOperation, match="Sending is not offered"):
        message.send()
