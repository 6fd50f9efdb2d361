"""Folders and mail: listed, shown, moved, thrown away, marked."""

from typing import Any

import pytest

from postwarden.adapters.memory.content import MemorySearchIndex
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.addresses import Address
from postwarden.model.mailboxes import CopyState, DiscardKind
from postwarden.services import access, indexing, owners
from postwarden.services.mailboxes import appending
from postwarden.services.ports import UnitOfWork
from tests.support.api import Answered, Client
from tests.unit.dialects.smartermail.conftest import ADA, CAROL, ORG, ROOT, Town, said

MAIL = """\
From: Zoe Ünal <zoe@example.com>
To: ada@example.org
Cc: bob@example.org
Subject: {subject}
Date: Sat, 21 Nov 2026 10:0{number}:00 +0100
Message-ID: <{number}@example.com>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: multipart/alternative; boundary=c

--c
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

gr=FC=DFe {number}
--c
Content-Type: text/html; charset=no-such-charset

<p>gruesse</p>
--c--
--b
Content-Type: image/png; name=cat.png
Content-Disposition: attachment; filename="cat.png"

{filler}
--b--
"""


async def _owner(town: Town) -> Actor:
    def owner(uow: UnitOfWork) -> Actor:
        account = access.account(uow, OPERATOR, Address.parse(ADA))
        return owners.owner(account, dialect="test")

    return await town.store.read(owner)


@pytest.fixture
async def ada(town: Town) -> Client:
    """The owner, logged in, with three mails in INBOX."""
    acting = await _owner(town)
    for number, subject in enumerate(("lunch", "invoice", "lunch again"), start=1):
        text = MAIL.format(subject=subject, number=number, filler="x" * 1500)
        await appending.append(town.store, town.blobs, acting, "INBOX", text.encode())
    await indexing.catch_up(MemorySearchIndex(town.store), town.blobs)
    return await town.as_(ADA)


async def _post(client: Client, path: str, **body: Any) -> Answered:
    return await client("POST", path, body=body)


async def _listed(client: Client, **body: Any) -> list[str]:
    found = (await _post(client, "/mail/messages", **body)).json
    assert found["success"], found
    return [row["subject"] for row in found["results"]]


async def _uids(client: Client, folder: str = "Inbox") -> list[int]:
    found = (await _post(client, "/mail/messages", folder=folder)).json
    return [row["uid"] for row in found["results"]]


async def _done(client: Client, path: str, **body: Any) -> None:
    answered = await _post(client, path, **body)
    assert answered.status == 200, answered.body


async def test_folders_have_the_names_that_clients_know(ada: Client) -> None:
    await _done(ada, "/folders/folder-put", folder="2026", parentFolder="Inbox")
    found = (await ada.get("/folders/list-email-folders")).json["folderList"]
    assert [each["path"] for each in found] == [
        *("Inbox", "Drafts", "Inbox/2026", "Junk Email", "Sent Items"),
        "Deleted Items",
    ]
    inbox, _, under, *_ = found
    assert (inbox["totalMessages"], inbox["unread"]) == (3, 3)
    assert inbox["ownerEmailAddress"] == ADA
    assert (under["folderIdParent"], under["name"]) == (inbox["id"], "2026")
    again = await _post(ada, "/folders/folder-put", folder="inbox/2026")
    assert said(again) == (409, "NAME_IN_USE")


async def test_mail_is_listed_in_pages_newest_first(ada: Client) -> None:
    assert await _listed(ada) == ["lunch again", "invoice", "lunch"]
    assert await _listed(ada, sortAscending=True, skip=1, take=1) == ["invoice"]
    found = (await _post(ada, "/mail/messages", folder="INBOX", take=99999)).json
    assert (found["totalCount"], found["unreadCount"]) == (3, 3)
    row = found["results"][0]
    assert row["from"]["name"] == "Zoe Ünal"
    assert row["fromAddress"] == "zoe@example.com"
    assert row["dateSent"] == "2026-11-21T09:03:00Z"
    assert (row["hasAttachments"], row["isSeen"]) == (True, False)
    assert await _listed(ada, folder="Sent Items") == []


