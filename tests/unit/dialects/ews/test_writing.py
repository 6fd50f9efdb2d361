"""Items that are written: what is filed, what changes, and what is refused."""

import base64

import pytest

from postwarden.dialects.ews.house import House
from postwarden.model.actors import OPERATOR, Actor
from postwarden.model.mailboxes import CopyState, DiscardKind, Flag
from postwarden.model.queries import parse
from postwarden.services import holds
from postwarden.services.mailboxes import reading
from postwarden.services.ports import CopyFacts, Store, UnitOfWork
from tests.support.ews import EwsClient, Said
from tests.support.factories import NOW
from tests.unit.dialects.ews.conftest import Put

MAIL = b"From: eve@example.net\r\nSubject: one\r\n\r\nHello\r\n"
INBOX = '<t:DistinguishedFolderId Id="inbox"/>'


async def lying(store: Store, owner: Actor, box: str = "INBOX") -> list[CopyFacts]:
    def look(uow: UnitOfWork) -> list[CopyFacts]:
        found = reading.found(uow, owner, owner.account, box)
        assert found is not None
        return list(reading.listing(uow, owner, found.id, limit=99).copies)

    return await store.read(look)


async def content(house: House, copy: CopyFacts) -> bytes:
    return await house.blobs.get(copy.sha256)


def item_ids(said: Said) -> list[str]:
    return [each.attrib["Id"] for each in said.every("t:ItemId")]


async def found_in(own: EwsClient, folder: str = INBOX) -> list[str]:
    return item_ids(
        await own(
            '<m:FindItem Traversal="Shallow"><m:ItemShape>'
            "<t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>"
            f"<m:ParentFolderIds>{folder}</m:ParentFolderIds></m:FindItem>"
        )
    )


def named(*identifiers: str) -> str:
    inside = "".join(f'<t:ItemId Id="{each}"/>' for each in identifiers)
    return f"<m:ItemIds>{inside}</m:ItemIds>"


async def create(
    own: EwsClient,
    inside: str,
    *,
    folder: str = INBOX,
    disposition: str = "SaveOnly",
    kind: str = "Message",
) -> Said:
    return await own(
        f'<m:CreateItem MessageDisposition="{disposition}">'
        f"<m:SavedItemFolderId>{folder}</m:SavedItemFolderId>"
        f"<m:Items><t:{kind}>{inside}</t:{kind}></m:Items></m:CreateItem>"
    )


async def update(own: EwsClient, identifier: str, updates: str, key: str = "") -> Said:
    given = f' ChangeKey="{key}"' if key else ""
    return await own(
        '<m:UpdateItem ConflictResolution="NeverOverwrite"><m:ItemChanges>'
        f'<t:ItemChange><t:ItemId Id="{identifier}"{given}/>'
        f"<t:Updates>{updates}</t:Updates></t:ItemChange>"
        "</m:ItemChanges></m:UpdateItem>"
    )


def setting(uri: str, value: str, how: str = "SetItemField") -> str:
    path = f'<t:FieldURI FieldURI="{uri}"/>'
    return f"<t:{how}>{path}<t:Message>{value}</t:Message></t:{how}>"


async def test_fields_become_a_message(
    own: EwsClient, house: House, owner: Actor
) -> None:
    said = await create(
        own,
        "<t:Subject>Grüße&#10;Bcc: eve@example.net</t:Subject>"
        '<t:Body BodyType="Text">Dear Bob</t:Body>'
        "<t:Importance>High</t:Importance>"
        "<t:ToRecipients><t:Mailbox><t:Name>Bob &lt;x&gt;</t:Name>"
        "<t:EmailAddress>bob@example.org</t:EmailAddress></t:Mailbox></t:ToRecipients>"
        "<t:IsReadReceiptRequested>true</t:IsReadReceiptRequested>",
    )
    assert said.codes == ["NoError"]
    [copy] = await lying(house.store, owner)
    assert copy.flags == Flag.DRAFT | Flag.SEEN
    octets = await content(house, copy)
    head, _, body = octets.partition(b"\r\n\r\n")
    assert copy.subject == "Grüße Bcc: eve@example.net"
    assert b"\r\nBcc:" not in head
    assert b"\r\nFrom: ada@example.org" in b"\r\n" + head
    assert b'To: "Bob <x>" <bob@example.org>' in head
    assert b"Importance: high" in head
    assert b"Disposition-Notification-To: ada@example.org" in head
    assert b"\r\nMessage-ID: <" in head
    assert body == b"Dear Bob\r\n"


