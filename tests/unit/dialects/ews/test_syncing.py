"""SyncFolderItems: a client that is told everything knows what lies in a folder."""

from tests.support.ews import EwsClient, Said
from tests.unit.dialects.ews.conftest import Put
from tests.unit.dialects.ews.test_writing import INBOX, item_ids, named

MAIL = b"From: eve@example.net\r\nSubject: one\r\n\r\nHello\r\n"


async def synced(own: EwsClient, state: str, limit: int) -> tuple[Said, str]:
    said = await own(
        "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>"
        f"</m:ItemShape><m:SyncFolderId>{INBOX}</m:SyncFolderId>"
        f"<m:SyncState>{state}</m:SyncState>"
        f"<m:MaxChangesReturned>{limit}</m:MaxChangesReturned></m:SyncFolderItems>"
    )
    [state] = said.texts("m:SyncState")
    return said, state


async def test_what_is_deleted_amid_the_first_round_is_told(
    own: EwsClient, put: Put
) -> None:
    await put(MAIL)
    await put(MAIL)
    said, state = await synced(own, "", 1)
    [told] = item_ids(said)
    await own(f'<m:DeleteItem DeleteType="HardDelete">{named(told)}</m:DeleteItem>')
    said, state = await synced(own, state, 10)
    assert [each.attrib["Id"] for each in said.every("t:Delete/t:ItemId")] == [told]
    assert len(said.every("t:Create")) == 1
    said, _ = await synced(own, state, 10)
    assert item_ids(said) == []
