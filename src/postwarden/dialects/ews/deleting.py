"""The three ways to delete, and what they are here.

MoveToDeletedItems is a move to Trash. SoftDelete and HardDelete put mail into the
vault, where the owner finds it in Deletions or does not find it any more; nothing is
destroyed before its retention has ended, and nothing that is held.
"""

from collections.abc import Sequence
from typing import Final

from postwarden.dialects.ews.calls import Call
from postwarden.dialects.ews.folders import Folder
from postwarden.model.actors import Actor
from postwarden.model.mailboxes import TRASH, DiscardKind
from postwarden.services.mailboxes import acting
from postwarden.services.mailboxes import reading as mail

DELETE_TYPES: Final = {
    "MoveToDeletedItems": DiscardKind.DELETED,
    "SoftDelete": DiscardKind.DELETED,
    "HardDelete": DiscardKind.PURGED,
}
"""What each does with mail; that which lies in Trash already is not moved there."""

_CHUNK: Final = 500


async def emptied(call: Call, actor: Actor, folder: Folder, kind: str) -> None:
    """Delete all that lies in a folder now, some hundred copies at a time.

    What arrives meanwhile stays.
    """
    left = folder.total
    while left > 0:
        copies = await _next(call, actor, folder)
        if not copies:
            return
        await deleted(call, actor, copies, kind, lies_in_trash=_is_trash(folder))
        left -= len(copies)


async def deleted(
    call: Call,
    actor: Actor,
    copies: Sequence[int],
    kind: str,
    *,
    lies_in_trash: bool,
) -> None:
    """Delete some copies of one account; raises MailError."""
    if kind == "MoveToDeletedItems" and not lies_in_trash:
        await call.transact(acting.move, actor, copies, TRASH)
    else:
        await call.transact(acting.discard, actor, copies, DELETE_TYPES[kind])


def _is_trash(folder: Folder) -> bool:
    is_trash = folder.mailbox is not None and folder.mailbox.name == TRASH
    return is_trash or folder.discards is not None


async def _next(call: Call, actor: Actor, folder: Folder) -> list[int]:
    if folder.mailbox is not None:
        page = await call.read(mail.listing, actor, folder.mailbox.id, limit=_CHUNK)
    else:
        page = await call.read(
            mail.discarded,
            actor,
            actor.account,
            kind=folder.discards or DiscardKind.DELETED,
            limit=_CHUNK,
        )
    return [each.id for each in page.copies]