async def test_message_flags_and_delivery_time_are_taken(
    own: EwsClient, house: House, owner: Actor
) -> None:
    mime = base64.b64encode(MAIL).decode()

    def extended(tag: str, kind: str, value: str) -> str:
        path = f'<t:ExtendedFieldURI PropertyTag="{tag}" PropertyType="{kind}"/>'
        return (
            f"<t:ExtendedProperty>{path}<t:Value>{value}</t:Value></t:ExtendedProperty>"
        )

    said = await create(
        own,
        f"<t:MimeContent>{mime}</t:MimeContent>"
        + extended("0x0E07", "Integer", "4")
        + extended("0x0E06", "SystemTime", "2026-01-02T03:04:05Z"),
    )
    assert said.codes == ["NoError"]
    [copy] = await lying(house.store, owner)
    assert copy.flags == Flag(0)
    assert copy.internal_date.isoformat() == "2026-01-02T03:04:05+00:00"
    assert await content(house, copy) == MAIL


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("<t:MimeContent>!!</t:MimeContent>", "ErrorMimeContentInvalidBase64String"),
        ("<t:MimeContent>bm8=</t:MimeContent>", "ErrorMimeContentInvalid"),
        ("<t:Importance>Huge</t:Importance>", "ErrorInvalidValueForProperty"),
        (
            "<t:Body>x</t:Body>",
            "ErrorInvalidValueForProperty",
        ),
        ("<t:ItemClass>IPM.Task</t:ItemClass>", "ErrorInvalidOperation"),
        ("<t:IsRead>maybe</t:IsRead>", "ErrorSchemaValidation"),
        (
            "<t:Categories><t:String>two words</t:String></t:Categories>",
            "ErrorItemSave",
        ),
        (
            "<t:ToRecipients><t:Mailbox><t:EmailAddress>nobody</t:EmailAddress>"
            "</t:Mailbox></t:ToRecipients>",
            "ErrorInvalidRecipients",
        ),
        (
            "<t:Attachments><t:FileAttachment><t:Name>a</t:Name>"
            "<t:Content>?</t:Content></t:FileAttachment></t:Attachments>",
            "ErrorCorruptData",
        ),
    ],
)
async def test_what_cannot_be_filed_is_said(
    own: EwsClient, house: House, owner: Actor, inside: str, code: str
) -> None:
    assert (await create(own, inside)).codes == [code]
    assert await lying(house.store, owner) == []


async def test_only_mail_is_kept_and_nothing_is_sent(own: EwsClient) -> None:
    assert (await create(own, "", kind="Task")).codes == ["ErrorInvalidOperation"]
    said = await create(own, "", disposition="SendAndSaveCopy")
    assert said.fault == "ErrorInvalidOperation"
    said = await create(
        own, "", folder='<t:DistinguishedFolderId Id="recoverableitemspurges"/>'
    )
    assert said.fault == "ErrorMoveCopyFailed"


async def test_flags_and_categories_change_and_the_item_stays(
    own: EwsClient, house: House, owner: Actor, put: Put
) -> None:
    await put(MAIL, keywords=("old",))
    [identifier] = await found_in(own)
    said = await update(
        own,
        identifier,
        setting("message:IsRead", "<t:IsRead>true</t:IsRead>")
        + setting("item:Flag", "<t:Flag><t:FlagStatus>Flagged</t:FlagStatus></t:Flag>")
        + setting(
            "item:Categories",
            "<t:Categories><t:String>new</t:String></t:Categories>",
            "AppendToItemField",
        ),
    )
    assert said.codes == ["NoError"]
    assert item_ids(said) == [identifier]
    [copy] = await lying(house.store, owner)
    assert (copy.flags, copy.keywords) == (Flag.SEEN | Flag.FLAGGED, ("new", "old"))

    stale = await update(
        own,
        identifier,
        '<t:DeleteItemField><t:FieldURI FieldURI="item:Categories"/>'
        "</t:DeleteItemField>",
        key="AQUB",
    )
    assert stale.codes == ["ErrorIrresolvableConflict"]
    said = await update(
        own, identifier, setting("item:Subject", "<t:Subject>x</t:Subject>")
    )
    assert said.codes == ["ErrorInvalidOperation"]


async def test_a_changed_draft_is_another_message_and_the_same_item(
    own: EwsClient, house: House, owner: Actor
) -> None:
    await create(
        own,
        '<t:Subject>First</t:Subject><t:Body BodyType="HTML">&lt;p&gt;x</t:Body>'
        "<t:Attachments><t:FileAttachment><t:Name>a.txt</t:Name>"
        "<t:ContentType>text/plain</t:ContentType><t:Content>aGk=</t:Content>"
        "</t:FileAttachment></t:Attachments>",
    )
    [before] = await lying(house.store, owner)
    [identifier] = await found_in(own)

    said = await update(
        own,
        identifier,
        setting("item:Subject", "<t:Subject>Second</t:Subject>")
        + setting("item:Body", '<t:Body BodyType="Text">y</t:Body>'),
    )

    assert said.codes == ["NoError"]
    [after] = await lying(house.store, owner)
    assert (after.subject, after.flags) == ("Second", before.flags)
    octets = await content(house, after)
    assert b"\r\ny\r\n" in octets
    assert b"<p>x" not in octets
    assert b"a.txt" in octets
    assert [each.get("Id") for each in said.every("t:ItemId")] == [identifier]
    assert await found_in(own) == [identifier]
    [old] = await house.store.read(lambda uow: uow.copies.facts([before.id]))
    assert old.discarded is DiscardKind.REPLACED
    assert await content(house, old) != octets