@pytest.mark.parametrize(
    ("asked", "subjects"),
    [
        ({"query": "lunch"}, ["lunch again", "lunch"]),
        ({"query": 'again "lunch'}, ["lunch again"]),
        ({"query": "zoe"}, ["lunch again", "invoice", "lunch"]),
        ({"query": "is:read"}, []),
        ({"searchFlags": {"0": True}}, []),
        ({"searchFlags": {"0": False, "7": True}, "take": 1}, ["lunch again"]),
        ({"searchFlags": {"8": True}}, []),
    ],
)
async def test_mail_is_searched_by_words_and_flags(
    ada: Client, asked: dict[str, object], subjects: list[str]
) -> None:
    assert await _listed(ada, **asked) == subjects


async def test_a_mail_is_shown_with_its_texts(ada: Client) -> None:
    uid = (await _uids(ada))[0]
    shown = await _post(ada, "/mail/message", UID=str(uid), Folder="Inbox")
    data = shown.json["messageData"]
    assert data["header"].startswith("From: Zoe Ünal <zoe@example.com>\r\n")
    assert "Message-ID: <3@example.com>" in data["header"]
    assert (data["messagePlainText"], data["messageHTML"]) == (
        *("grüße 3\r\n".rstrip(), "<p>gruesse</p>"),
    )
    assert data["fromAddress"]["email"] == "zoe@example.com"
    assert [each["email"] for each in data["ccAddresses"]] == ["bob@example.org"]
    [cat] = data["attachments"]
    assert (cat["filename"], cat["type"], cat["size"]) == ("cat.png", "image", 2)


async def test_mail_is_deleted_in_two_steps_or_one(town: Town, ada: Client) -> None:
    first, second, third = await _uids(ada)
    await _done(ada, "/mail/delete-messages", UID=[str(first)], moveToDeleted=True)
    assert await _uids(ada, "Deleted Items") == [first]
    await _done(ada, "/mail/delete-messages", UID=[first], folder="Deleted Items")
    await _done(ada, "/mail/delete-messages", UID=[second], moveToDeleted=False)
    assert await _uids(ada) == [third]
    kept = await town.store.read(lambda u: u.copies.many([first, second]))
    assert {(each.state, each.discarded) for each in kept.values()} == {
        (CopyState.VAULTED, DiscardKind.DELETED)
    }
    for number, folder in ((first, "Deleted Items"), (second, "Inbox")):
        gone = await _post(ada, "/mail/message", UID=number, folder=folder)
        assert said(gone) == (404, "MESSAGE_NOT_FOUND")


async def test_mail_is_moved_marked_and_flagged(ada: Client) -> None:
    uids = await _uids(ada)
    await _done(
        ada, "/mail/move-messages", UID=uids[:2], destinationFolder="Junk E-Mail"
    )
    assert await _uids(ada, "Junk Email") == uids[:2]
    marks = {"UID": uids[:2], "folder": "Junk Email"}
    await _done(ada, "/mail/messages-patch", **marks, markRead=True)
    await _done(
        ada, "/mail/messages-flag-patch", **marks, flagAction={"type": "SetBasic"}
    )
    listed = (await _post(ada, "/mail/messages", folder="Junk Email")).json
    assert listed["unreadCount"] == 0
    assert {(row["isSeen"], row["isFlagged"]) for row in listed["results"]} == {
        (True, True)
    }
    await _done(ada, "/mail/messages-flag-patch", **marks, flagAction={"type": "Clear"})
    assert await _listed(ada, folder="Junk Email", searchFlags={"4": True}) == []
    odd = await _post(
        ada, "/mail/messages-flag-patch", **marks, flagAction={"type": "x"}
    )
    assert said(odd) == (400, "NOT_OFFERED")
    abroad = await _post(
        ada,
        "/mail/move-messages",
        UID=uids[2:],
        destinationFolder="Inbox",
        destinationOwnerEmailAddress=f"bob@{ORG}",
    )
    assert said(abroad) == (400, "NOT_OFFERED")


