"""Folders: looked at, made, renamed, moved, deleted, emptied."""

from dataclasses import replace

import pytest

from postwarden.dialects.ews import app, ids
from postwarden.dialects.ews.house import House
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.mailboxes import CopyState
from postwarden.model.queries import All, Query
from tests.support.ews import EwsClient, Said
from tests.support.factories import ADA
from tests.support.houses import Actors
from tests.unit.dialects.ews.conftest import Put

MAIL = b"From: bob@example.org\r\nSubject: hello\r\n\r\nhello\r\n"
SHAPE = "<m:FolderShape><t:BaseShape>AllProperties</t:BaseShape></m:FolderShape>"


def named(word: str) -> str:
    return f'<t:DistinguishedFolderId Id="{word}"/>'


def numbered(identifier: str) -> str:
    return f'<t:FolderId Id="{identifier}"/>'


async def get(ews: EwsClient, *folders: str) -> Said:
    return await ews(
        f"<m:GetFolder>{SHAPE}<m:FolderIds>{''.join(folders)}</m:FolderIds></m:GetFolder>"
    )


async def below(ews: EwsClient, word: str, traversal: str = "Deep") -> list[str]:
    said = await ews(
        f'<m:FindFolder Traversal="{traversal}">{SHAPE}<m:ParentFolderIds>'
        f"{named(word)}</m:ParentFolderIds></m:FindFolder>"
    )
    assert said.codes == ["NoError"]
    return said.texts("t:DisplayName")


async def create(ews: EwsClient, parent: str, name: str) -> Said:
    return await ews(
        f"<m:CreateFolder><m:ParentFolderId>{parent}</m:ParentFolderId><m:Folders>"
        f"<t:Folder><t:DisplayName>{name}</t:DisplayName></t:Folder>"
        "</m:Folders></m:CreateFolder>"
    )


async def made(ews: EwsClient, parent: str, name: str) -> str:
    said = await create(ews, parent, name)
    assert said.codes == ["NoError"]
    return said.every("t:FolderId")[0].get("Id") or ""


async def rename(ews: EwsClient, folder: str, name: str) -> Said:
    return await ews(
        f"<m:UpdateFolder><m:FolderChanges><t:FolderChange>{folder}<t:Updates>"
        '<t:SetFolderField><t:FieldURI FieldURI="folder:DisplayName"/><t:Folder>'
        f"<t:DisplayName>{name}</t:DisplayName></t:Folder></t:SetFolderField>"
        "</t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>"
    )


async def change(ews: EwsClient, folder: str, field: str, value: str) -> Said:
    return await ews(
        f"<m:UpdateFolder><m:FolderChanges><t:FolderChange>{folder}<t:Updates>"
        f'<t:SetFolderField><t:FieldURI FieldURI="folder:{field}"/><t:Folder>'
        f"{value}</t:Folder></t:SetFolderField>"
        '<t:DeleteFolderField><t:FieldURI FieldURI="folder:PermissionSet"/>'
        "</t:DeleteFolderField>"
        "</t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>"
    )


async def delete(ews: EwsClient, folder: str, kind: str) -> Said:
    return await ews(
        f'<m:DeleteFolder DeleteType="{kind}"><m:FolderIds>{folder}</m:FolderIds>'
        "</m:DeleteFolder>"
    )


async def empty(ews: EwsClient, word: str, kind: str, *, deep: bool = False) -> Said:
    return await ews(
        f'<m:EmptyFolder DeleteType="{kind}" DeleteSubFolders="{str(deep).lower()}">'
        f"<m:FolderIds>{named(word)}</m:FolderIds></m:EmptyFolder>"
    )


async def subjects(ews: EwsClient, word: str, traversal: str = "Shallow") -> list[str]:
    said = await ews(
        f'<m:FindItem Traversal="{traversal}"><m:ItemShape>'
        "<t:BaseShape>Default</t:BaseShape></m:ItemShape><m:ParentFolderIds>"
        f"{named(word)}</m:ParentFolderIds></m:FindItem>"
    )
    assert said.codes == ["NoError"]
    return said.texts("t:Subject")


async def test_the_tree_is_that_of_exchange(own: EwsClient) -> None:
    top = ["Inbox", "Drafts", "Junk Email", "Sent Items", "Deleted Items"]
    recoverable = ["Deletions", "Versions", "Purges"]
    assert await below(own, "root", "Shallow") == [
        *("Top of Information Store", "Recoverable Items")
    ]
    assert await below(own, "msgfolderroot") == top
    assert sorted(await below(own, "root")) == sorted(
        [*top, *recoverable, "Top of Information Store", "Recoverable Items"]
    )
    assert await below(own, "inbox", "SoftDeleted") == []


