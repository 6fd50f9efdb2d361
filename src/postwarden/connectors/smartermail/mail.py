"""Folders and mail of one account: what lies where, and what a mail is."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from postwarden.connectors.smartermail.client import (
    Row,
    SmarterMailClient,
    SmarterMailError,
    Whose,
    rows_of,
)
from postwarden.connectors.smartermail.composing import Attachment, composed
from postwarden.connectors.smartermail.rows import time_of
from postwarden.model.errors import Invalid, Unavailable
from postwarden.services.ports.systems import Narrowing, RemoteCopy

PAGE = 500  # mails of a folder asked for at a time
MAX_ATTACHMENTS = 1000  # of one mail
_FOLDERS = "folders/list-email-folders"
_NEW_FOLDER = "folders/folder-put"
_MESSAGES = "mail/messages"
_MESSAGE = "mail/message"
_BY_DATE = 5
_WITH_ATTACHMENT = "7"  # of the flags that a search takes
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What finds a mail again: its number, and the folder that has given it."""

    uid: int
    folder: str

    def text(self) -> str:
        return json.dumps({"uid": self.uid, "folder": self.folder})

    @classmethod
    def of(cls, text: str) -> "Reference":
        """Read what `text` wrote; raises Invalid."""
        try:
            known = json.loads(text)
            return cls(uid=int(known["uid"]), folder=str(known["folder"]))
        except (ValueError, KeyError, TypeError) as error:
            raise Invalid("no reference of a mail", field="reference") from error


@dataclass(frozen=True, slots=True)
class Mailbox:
    """The mail of one account, by an administrator in its owner's name."""

    client: SmarterMailClient
    account: str

    @property
    def _whose(self) -> Whose:
        return Whose(self.account.rpartition("@")[2], self.account)

    async def folders(self) -> list[str]:
        """Return the paths of all folders, as the server writes them."""
        said = await self.client.get(_FOLDERS, self._whose)
        rows = rows_of(said, "folderList", _FOLDERS)
        own = [row for row in rows if not row.get("isSharedItem")]
        return [str(row["path"]) for row in own if row.get("path")]

    async def made(self, path: str) -> str:
        """Return a folder as the server writes it, made if it is not there."""
        known = {path_of(each).casefold(): each for each in await self.folders()}
        levels = path_of(path).split("/")
        parent = ""
        for depth, name in enumerate(levels):
            whole = "/".join(levels[: depth + 1])
            if whole.casefold() not in known:
                body = {"folder": name, "parentFolder": parent}
                await self.client.post(_NEW_FOLDER, body, self._whose)
            parent = known.get(whole.casefold(), whole)
        return parent

    async def find(self, folder: str, wanted: Narrowing) -> AsyncIterator[RemoteCopy]:
        """Yield the mail of a folder for which the conditions may hold.

        What several words come to in a search is the server's own business: it is
        asked for the longest alone.
        """
        words = sorted(wanted.subject_words, key=len)
        asked = {
            "folder": folder,
            "ownerEmailAddress": "",
            "sortType": _BY_DATE,
            "sortAscending": False,
            "query": words[-1] if words else "",
            "selectedIds": [],
            "searchFlags": {_WITH_ATTACHMENT: True} if wanted.has_attachment else {},
        }
        rows = self.client.rows(_MESSAGES, asked, self._whose, page=PAGE)
        async for row in rows:
            copy = _copy(self.account, folder, row)
            if copy is not None and _may_be(copy, wanted):
                yield copy

    async def shown(self, reference: Reference) -> Row | None:
        """Return a mail as the server shows it, None when it is not there."""
        asked = {
            "UID": reference.uid,
            "Folder": reference.folder,
            "OwnerEmailAddress": "",
        }
        try:
            said = await self.client.post(_MESSAGE, asked, self._whose)
        except SmarterMailError as error:
            if error.is_absence:
                return None
            raise
        data = said.get("messageData")
        return data if isinstance(data, dict) and data.get("header") else None

    async def content(self, data: Row) -> bytes:
        """Return the octets of a mail that is shown, put together again."""
        attachments = [
            Attachment(
                filename=str(row.get("filename") or ""),
                content=await self._attached(row.get("link")),
            )
            for row in rows_of({"of": data.get("attachments") or []}, "of", _MESSAGE)
        ]
        return composed(
            str(data["header"]),
            plain=str(data.get("messagePlainText") or ""),
            html=str(data.get("messageHTML") or ""),
            attachments=attachments[:MAX_ATTACHMENTS],
        )

    async def _attached(self, link: object) -> bytes | None:
        if not isinstance(link, str) or not link:
            return None
        try:
            return await self.client.octets(link, self._whose)
        except (SmarterMailError, Unavailable):  # its name is known all the same
            return None

    async def act(self, path: str, body: Row) -> None:
        """Do something that must not be done twice."""
        await self.client.post(path, body, self._whose, is_repeatable=False)


def path_of(folder: str) -> str:
    """Return the path of a folder with `/` between its levels."""
    return folder.replace("\\", "/").strip("/")


def identity(copy: RemoteCopy) -> tuple[Any, ...]:
    """Return what a list says of a mail wherever it lies."""
    return copy.subject, copy.author, copy.internal_date, copy.size


def _copy(account: str, folder: str, row: Row) -> RemoteCopy | None:
    try:
        uid = int(row.get("uid") or "")
    except (ValueError, TypeError):
        return None  # nothing could be done with it
    size = row.get("size")
    return RemoteCopy(
        account=account,
        mailbox=path_of(folder),
        reference=Reference(uid=uid, folder=folder).text(),
        size=int(size) if isinstance(size, int | float) else 0,
        internal_date=time_of(row.get("dateSent")) or _EPOCH,
        message_id=None,  # no list has it
        subject=str(row.get("subject") or ""),
        author=_author(row),
        flags=_flags(row),
    )


def _author(row: Row) -> str:
    sender = row.get("from")
    name = str(sender.get("name") or "") if isinstance(sender, dict) else ""
    address = str(row.get("fromAddress") or "")
    return f"{name} <{address}>" if name and address else address or name


_FLAGS: Mapping[str, str] = {
    "isSeen": "\\Seen",
    "isAnswered": "\\Answered",
    "isFlagged": "\\Flagged",
}


def _flags(row: Row) -> tuple[str, ...]:
    return tuple(flag for name, flag in _FLAGS.items() if row.get(name) is True)


def _may_be(copy: RemoteCopy, wanted: Narrowing) -> bool:
    """Whether a list lets a mail through; its size is not that of the octets."""
    date = copy.internal_date
    if date == _EPOCH:
        return True
    return (wanted.after is None or date >= wanted.after) and (
        wanted.before is None or date < wanted.before
    )