@pytest.mark.parametrize("kind", ["HardDelete", "SoftDelete", "MoveToDeletedItems"])
async def test_held_mail_that_is_deleted_is_not_lost(
    own: EwsClient, house: House, owner: Actor, put: Put, kind: str
) -> None:
    number = await put(MAIL)

    def hold(uow: UnitOfWork) -> None:
        new = holds.NewHold(query=parse("all", now=NOW), reason="litigation")
        made, _ = holds.create(uow, OPERATOR, new)
        holds.place(uow, made.id, [number])

    await house.store.transact(hold)
    identifiers = await found_in(own)
    said = await own(
        f'<m:DeleteItem DeleteType="{kind}">{named(*identifiers)}</m:DeleteItem>'
    )
    assert said.codes == ["NoError"]
    copies = await house.store.read(lambda uow: uow.copies.many([number]))
    assert copies[number].held == 1
    in_trash = kind == "MoveToDeletedItems"
    expected = CopyState.LIVE if in_trash else CopyState.VAULTED
    assert copies[number].state is expected


async def test_each_item_fails_alone(own: EwsClient, put: Put) -> None:
    await put(MAIL)
    [identifier] = await found_in(own)
    said = await own(
        '<m:DeleteItem DeleteType="SoftDelete">'
        f"{named('DUMMY', identifier, identifier)}</m:DeleteItem>"
    )
    assert said.codes == ["ErrorInvalidIdMalformed", "NoError", "NoError"]
    said = await own(
        f"<m:MoveItem><m:ToFolderId>{INBOX}</m:ToFolderId>"
        f"{named(identifier)}</m:MoveItem>"
    )
    assert said.codes == ["ErrorItemNotFound"]


async def test_a_synchronisation_is_of_one_folder_and_bounded(
    own: EwsClient, put: Put
) -> None:
    await put(MAIL)

    async def sync(
        folder: str = INBOX, state: str = "", most: str = "9", ignored: str = ""
    ) -> Said:
        return await own(
            "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>"
            f"</m:ItemShape><m:SyncFolderId>{folder}</m:SyncFolderId>"
            f"<m:SyncState>{state}</m:SyncState><m:Ignore>{ignored}</m:Ignore>"
            f"<m:MaxChangesReturned>{most}</m:MaxChangesReturned></m:SyncFolderItems>"
        )

    first = await sync()
    assert len(first.every("t:Create")) == 1
    [state] = first.texts("m:SyncState")
    assert (await sync(state=state)).every("m:Changes/*") == []
    [identifier] = item_ids(first)
    ignoring = await sync(ignored=f'<t:ItemId Id="{identifier}"/>')
    assert ignoring.every("m:Changes/*") == []
    drafts = '<t:DistinguishedFolderId Id="drafts"/>'
    for said in (await sync(drafts, state), await sync(state="AQID")):
        assert said.fault == "ErrorInvalidSyncStateData"
    for most in ("0", "513", "x", "-1"):
        assert (await sync(most=most)).fault == "ErrorSchemaValidation"
    purges = '<t:DistinguishedFolderId Id="recoverableitemspurges"/>'
    assert (await sync(purges)).fault == "ErrorInvalidOperation"


@pytest.mark.parametrize(
    "octets",
    [
        *(b"", b"foreign", b"postwarden-item/1\n", b"postwarden-item/1\n{}\n"),
        b'postwarden-item/1\n{"flags": 7, "internal_date": "x", "sha256": ""}\nA: b',
        b'postwarden-item/1\n{"flags": [], "internal_date": '
        b'"2026-01-01T00:00:00+00:00", "sha256": "00"}\nA: b\r\n',
    ],
)
async def test_foreign_exports_are_refused(
    own: EwsClient, house: House, owner: Actor, octets: bytes
) -> None:
    shown = await own(
        "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape>"
        f"</m:FolderShape><m:FolderIds>{INBOX}</m:FolderIds></m:GetFolder>"
    )
    [folder] = [each.attrib["Id"] for each in shown.every("t:FolderId")]
    data = base64.b64encode(octets).decode()
    said = await own(
        '<m:UploadItems><m:Items><t:Item CreateAction="CreateNew">'
        f'<t:ParentFolderId Id="{folder}"/><t:Data>{data}</t:Data>'
        "</t:Item></m:Items></m:UploadItems>"
    )
    assert said.codes == ["ErrorCorruptData"]
    assert await lying(house.store, owner) == []