async def test_a_folder_says_all_of_itself_in_the_order_of_the_schema(
    own: EwsClient, put: Put
) -> None:
    await put(MAIL)
    said = await get(own, named("inbox"))
    [folder] = said.every("t:Folder")
    assert [each.tag.partition("}")[2] for each in folder] == [
        *("FolderId", "ParentFolderId", "FolderClass", "DisplayName", "TotalCount"),
        *("ChildFolderCount", "EffectiveRights", "DistinguishedFolderId"),
        "UnreadCount",
    ]
    assert said.texts("t:TotalCount") == said.texts("t:UnreadCount") == ["1"]
    [top] = (await get(own, named("msgfolderroot"))).every("t:FolderId")
    assert said.every("t:ParentFolderId")[0].get("Id") == top.get("Id")


def permission(address: str) -> str:
    return (
        "<t:PermissionSet><t:Permissions><t:Permission><t:UserId>"
        f"<t:PrimarySmtpAddress>{address}</t:PrimarySmtpAddress></t:UserId>"
        "</t:Permission></t:Permissions></t:PermissionSet>"
    )


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("FolderClass", "<t:FolderClass>IPF.Note</t:FolderClass>", "NoError"),
        (
            *("FolderClass", "<t:FolderClass>IPF.Task</t:FolderClass>"),
            "ErrorObjectTypeChanged",
        ),
        ("PermissionSet", permission("Ada@EXAMPLE.org"), "NoError"),
        ("PermissionSet", permission("bob@example.org"), "ErrorInvalidOperation"),
        (
            *("TotalCount", "<t:TotalCount>3</t:TotalCount>"),
            "ErrorInvalidPropertyRequest",
        ),
    ],
)
async def test_nothing_but_the_name_of_a_folder_changes(
    own: EwsClient, field: str, value: str, code: str
) -> None:
    folder = numbered(await made(own, named("inbox"), "Bills"))
    said = await change(own, folder, field, value)
    assert said.codes == [code]
    assert "Bills" in await below(own, "inbox")


@pytest.mark.parametrize(
    ("folder", "code"),
    [
        (named("calendar"), "ErrorFolderNotFound"),
        (named("archiveroot"), "ErrorFolderNotFound"),
        (numbered("DUMMY"), "ErrorInvalidIdMalformed"),
        (numbered(str(ids.ItemId(1, 1, 1))), "ErrorInvalidIdMalformed"),
        (numbered(str(ids.MailboxId(1, 99))), "ErrorFolderNotFound"),
        (numbered(str(ids.MailboxId(99, 1))), "ErrorFolderNotFound"),
        ("<t:FolderId/>", "ErrorSchemaValidation"),
        ("<t:Nonsense/>", "ErrorSchemaValidation"),
        (
            '<t:DistinguishedFolderId Id="inbox"><t:Mailbox><t:EmailAddress>'
            "bob@example.org</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>",
            "ErrorNonExistentMailbox",
        ),
    ],
)
async def test_a_folder_that_is_not_there_fails_alone(
    own: EwsClient, folder: str, code: str
) -> None:
    said = await get(own, named("inbox"), folder)
    assert said.codes == ["NoError", code]


async def test_folders_are_made_renamed_moved_and_deleted(
    own: EwsClient, put: Put
) -> None:
    projects = numbered(await made(own, named("msgfolderroot"), "Projects"))
    year = numbered(await made(own, projects, "2026"))
    await put(MAIL, box="Projects/2026")

    assert (await create(own, projects, "2026")).codes == ["ErrorFolderExists"]
    assert (await rename(own, projects, "Plans")).codes == ["NoError"]
    assert (await rename(own, projects, "plans")).codes == ["NoError"]
    said = await own(
        f"<m:MoveFolder><m:ToFolderId>{named('inbox')}</m:ToFolderId><m:FolderIds>"
        f"{year}</m:FolderIds></m:MoveFolder>"
    )
    assert said.codes == ["NoError"]
    assert await below(own, "inbox") == ["2026"]
    assert (await get(own, year)).texts("t:TotalCount") == ["1"]

    assert (await delete(own, year, "SoftDelete")).codes == ["NoError"]
    assert (await get(own, year)).codes == ["ErrorFolderNotFound"]
    assert await subjects(own, "recoverableitemsdeletions") == ["hello"]
    assert (await delete(own, projects, "MoveToDeletedItems")).codes == ["NoError"]
    assert await below(own, "deleteditems") == ["plans"]
    again = numbered(await made(own, named("msgfolderroot"), "Plans"))
    assert (await delete(own, again, "MoveToDeletedItems")).codes == ["NoError"]
    assert await below(own, "deleteditems") == ["Plans (2)", "plans"]


