"""CreateItem: a mail that is made again from its octets."""

import base64

from postwarden.connectors.ews.soap import (
    EwsClient,
    EwsError,
    id_of,
    item_of,
    succeeded,
)
from postwarden.services.ports.systems import RemoteCopy
from postwarden.wire.xml import tag

_FLAGS = tag("t:ExtendedFieldURI", PropertyTag="0x0E07", PropertyType="Integer")
_DELIVERED = tag("t:ExtendedFieldURI", PropertyTag="0x0E06", PropertyType="SystemTime")
_READ = 1  # [MS-OXCMSG] PidTagMessageFlags: mfRead; without mfUnsent it is no draft


async def create_message(
    client: EwsClient, copy: RemoteCopy, folder: str, content: bytes
) -> str:
    """Make a mail of these octets in a folder, read or not and dated as it was.

    Returns the id of the item. Raises EwsError.
    """
    seen = "\\Seen" in copy.flags
    message = tag(
        "t:Message",
        tag(
            "t:MimeContent",
            base64.b64encode(content).decode(),
            CharacterSet="UTF-8",
        ),
        tag("t:ExtendedProperty", _FLAGS, tag("t:Value", _READ if seen else 0)),
        tag("t:ExtendedProperty", _DELIVERED, tag("t:Value", copy.internal_date)),
        tag("t:IsRead", seen),
    )
    body = tag(
        "m:CreateItem",
        tag("m:SavedItemFolderId", tag("t:FolderId", Id=folder)),
        tag("m:Items", message),
        MessageDisposition="SaveOnly",
    )
    answers = await client.call(body, account=copy.account, is_repeatable=False)
    for answer in succeeded(answers):
        made = id_of(item_of(answer))
        if made is not None:
            return made
    raise EwsError("ErrorItemSave", "the server names no item")
