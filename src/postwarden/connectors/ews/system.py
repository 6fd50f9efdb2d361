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
)
from postwarden.connectors.ews.moving import (
    GONE,
    NO_FOLDER,
    grouped,
    move,
    where_now,
)
from postwarden.connectors.ews.references import Reference
from postwarden.connectors.ews.searching import FOLDERS, find_items
from postwarden.connectors.ews.soap import EwsClient, EwsError, item_of, succeeded
from postwarden.connectors.ews.writing import create_message
from postwarden.connectors.http import HttpClient
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


class EwsSystem:
    """A server that speaks EWS, and the folder where contained mail lies in a mailbox.

    `folder` is beside what mail clients show, in the same mailbox: a move there and
    back keeps all that the server knows of an item.
    """

    def __init__(
        self,
        http: HttpClient,
        client: EwsClient,
        *,
        folder: str = "Postwarden",
        concurrency: int = 4,
    ) -> None:
        self._http = http
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
            return await self._in_folders(account, folders, wanted)
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
            return await move(self._client, account, references, target)

        return await self._by_account(copies, aside)

    async def restore(self, copies: Sequence[Return]) -> list[RemoteOutcome]:
        content = {each.copy.reference: each.content for each in copies}

        async def home(account: str, some: Sequence[RemoteCopy]) -> list[RemoteOutcome]:
            back: list[RemoteOutcome] = []
            for copy in some:
                outcome = await self._home(account, copy)
                if outcome == RemoteOutcome() and content[copy.reference] is not None:
                    outcome = await self._again(copy, content[copy.reference] or b"")
                back.append(outcome)
            return back

        return await self._by_account([each.copy for each in copies], home)

    async def _home(self, account: str, copy: RemoteCopy) -> RemoteOutcome:
        reference = Reference.of(copy.reference)
        try:
            (outcome,) = await move(
                self._client, account, [reference], reference.folder
            )
        except EwsError as error:
            if error.code not in NO_FOLDER:
                raise
            folder = await folder_at(self._client, account, copy.mailbox)
            reference = Reference(item=reference.item, folder=folder)
            (outcome,) = await move(self._client, account, [reference], folder)
        return outcome

    async def _again(self, copy: RemoteCopy, content: bytes) -> RemoteOutcome:
        """Make a copy anew that is nowhere any more."""
        folder = await folder_at(self._client, copy.account, copy.mailbox)
        item = await create_message(self._client, copy, folder, content)
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
        found = []
        for copy in copies:
            try:
                aside = await hidden_folder(self._client, copy.account, self._folder)
                found.append(await where_now(self._client, copy, aside, towards))
            except EwsError as error:
                raise Unavailable(str(error)) from error
        return found

    async def close(self) -> None:
        await self._http.close()


def _is_in(address: str, domain: str | None) -> bool:
    return domain is None or address.rpartition("@")[2].casefold() == domain