async def test_categories_are_keywords(town: Town, ada: Client) -> None:
    path, uids = "/mail/messages-category-patch", (await _uids(ada))[:2]
    await _done(ada, path, UID=uids, categories=["blue", "urgent"])
    await _done(ada, path, UID=uids[:1], categories=[])
    rows = (await _post(ada, "/mail/messages")).json["results"]
    assert [row["categories"] for row in rows] == [[], ["blue", "urgent"], []]
    kept = await town.store.read(lambda u: u.copies.many(uids))
    assert kept[uids[1]].keywords == ("blue", "urgent")
    odd = await _post(ada, path, UID=uids, categories=["two words"])
    assert said(odd) == (400, "INVALID_INPUT")


async def test_a_text_is_read_as_its_charset_is_meant(town: Town) -> None:
    """Names that mailers stretch are read as every mail client reads them."""
    acting = await _owner(town)
    for charset, octets, text in (
        ("iso-8859-1", b"\x93quoted\x94", "\u201cquoted\u201d"),
        ("gb2312", "\u9f98".encode("gb18030"), "\u9f98"),
        ("hex_codec", b"6869", "6869"),
    ):
        mail = f"Subject: {charset}\r\nContent-Type: text/plain; charset={charset}"
        content = mail.encode() + b"\r\n\r\n" + octets
        await appending.append(town.store, town.blobs, acting, "INBOX", content)
        client = await town.as_(ADA)
        [uid] = [
            row["uid"]
            for row in (await _post(client, "/mail/messages")).json["results"]
            if row["subject"] == charset
        ]
        shown = (await _post(client, "/mail/message", UID=uid)).json["messageData"]
        assert shown["messagePlainText"] == text


async def test_a_batch_with_a_stranger_changes_nothing(ada: Client) -> None:
    uids = await _uids(ada)
    for asked in (
        {"UID": [*uids, 999]},
        {"UID": uids, "folder": "Drafts"},
        {"UID": uids, "ownerEmailAddress": f"bob@{ORG}"},
        {"UID": uids, "folder": "no such"},
    ):
        refused = await _post(ada, "/mail/delete-messages", **asked)
        assert refused.status == 404
    assert await _uids(ada) == uids


async def test_the_whole_account_is_searched(ada: Client) -> None:
    uids = await _uids(ada)
    await _done(
        ada, "/mail/move-messages", UID=uids[:1], destinationFolder="Junk Email"
    )
    path = "/settings/advanced-search"
    result = (await _post(ada, path, searchQuery="lunch")).json
    rows = result["advancedSearchResult"]["emailSearchResults"]
    assert [(row["subject"], row["folder"]) for row in rows] == [
        *(("lunch again", "Junk Email"), ("lunch", "Inbox")),
    ]
    assert rows[0]["recipients"] == [ADA, f"bob@{ORG}"]
    assert rows[0]["messageFlags"]["markedAsSpam"] is True
    everything = (await _post(ada, path, section=1)).json["advancedSearchResult"]
    assert len(everything["emailSearchResults"]) == 3
    notes = (await _post(ada, path, section=2)).json["advancedSearchResult"]
    assert notes["emailSearchResults"] == []


async def test_reading_in_the_owner_s_place_is_written_down(
    town: Town, ada: Client
) -> None:
    uid = (await _uids(ada))[0]
    for name in (ROOT, CAROL):
        acting = await town.as_(name, domain=ORG, user="ada")
        shown = await _post(acting, "/mail/message", uid=uid, folder="inbox")
        assert shown.status == 200
        last = (await town.store.read(lambda u: u.audit.page(limit=999)))[-1]
        assert (last.action, last.actor, last.on_behalf_of, last.dialect) == (
            *("message.show", name, ADA, "smartermail"),
        )
    bob = await town.as_(f"bob@{ORG}")
    assert said(await _post(bob, "/mail/message", uid=uid)) == (
        404,
        "MESSAGE_NOT_FOUND",
    )
