"""What exchangelib does every day: connect, walk, filter, read."""

from datetime import UTC, datetime, timedelta

import pytest
from exchangelib import DELEGATE, IMPERSONATION, Account, FaultTolerance, Q
from exchangelib.errors import (
    ErrorFolderNotFound,
    ErrorImpersonateUserDenied,
    ErrorNonExistentMailbox,
    UnauthorizedError,
)
from exchangelib.folders import Folder, Inbox

from postwarden.model.actors import OPERATOR
from postwarden.services import administrators, keys
from postwarden.services.administrators import NewAdministrator
from tests.conformance.ews.conftest import Office

DAY = datetime(2026, 11, 20, 9, tzinfo=UTC)


def mail(number: int) -> bytes:
    when = (DAY + timedelta(hours=number)).strftime("%a, %d %b %Y %H:%M:%S +0000")
    return (
        f"From: Carol =?utf-8?q?M=C3=BCller?= <carol@example.net>\r\n"
        f"To: ada@example.org, Bob <bob@example.org>\r\n"
        f"Subject: report {number}\r\nDate: {when}\r\n"
        f"Message-ID: <{number}@example.net>\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\nFigures {number}: äöü\r\n"
    ).encode()


ATTACHED = (
    b"From: carol@example.net\r\nTo: ada@example.org\r\nSubject: files\r\n"
    b"Date: Sat, 21 Nov 2026 09:00:00 +0000\r\nMessage-ID: <files@example.net>\r\n"
    b"Importance: High\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>see <b>both</b></p>\r\n"
    b"--b\r\nContent-Type: application/pdf; name=a.pdf\r\n"
    b"Content-Disposition: attachment; filename=a.pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nJVBERi0=\r\n"
    b"--b\r\nContent-Type: message/rfc822\r\n"
    b"Content-Disposition: attachment\r\n\r\n" + mail(99) + b"--b--\r\n"
)
COUNT = 12


@pytest.fixture(scope="module")
def ada(office: Office) -> Account:
    office.put(*map(mail, range(COUNT)), ATTACHED)
    office.put(mail(500), box="Projects/2026")
    office.put(mail(600), to="bob@example.org")
    return office.account()


def test_it_knows_which_server_this_is(ada: Account) -> None:
    assert ada.version.api_version == "Exchange2016"


def test_it_opens_the_inbox(ada: Account) -> None:
    assert isinstance(ada.inbox, Inbox)
    assert (ada.inbox.name, ada.inbox.total_count) == ("Inbox", COUNT + 1)
    assert ada.inbox.unread_count == COUNT + 1


def test_it_walks_all_folders(ada: Account) -> None:
    names = {folder.absolute for folder in ada.root.walk()}
    top = ada.msg_folder_root.absolute
    assert top.endswith("/Top of Information Store")
    assert f"{top}/Inbox" in names
    assert f"{top}/Projects/2026" in names
    assert f"{top}/Deleted Items" in names
    [year] = (ada.msg_folder_root / "Projects/2026",)
    assert year.total_count == 1


def test_it_finds_one_message_by_its_id_and_reads_it_as_it_came(ada: Account) -> None:
    [found] = ada.inbox.filter(message_id="3@example.net")
    assert found.subject == "report 3"
    [found] = ada.inbox.filter(message_id="<3@example.net>")
    assert found.mime_content == mail(3)
    assert found.body.strip() == "Figures 3: äöü"
    assert found.sender.name == "Carol Müller"
    assert found.sender.email_address == "carol@example.net"
    assert [each.email_address for each in found.to_recipients] == [
        *("ada@example.org", "bob@example.org")
    ]
    assert found.datetime_sent == DAY + timedelta(hours=3)
    assert found.message_id == "<3@example.net>"
    assert not found.is_read
    headers = {each.name: each.value for each in found.headers}
    assert headers["Subject"] == "report 3"


def test_it_looks_in_every_folder_at_once(ada: Account) -> None:
    everywhere = ada.msg_folder_root.walk()
    [found] = everywhere.filter(message_id="<500@example.net>")
    year = ada.msg_folder_root / "Projects/2026"
    assert found.parent_folder_id.id == year.id


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"subject": "REPORT 5"}, 1),
        ({"subject__contains": "report"}, COUNT),
        ({"subject__icontains": "EPORT 1"}, 3),
        ({"subject__startswith": "rep"}, COUNT),
        ({"subject__not": "report 5"}, COUNT),
        ({"subject__in": ["report 1", "report 2"]}, 2),
        ({"datetime_received__gt": DAY + timedelta(hours=9)}, 3),
        ({"datetime_received__lte": DAY + timedelta(hours=9)}, 10),
        ({"datetime_received__range": (DAY, DAY + timedelta(hours=2))}, 3),
        ({"has_attachments": True}, 1),
        ({"is_read": True}, 0),
        ({"size__gt": 10}, COUNT + 1),
        ({"importance": "High"}, 1),
        ({"sender__icontains": "müller"}, COUNT),
        ({"body__contains": "both"}, 1),
        ({"message_id__exists": True}, COUNT + 1),
    ],
)
def test_filters(ada: Account, wanted: dict[str, object], count: int) -> None:
    assert ada.inbox.filter(**wanted).count() == count


