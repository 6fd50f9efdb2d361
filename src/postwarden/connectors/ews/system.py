"""`services.ports.MailSystem` over Exchange Web Services."""

import asyncio
import base64
import binascii
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from postwarden.connectors.ews import mailboxes
from postwarden.connectors.ews.folders import (
    Folder,
    all_folders,
    folder_at,
    hidden_folder,
    is_hidden,
)
from postwarden.connectors.ews.moving import (
    GONE,
    grouped,
    move,
    where_now,
)
from postwarden.connectors.ews.references import Reference
from postwarden.connectors.ews.searching import FOLDERS, find_items
from postwarden.connectors.ews.soap import EwsClient, EwsError, item_of, succeeded
from postwarden.connectors.ews.writing import create_message
from postwarden.model.errors import Invalid, NotFound, Unavailable
from postwarden.services.ports.systems import (
    Fields,
    Location,
    Narrowing,
    Place,
    RemoteCopy,
    RemoteOutcome,
    RemoteProblem,
    Return,
    SystemReport,
)
from postwarden.services.systems.narrowing import accounts_wanted
from postwarden.wire.xml import tag

_LACKS = (
    "mail is what the server makes of it again, not octet for octet what came in",
    "flags other than read, answered and flagged are not seen",
)

_IN_SIGHT = "contained mail lies there, in its owner's sight; it was not searched"
_HOMELESS = RemoteOutcome(reason="the folder where it was to go was removed meanwhile")


