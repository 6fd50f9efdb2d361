"""FindItem: what a narrowing comes to, and the rows that come back."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from postwarden.connectors.ews.folders import Folder
from postwarden.connectors.ews.references import Reference
from postwarden.connectors.ews.soap import EwsClient, error_of, id_of
from postwarden.model.errors import Unavailable
from postwarden.services.ports.systems import Narrowing, RemoteCopy
from postwarden.wire.xml import Element, Xml, tag

PAGE = 500  # items of a folder in one answer
FOLDERS = 50  # folders in one request
MAX_IDS = 100  # Message-IDs in one request; a restriction has 255 nodes at most
_FIELDS = (
    *("item:ParentFolderId", "item:Subject", "item:Size", "item:DateTimeReceived"),
    *("message:InternetMessageId", "message:From", "message:IsRead"),
)
_ANSWERED = frozenset({"102", "103", "104"})  # [MS-OXOMSG] PidTagLastVerbExecuted
_LAST_VERB = tag("t:ExtendedFieldURI", PropertyTag="0x1081", PropertyType="Integer")
_FLAGGED = tag("t:ExtendedFieldURI", PropertyTag="0x1090", PropertyType="Integer")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# What a client finds an item to be; all others are no mail.
_MAIL = frozenset(
    {
        *("t:Message", "t:Item", "t:MeetingMessage", "t:MeetingRequest"),
        *("t:MeetingResponse", "t:MeetingCancellation"),
    }
)


async def find_items(
    client: EwsClient, account: str, folders: Sequence[Folder], wanted: Narrowing
) -> list[RemoteCopy]:
    """Return the mail in some folders for which the conditions hold.

    Raises EwsError when a folder cannot be searched.
    """
    found: list[RemoteCopy] = []
    for restriction in _restrictions(wanted):
        for start in range(0, len(folders), FOLDERS):
            some = folders[start : start + FOLDERS]
            found += await _in_folders(client, account, some, restriction)
    return found


async def _in_folders(
    client: EwsClient,
    account: str,
    folders: Sequence[Folder],
    restriction: Xml | None,
) -> list[RemoteCopy]:
    """Ask page by page; a folder that gave its last page is not asked again."""
    found: list[RemoteCopy] = []
    left, offset = list(folders), 0
    while left:
        messages = await client.call(
            _find_item(left, restriction, offset), account=account
        )
        if len(messages) != len(left):
            raise Unavailable(f"{len(messages)} answers about {len(left)} folders")
        more = []
        for folder, message in zip(left, messages, strict=True):
            error = error_of(message)
            if error is not None:
                raise error
            page = message.find("m:RootFolder")
            rows = page.find("t:Items") if page is not None else None
            children = rows.children if rows is not None else []
            found += [
                _copy(account, folder, row) for row in children if row.name in _MAIL
            ]
            is_last = page is None or (
                page.attributes.get("IncludesLastItemInRange") != "false"
            )
            if not is_last and children:
                more.append(folder)
        left, offset = more, offset + PAGE
    return found


def _find_item(folders: Sequence[Folder], restriction: Xml | None, offset: int) -> Xml:
    return tag(
        "m:FindItem",
        tag(
            "m:ItemShape",
            tag("t:BaseShape", "IdOnly"),
            tag(
                "t:AdditionalProperties",
                *(tag("t:FieldURI", FieldURI=name) for name in _FIELDS),
                _LAST_VERB,
                _FLAGGED,
            ),
        ),
        tag(
            "m:IndexedPageItemView",
            MaxEntriesReturned=PAGE,
            Offset=offset,
            BasePoint="Beginning",
        ),
        None if restriction is None else tag("m:Restriction", restriction),
        tag(
            "m:ParentFolderIds",
            *(tag("t:FolderId", Id=folder.id) for folder in folders),
        ),
        Traversal="Shallow",
    )


def _restrictions(wanted: Narrowing) -> list[Xml | None]:
    """Return one restriction, or several that together find what is wanted.

    Exchange counts other octets than those of the mail, so that a size is asked for
    with room to spare.
    """
    conditions = [
        _comparison("Contains", "item:Subject", word, contains=True)
        for word in wanted.subject_words
    ]
    if wanted.after is not None:
        conditions.append(_date("IsGreaterThanOrEqualTo", wanted.after))
    if wanted.before is not None:
        conditions.append(_date("IsLessThan", wanted.before))
    if wanted.larger is not None:
        octets = str(wanted.larger // 2)
        conditions.append(_comparison("IsGreaterThan", "item:Size", octets))
    if wanted.message_ids is None:
        return [_joined("t:And", conditions)]
    ids = sorted(wanted.message_ids)
    return [
        _joined("t:And", [*conditions, any_id(ids[start : start + MAX_IDS])])
        for start in range(0, len(ids), MAX_IDS)
    ]


def any_id(ids: Sequence[str]) -> Xml:
    """Match an id as mail has it, and without the brackets that some leave out."""
    spelt = [text for each in ids for text in (f"<{each}>", each)]
    parts = [_comparison("IsEqualTo", "message:InternetMessageId", s) for s in spelt]
    return _joined("t:Or", parts) or Xml()


def _joined(name: str, parts: Sequence[Xml]) -> Xml | None:
    if len(parts) < 2:
        return parts[0] if parts else None
    return tag(name, *parts)


def _date(name: str, instant: datetime) -> Xml:
    text = instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _comparison(name, "item:DateTimeReceived", text)


def _comparison(name: str, field: str, value: str, *, contains: bool = False) -> Xml:
    path = tag("t:FieldURI", FieldURI=field)
    constant = tag("t:Constant", Value=value)
    if contains:
        return tag(
            f"t:{name}",
            path,
            constant,
            ContainmentMode="Substring",
            ContainmentComparison="IgnoreCase",
        )
    return tag(f"t:{name}", path, tag("t:FieldURIOrConstant", constant))


def _copy(account: str, folder: Folder, row: Element) -> RemoteCopy:
    size = row.value("t:Size") or "0"
    return RemoteCopy(
        account=account,
        mailbox=folder.path,
        reference=Reference(item=id_of(row) or "", folder=folder.id).text(),
        size=int(size) if size.isdecimal() else 0,
        internal_date=_time(row.value("t:DateTimeReceived")),
        message_id=row.value("t:InternetMessageId"),
        subject=row.value("t:Subject") or "",
        author=_author(row),
        flags=_flags(row),
    )


def _author(row: Element) -> str:
    mailbox = row.find("t:From", "t:Mailbox")
    if mailbox is None:
        return ""
    name, address = mailbox.value("t:Name"), mailbox.value("t:EmailAddress")
    return f"{name} <{address}>" if name and address else address or name or ""


def _flags(row: Element) -> tuple[str, ...]:
    extended: Mapping[str, str] = {
        path.attributes.get("PropertyTag", "").lower(): each.value("t:Value") or ""
        for each in row.every("t:ExtendedProperty")
        if (path := each.find("t:ExtendedFieldURI")) is not None
    }
    flags = []
    if row.value("t:IsRead") in {"true", "1"}:
        flags.append("\\Seen")
    if extended.get("0x1081") in _ANSWERED:
        flags.append("\\Answered")
    if extended.get("0x1090") == "2":  # [MS-OXOFLAG] PidTagFlagStatus: flagged
        flags.append("\\Flagged")
    return tuple(flags)


def _time(text: str | None) -> datetime:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return _EPOCH
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