def test_filters_that_are_combined(ada: Account) -> None:
    either = Q(subject="report 1") | Q(subject="report 2")
    assert ada.inbox.filter(either & ~Q(message_id="<1@example.net>")).count() == 1


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ('subject:"report 7"', 1),
        ("report", COUNT + 1),  # one of them is attached
        ("from:carol@example.net received:2026-11-21", 1),
        ("report NOT subject:7", COUNT),
        ("participants:bob@example.org", COUNT),
        ("hasattachment:true OR subject:nothing", 1),
    ],
)
def test_words(ada: Account, words: str, count: int) -> None:
    assert ada.inbox.filter(words).count() == count


def test_order_and_pages(ada: Account) -> None:
    ordered = ada.inbox.filter(subject__startswith="report").order_by("-datetime_sent")
    subjects = [each.subject for each in ordered.only("subject")]
    assert subjects == [f"report {n}" for n in reversed(range(COUNT))]
    assert [each.subject for each in ordered.only("subject")[2:4]] == subjects[2:4]
    queryset = ada.inbox.all().only("subject")
    queryset.page_size = 5
    assert len(list(queryset)) == COUNT + 1


def test_attachments(ada: Account) -> None:
    [found] = ada.inbox.filter(message_id="<files@example.net>")
    inner, pdf = found.attachments
    assert (pdf.name, pdf.content_type, pdf.content) == (
        *("a.pdf", "application/pdf"),
        b"%PDF-",
    )
    with pdf.fp as file:
        assert file.read() == b"%PDF-"
    assert inner.item.subject == "report 99"
    assert found.importance == "High"
    assert "<b>both</b>" in found.body
    assert found.text_body.strip() == "see both"


def test_a_wrong_password_is_refused(office: Office) -> None:
    with pytest.raises(UnauthorizedError):
        _ = office.account(password="wrong").inbox.total_count


@pytest.mark.parametrize(
    ("access_type", "error"),
    [
        (DELEGATE, ErrorNonExistentMailbox),
        (IMPERSONATION, ErrorImpersonateUserDenied),
    ],
)
def test_somebody_else_s_mailbox_is_none(
    office: Office, access_type: str, error: type[Exception]
) -> None:
    config = office.account("ada@example.org").protocol.config
    bob = Account(
        "bob@example.org", config=config, autodiscover=False, access_type=access_type
    )
    with pytest.raises(error):
        _ = bob.inbox.total_count


@pytest.mark.parametrize("access_type", [IMPERSONATION, DELEGATE])
def test_an_administrator_acts_for_owners(
    office: Office, ada: Account, access_type: str
) -> None:
    name = f"root-{access_type}"
    office.run(
        administrators.create,
        OPERATOR,
        NewAdministrator(name=name, role="global-admin"),
    )
    key = office.run(keys.create, OPERATOR, name)
    config = office.account(username=name, password=key.secret).protocol.config
    bob = Account(
        "bob@example.org", config=config, autodiscover=False, access_type=access_type
    )
    [found] = bob.inbox.all()
    assert found.subject == "report 600"
    nobody = Account(
        "nobody@example.org", config=config, autodiscover=False, access_type=access_type
    )
    with pytest.raises(ErrorNonExistentMailbox):
        _ = nobody.inbox.total_count


def test_patience_is_not_needed(office: Office) -> None:
    patient = office.account(retry_policy=FaultTolerance(max_wait=5))
    assert patient.inbox.total_count


def test_folders_come_and_go(ada: Account) -> None:
    folder = Folder(parent=ada.inbox, name="Invoices")
    folder.save()
    inner = Folder(parent=folder, name="Old")
    inner.save()
    folder.name = "Bills"
    folder.save()
    inner.move(to_folder=ada.msg_folder_root)
    ada.root.clear_cache()
    assert (ada.inbox / "Bills").id == folder.id
    assert (ada.msg_folder_root / "Old").id == inner.id
    for each in (folder, inner):
        each.delete()
    ada.root.clear_cache()
    with pytest.raises(ErrorFolderNotFound):
        _ = ada.inbox / "Bills"


def test_what_was_deleted_is_found_in_the_dumpster(
    office: Office, ada: Account
) -> None:
    office.put(mail(700), box="Dump")
    ada.root.clear_cache()
    dump = ada.msg_folder_root / "Dump"
    dump.empty(delete_type="SoftDelete")
    deletions = ada.recoverable_items_deletions
    [found] = deletions.filter(message_id="<700@example.net>")
    assert found.mime_content == mail(700)
    assert not dump.filter(message_id="<700@example.net>").exists()