class EwsSystem:
    """A server that speaks EWS, and the folder where contained mail lies in a mailbox.

    `folder` is beside what mail clients show, in the same mailbox: a move there and
    back keeps all that the server knows of an item.
    """

    def __init__(
        self,
        client: EwsClient,
        *,
        folder: str = "Postwarden",
        concurrency: int = 4,
    ) -> None:
        self._client = client
        self._folder = folder
        self._concurrency = concurrency

    async def check(self) -> SystemReport:
        rights: list[str] = []
        lacks: list[str] = [*_LACKS]
        try:
            known = await mailboxes.searchable(self._client)
            rights.append(f"lists mailboxes: there are {len(known)}")
        except EwsError as error:
            lacks.append(
                f"mailboxes cannot be listed ({error.code}): queries must name accounts"
            )
        return SystemReport(
            product="Exchange Web Services",
            version=self._client.version,
            rights=tuple(rights),
            lacks=tuple(lacks),
        )

    async def accounts(self, *, domain: str | None = None) -> AsyncIterator[Fields]:
        for each in await self._known():
            if not each.is_group and _is_in(each.address, domain):
                yield mailboxes.account_fields(each)

    async def lists(self, *, domain: str | None = None) -> AsyncIterator[Fields]:
        for each in await self._known():
            if each.is_group and _is_in(each.address, domain):
                yield mailboxes.list_fields(each)

    async def _known(self) -> list[mailboxes.Mailbox]:
        try:
            return await mailboxes.searchable(self._client)
        except EwsError as error:
            raise Unavailable(f"mailboxes cannot be listed: {error}") from error

    async def find(
        self, wanted: Narrowing
    ) -> AsyncIterator[RemoteCopy | RemoteProblem]:
        accounts = await self._accounts(wanted)
        for start in range(0, len(accounts), self._concurrency):
            some = accounts[start : start + self._concurrency]
            for rows in await asyncio.gather(*(self._find(a, wanted) for a in some)):
                for row in rows:
                    yield row

    async def _accounts(self, wanted: Narrowing) -> list[str]:
        if wanted.accounts is not None:
            return sorted(wanted.accounts)
        try:
            known = await mailboxes.searchable(self._client)
        except EwsError as error:
            raise Invalid(
                f"the login cannot list mailboxes ({error.code}): say account:ADDRESS",
                field="account",
            ) from error
        people = [each.address for each in known if not each.is_group]
        return accounts_wanted(wanted, people)

    async def _find(
        self, account: str, wanted: Narrowing
    ) -> Sequence[RemoteCopy | RemoteProblem]:
        try:
            folders = await all_folders(self._client, account)
            seen = [each for each in folders if each.path != self._folder]
            if len(seen) == len(folders) or await is_hidden(
                self._client, account, self._folder
            ):
                return await self._in_folders(account, folders, wanted)
            told = RemoteProblem(account=account, reason=f"{self._folder}: {_IN_SIGHT}")
            return [*await self._in_folders(account, seen, wanted), told]
        except EwsError as error:
            return [RemoteProblem(account=account, reason=str(error))]

    async def _in_folders(
        self, account: str, folders: Sequence[Folder], wanted: Narrowing
    ) -> Sequence[RemoteCopy | RemoteProblem]:
        """Search all folders; one that cannot be searched is named, not passed over."""
        found: list[RemoteCopy | RemoteProblem] = []
        for start in range(0, len(folders), FOLDERS):
            some = folders[start : start + FOLDERS]
            try:
                found += await find_items(self._client, account, some, wanted)
            except EwsError:
                for folder in some:
                    try:
                        found += await find_items(
                            self._client, account, [folder], wanted
                        )
                    except EwsError as error:
                        reason = f"{folder.path}: {error}"
                        found.append(RemoteProblem(account=account, reason=reason))
        return found

    async def content(self, copy: RemoteCopy) -> bytes:
        body = tag(
            "m:GetItem",
            tag(
                "m:ItemShape",
                tag("t:BaseShape", "IdOnly"),
                tag("t:IncludeMimeContent", "true"),
            ),
            tag("m:ItemIds", tag("t:ItemId", Id=Reference.of(copy.reference).item)),
        )
        try:
            for message in succeeded(
                await self._client.call(body, account=copy.account)
            ):
                item = item_of(message)
                mime = item.value("t:MimeContent") if item is not None else None
                if mime is not None:
                    return base64.b64decode(mime)
        except EwsError as error:
            if error.code in GONE:
                raise NotFound("copy", f"{copy.mailbox} of {copy.account}") from error
            raise Unavailable(str(error)) from error
        except binascii.Error as error:
            raise Unavailable("the system sent no base64") from error
        raise Unavailable("the system gave no content of the mail")

    async def contain(self, copies: Sequence[RemoteCopy]) -> list[RemoteOutcome]:
        async def aside(
            account: str, some: Sequence[RemoteCopy]
        ) -> list[RemoteOutcome]:
            target = await hidden_folder(self._client, account, self._folder)
            references = [Reference.of(copy.reference) for copy in some]
            moved = await move(self._client, account, references, target)
            return [each or _HOMELESS for each in moved]

        return await self._by_account(copies, aside)

    async def restore(self, copies: Sequence[Return]) -> list[RemoteOutcome]:
        content = {each.copy.reference: each.content for each in copies}

        async def home(account: str, some: Sequence[RemoteCopy]) -> list[RemoteOutcome]:
            outcomes = await self._home(account, some)
            for copy in some:
                octets = content[copy.reference]
                if outcomes[copy.reference] == RemoteOutcome() and octets is not None:
                    outcomes[copy.reference] = await self._again(copy, octets)
            return [outcomes[copy.reference] for copy in some]

        return await self._by_account([each.copy for each in copies], home)

    async def _home(
        self, account: str, copies: Sequence[RemoteCopy]
    ) -> dict[str, RemoteOutcome]:
        """Move each to its folder, which is made again if it is gone."""
        outcomes: dict[str, RemoteOutcome] = {}
        by_folder: dict[str, list[RemoteCopy]] = {}
        for copy in copies:
            folder = Reference.of(copy.reference).folder
            by_folder.setdefault(folder, []).append(copy)
        for folder, some in by_folder.items():
            moved = await self._moved(account, some, folder)
            homeless = [copy for copy in some if moved[copy.reference] is None]
            if homeless:
                moved |= await self._moved_to_new(account, homeless)
            outcomes |= {key: each or _HOMELESS for key, each in moved.items()}
        return outcomes

    async def _moved(
        self, account: str, copies: Sequence[RemoteCopy], folder: str
    ) -> dict[str, RemoteOutcome | None]:
        references = [
            Reference(item=Reference.of(copy.reference).item, folder=folder)
            for copy in copies
        ]
        moved = await move(self._client, account, references, folder)
        return {c.reference: each for c, each in zip(copies, moved, strict=True)}

    async def _moved_to_new(
        self, account: str, copies: Sequence[RemoteCopy]
    ) -> dict[str, RemoteOutcome | None]:
        try:
            folder = await folder_at(self._client, account, copies[0].mailbox)
        except EwsError as error:
            failed = RemoteOutcome(reason=str(error))
            return {copy.reference: failed for copy in copies}
        return await self._moved(account, copies, folder)

    async def _again(self, copy: RemoteCopy, content: bytes) -> RemoteOutcome:
        """Make a copy anew that is nowhere any more."""
        try:
            folder = await folder_at(self._client, copy.account, copy.mailbox)
            item = await create_message(self._client, copy, folder, content)
        except EwsError as error:
            return RemoteOutcome(reason=str(error))
        return RemoteOutcome(
            reference=Reference(item=item, folder=folder).text(),
            reason="made anew from its content: categories and notes are lost",
        )

    async def _by_account(
        self,
        copies: Sequence[RemoteCopy],
        act: Callable[[str, Sequence[RemoteCopy]], Awaitable[list[RemoteOutcome]]],
    ) -> list[RemoteOutcome]:
        """Act on each account's copies; one account that fails stops no other."""
        outcomes: dict[int, RemoteOutcome] = {}
        for account, rows in grouped(copies).items():
            try:
                done = await act(account, [copy for _, copy in rows])
            except EwsError as error:
                done = [RemoteOutcome(reason=str(error)) for _ in rows]
            outcomes |= {
                place: outcome for (place, _), outcome in zip(rows, done, strict=True)
            }
        return [outcomes[place] for place in range(len(copies))]

    async def locate(
        self, copies: Sequence[RemoteCopy], *, towards: Place
    ) -> list[Location]:
        async def aside(account: str) -> str:
            return await hidden_folder(self._client, account, self._folder)

        try:
            return await where_now(self._client, copies, towards, aside)
        except EwsError as error:
            raise Unavailable(str(error)) from error

    async def close(self) -> None:
        await self._client.close()


def _is_in(address: str, domain: str | None) -> bool:
    return domain is None or address.rpartition("@")[2].casefold() == domain
