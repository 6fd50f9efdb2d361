"""Moving items aside and back, and knowing afterwards where each is.

A move is not repeatable: when the answer is lost, the item is looked for, under its
old id and where it was to go, before anything is done again.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence

from postwarden.connectors.ews.references import Reference
from postwarden.connectors.ews.searching import any_id
from postwarden.connectors.ews.soap import (
    EwsClient,
    EwsError,
    error_of,
    id_of,
    item_of,
)
from postwarden.model.errors import Unavailable
from postwarden.services.ports.systems import (
    Location,
    Place,
    RemoteCopy,
    RemoteOutcome,
)
from postwarden.wire.xml import Element, Xml, tag

BATCH = 100  # items in one request
GONE = frozenset({"ErrorItemNotFound", "ErrorInvalidIdMalformed"})
NO_FOLDER = frozenset({"ErrorFolderNotFound", "ErrorToFolderNotFound"})


async def move(
    client: EwsClient,
    account: str,
    references: Sequence[Reference],
    target: str,
) -> list[RemoteOutcome | None]:
    """Move items of one account to a folder; one answer for each, in their order.

    None says that the folder was not there, and that the item was left where it is: a
    folder may go while its items come.
    """
    outcomes: list[RemoteOutcome | None] = []
    for start in range(0, len(references), BATCH):
        some = references[start : start + BATCH]
        try:
            messages = await client.call(
                _move_item(some, target), account=account, is_repeatable=False
            )
        except Unavailable as error:
            outcomes += [_unknown(error) for _ in some]
            continue
        except EwsError as error:  # a fault: none of them was moved
            gone = error.code in NO_FOLDER
            outcomes += [None if gone else _failed(error) for _ in some]
            continue
        if len(messages) != len(some):
            raise Unavailable(f"{len(messages)} answers to {len(some)} moves")
        outcomes += map(_outcome, some, messages)
    return outcomes


async def where_now(
    client: EwsClient,
    copies: Sequence[RemoteCopy],
    towards: Place,
    aside: Callable[[str], Awaitable[str]],
) -> list[Location]:
    """Say where copies are whose move had no answer; raises EwsError, Unavailable.

    `aside` gives the folder of contained mail of an account. What has its old id was
    not moved; else it is looked for by its Message-ID in the folder where it was to go.
    Several with one id are alike, and are told apart by none, so that each of them may
    be any; but no more of them than were to go there.
    """
    before = Place.HOME if towards is Place.ASIDE else Place.ASIDE
    alike = Counter((copy.account, copy.message_id) for copy in copies)
    taken: set[str] = set()
    located = []
    for copy in copies:
        reference = Reference.of(copy.reference)
        if await _exists(client, copy.account, reference.item):
            located.append(Location(place=before, reference=copy.reference))
            continue
        folder = reference.folder
        if towards is Place.ASIDE:
            folder = await aside(copy.account)
        ids = await _with_message_id(client, copy, folder) if copy.message_id else []
        new = [each for each in ids if each not in taken]
        if not new or len(ids) > alike[copy.account, copy.message_id]:
            located.append(Location(place=Place.NOWHERE))
            continue
        taken.add(new[0])
        now = Reference(item=new[0], folder=reference.folder)
        located.append(Location(place=towards, reference=now.text()))
    return located


async def _exists(client: EwsClient, account: str, item: str) -> bool:
    """Whether an item is there under this id."""
    body = tag(
        "m:GetItem",
        tag("m:ItemShape", tag("t:BaseShape", "IdOnly")),
        tag("m:ItemIds", tag("t:ItemId", Id=item)),
    )
    for message in await client.call(body, account=account):
        error = error_of(message)
        if error is None:
            return True
        if error.code not in GONE:
            raise error
    return False


def grouped(
    copies: Sequence[RemoteCopy],
) -> Mapping[str, list[tuple[int, RemoteCopy]]]:
    """Return copies by account, each with its place in the order given."""
    found: dict[str, list[tuple[int, RemoteCopy]]] = {}
    for place, copy in enumerate(copies):
        found.setdefault(copy.account, []).append((place, copy))
    return found


def _move_item(references: Sequence[Reference], target: str) -> Xml:
    return tag(
        "m:MoveItem",
        tag("m:ToFolderId", tag("t:FolderId", Id=target)),
        tag("m:ItemIds", *(tag("t:ItemId", Id=each.item) for each in references)),
        tag("m:ReturnNewItemIds", "true"),
    )


def _outcome(reference: Reference, message: Element) -> RemoteOutcome | None:
    error = error_of(message)
    if error is not None:
        if error.code in NO_FOLDER:
            return None
        return RemoteOutcome() if error.code in GONE else _failed(error)
    # Where a server gives no new id, the old one is the only name that is left.
    item = id_of(item_of(message)) or reference.item
    return RemoteOutcome(reference=Reference(item=item, folder=reference.folder).text())


def _failed(error: EwsError) -> RemoteOutcome:
    return RemoteOutcome(reason=str(error))


def _unknown(error: Unavailable) -> RemoteOutcome:
    return RemoteOutcome(
        reason=f"{error}: not known whether it was moved", is_unknown=True
    )


async def _with_message_id(
    client: EwsClient, copy: RemoteCopy, folder: str
) -> list[str]:
    body = tag(
        "m:FindItem",
        tag("m:ItemShape", tag("t:BaseShape", "IdOnly")),
        tag(
            "m:IndexedPageItemView",
            MaxEntriesReturned=BATCH,
            Offset=0,
            BasePoint="Beginning",
        ),
        tag("m:Restriction", any_id([(copy.message_id or "").strip("<>")])),
        tag("m:ParentFolderIds", tag("t:FolderId", Id=folder)),
        Traversal="Shallow",
    )
    ids: list[str] = []
    for message in await client.call(body, account=copy.account):
        error = error_of(message)
        if error is not None and error.code in NO_FOLDER:
            continue  # it can be in no folder that is not there
        if error is not None:
            raise error
        items = message.find("m:RootFolder", "t:Items")
        rows = items.children if items is not None else []
        ids += [id_ for row in rows if (id_ := id_of(row)) is not None]
    return ids