@pytest.mark.parametrize(
    ("parent", "name", "code"),
    [
        (named("msgfolderroot"), "inbox", "ErrorFolderExists"),
        (named("msgfolderroot"), "Sent Items", "ErrorFolderExists"),
        (named("msgfolderroot"), "a/b", "ErrorInvalidOperation"),
        (named("msgfolderroot"), " ", "ErrorInvalidOperation"),
        (named("recoverableitemsroot"), "Mine", "ErrorInvalidOperation"),
    ],
)
async def test_folders_that_are_not_made(
    own: EwsClient, parent: str, name: str, code: str
) -> None:
    assert (await create(own, parent, name)).codes == [code]


@pytest.mark.parametrize("word", ["inbox", "msgfolderroot", "recoverableitemspurges"])
async def test_distinguished_folders_stay(own: EwsClient, word: str) -> None:
    said = await delete(own, named(word), "HardDelete")
    assert said.codes == ["ErrorDeleteDistinguishedFolder"]
    code = "ErrorMoveDistinguishedFolder"
    assert (await rename(own, named(word), "Mine")).codes == [code]


@pytest.mark.parametrize(
    ("kind", "where"),
    [
        ("MoveToDeletedItems", "deleteditems"),
        ("SoftDelete", "recoverableitemsdeletions"),
    ],
)
async def test_a_folder_is_emptied(
    own: EwsClient, put: Put, kind: str, where: str
) -> None:
    await put(MAIL)
    await put(MAIL.replace(b"hello", b"again"))
    assert (await empty(own, "inbox", kind)).codes == ["NoError"]
    assert await subjects(own, "inbox") == []
    assert sorted(await subjects(own, where)) == ["again", "hello"]
    softly = await subjects(own, "inbox", "SoftDeleted")
    assert len(softly) == (2 if kind == "SoftDelete" else 0)


async def test_what_is_purged_exists_for_who_acts_in_the_owners_place_alone(
    own: EwsClient, put: Put, house: House, actors: Actors, owner: Actor
) -> None:
    await put(MAIL)
    assert (await empty(own, "inbox", "HardDelete")).codes == ["NoError"]
    assert await subjects(own, "recoverableitemspurges") == []
    assert await subjects(own, "recoverableitemsdeletions") == []

    actors.add(replace(OPERATOR, name="root", dialect="ews"))
    root = EwsClient(app.build(house), "Bearer root")
    in_place = (
        "<t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>"
        f"{ADA}</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation>"
    )
    said = await root(
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>Default'
        "</t:BaseShape></m:ItemShape><m:ParentFolderIds>"
        f"{named('recoverableitemspurges')}</m:ParentFolderIds></m:FindItem>",
        header=in_place,
    )
    assert said.texts("t:Subject") == ["hello"]
    kept = await house.store.read(
        lambda uow: uow.copies.search(
            Query(All()), states=(CopyState.VAULTED,), similar={}
        )
    )
    assert len(kept) == 1


async def test_deletions_are_emptied_into_purges(own: EwsClient, put: Put) -> None:
    await put(MAIL)
    assert (await empty(own, "inbox", "SoftDelete")).codes == ["NoError"]
    said = await empty(own, "recoverableitemsdeletions", "HardDelete")
    assert said.codes == ["NoError"]
    assert await subjects(own, "recoverableitemsdeletions") == []
    assert (await empty(own, "recoverableitemsroot", "HardDelete")).codes == [
        "ErrorCannotDeleteObject"
    ]


async def test_pages_of_folders(own: EwsClient) -> None:
    said = await own(
        f'<m:FindFolder Traversal="Shallow">{SHAPE}<m:IndexedPageFolderView '
        'MaxEntriesReturned="2" Offset="3" BasePoint="Beginning"/><m:ParentFolderIds>'
        f"{named('msgfolderroot')}</m:ParentFolderIds></m:FindFolder>"
    )
    [root] = said.every("m:RootFolder")
    assert root.attrib == {
        "TotalItemsInView": "5",
        "IncludesLastItemInRange": "true",
    }
    assert said.texts("t:DisplayName") == ["Sent Items", "Deleted Items"]


async def test_an_administrator_without_a_mailbox_must_name_one(
    ews: EwsClient, owner: Actor
) -> None:
    assert (await get(ews, named("inbox"))).codes == ["ErrorNonExistentMailbox"]
