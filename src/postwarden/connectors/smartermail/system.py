"""`services.ports.MailSystem` over SmarterMail's REST API."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from postwarden.connectors.smartermail import directory
from postwarden.connectors.smartermail.client import (
    SmarterMailClient,
    SmarterMailError,
)
from postwarden.connectors.smartermail.mail import Mailbox, Reference, path_of
from postwarden.connectors.smartermail.moving import move, where_now
from postwarden.connectors.smartermail.rows import account_fields, list_fields
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

_LACKS = (
    "nothing searches all accounts at once: they are looked into one by one",
    "lists have no Message-ID: name account:, domain:, subject: or after: beside it, "
    "and all mail that these let through is read",
    "mail is put together again from its header, texts and attachments, not octet for "
    "octet what came in",
    "dates are those that senders wrote; flags other than read, answered and flagged "
    "are not seen",
    "what is gone, or waits in the spool, is not found",
    "what is removed from the folder of contained mail cannot be made anew",
)


class SmarterMailSystem:
    """A server, and the folder where contained mail lies in its own mailbox.

    `with_dates` asks for each account's creation apart.
    """

    def __init__(
        self,
        client: SmarterMailClient,
        *,
        folder: str = "Postwarden",
        concurrency: int = 4,
        with_dates: bool = True,
    ) -> None:
        self._client = client
        self._folder = folder
        self._concurrency = concurrency
        self._with_dates = with_dates

    async def check(self) -> SystemReport:
        lacks = [
            *_LACKS,
            f"contained mail lies in {self._folder} of its own mailbox, "
            "where its owner can see it",
        ]
        rights = []
        try:
            count = len([name async for name in directory.domains(self._client, None)])
            what = "the server" if self._client.is_admin else "its own domain"
            rights.append(f"administers {what}: {count} domains")
        except SmarterMailError as error:
            lacks.append(f"domains cannot be listed: {error}")
        return SystemReport(
            product="SmarterMail", version="", rights=tuple(rights), lacks=tuple(lacks)
        )

    async def accounts(
        self, *, domain: str | None = None
    ) -> AsyncIterator[Fields | RemoteProblem]:
        async for name in self._domains(domain):
            rows = directory.accounts(self._client, name)
            if self._with_dates:
                rows = directory.dated(self._client, name, rows)
            try:
                async for row in rows:
                    yield account_fields(name, row)
            except SmarterMailError as error:
                yield RemoteProblem(account=name, reason=str(error))

    async def lists(
        self, *, domain: str | None = None
    ) -> AsyncIterator[Fields | RemoteProblem]:
        async for name in self._domains(domain):
            try:
                for row in await directory.lists(self._client, name):
                    yield list_fields(name, row)
            except SmarterMailError as error:
                yield RemoteProblem(account=name, reason=str(error))

    async def _domains(self, wanted: str | None) -> AsyncIterator[str]:
        try:
            async for name in directory.domains(self._client, wanted):
                yield name
        except SmarterMailError as error:
            raise Unavailable(f"domains cannot be listed: {error}") from error

    async def find(
        self, wanted: Narrowing
    ) -> AsyncIterator[RemoteCopy | RemoteProblem]:
        _check(wanted)
        accounts = await self._accounts(wanted)
        for start in range(0, len(accounts), self._concurrency):
            some = accounts[start : start + self._concurrency]
            for rows in await asyncio.gather(*(self._find(a, wanted) for a in some)):
                for row in rows:
                    yield row

    async def _accounts(self, wanted: Narrowing) -> list[str]:
        if wanted.accounts is not None:
            return sorted(wanted.accounts)
        names = [name async for name in self._domains(None)]
        if wanted.domains is not None:
            names = [each for each in names if each.casefold() in wanted.domains]
        try:
            known = [await directory.people(self._client, name) for name in names]
        except SmarterMailError as error:
            raise Unavailable(f"accounts cannot be listed: {error}") from error
        return accounts_wanted(wanted, [each for people in known for each in people])

    async def _find(
        self, account: str, wanted: Narrowing
    ) -> Sequence[RemoteCopy | RemoteProblem]:
        """Look into all folders but that of contained mail."""
        mailbox = Mailbox(self._client, account)
        found: list[RemoteCopy | RemoteProblem] = []
        where = ""
        try:
            for folder in await mailbox.folders():
                where = f"{folder}: "
                if path_of(folder).casefold() != self._folder.casefold():
                    found += [copy async for copy in mailbox.find(folder, wanted)]
        except SmarterMailError as error:
            found.append(RemoteProblem(account=account, reason=f"{where}{error}"))
        return found

    async def content(self, copy: RemoteCopy) -> bytes:
        mailbox = Mailbox(self._client, copy.account)
        try:
            data = await mailbox.shown(Reference.of(copy.reference))
            if data is None:
                raise NotFound("copy", f"{copy.mailbox} of {copy.account}")
            return await mailbox.content(data)
        except SmarterMailError as error:
            raise Unavailable(str(error)) from error

    async def contain(self, copies: Sequence[RemoteCopy]) -> list[RemoteOutcome]:
        async def aside(
            mailbox: Mailbox, some: Sequence[RemoteCopy]
        ) -> list[RemoteOutcome]:
            return await move(mailbox, some, await mailbox.made(self._folder))

        return await self._by_account(copies, aside)

    async def restore(self, copies: Sequence[Return]) -> list[RemoteOutcome]:
        async def home(
            mailbox: Mailbox, some: Sequence[RemoteCopy]
        ) -> list[RemoteOutcome]:
            done: dict[str, RemoteOutcome] = {}
            for folder in sorted({copy.mailbox for copy in some}):
                of_folder = [copy for copy in some if copy.mailbox == folder]
                outcomes = await move(mailbox, of_folder, await mailbox.made(folder))
                done |= {
                    copy.reference: outcome
                    for copy, outcome in zip(of_folder, outcomes, strict=True)
                }
            return [done[copy.reference] for copy in some]

        return await self._by_account([each.copy for each in copies], home)

    async def _by_account(
        self,
        copies: Sequence[RemoteCopy],
        act: Callable[[Mailbox, Sequence[RemoteCopy]], Awaitable[list[RemoteOutcome]]],
    ) -> list[RemoteOutcome]:
        """Act on each account's copies; one account that fails stops no other."""
        outcomes: list[RemoteOutcome | None] = [None] * len(copies)
        for account in dict.fromkeys(copy.account for copy in copies):
            places = [n for n, copy in enumerate(copies) if copy.account == account]
            some = [copies[n] for n in places]
            try:
                done = await act(Mailbox(self._client, account), some)
            except SmarterMailError as error:
                done = [RemoteOutcome(reason=str(error)) for _ in some]
            for place, outcome in zip(places, done, strict=True):
                outcomes[place] = outcome
        return [each for each in outcomes if each is not None]

    async def locate(
        self, copies: Sequence[RemoteCopy], *, towards: Place
    ) -> list[Location]:
        found = []
        try:
            for copy in copies:
                mailbox = Mailbox(self._client, copy.account)
                home = towards is Place.HOME
                target = await mailbox.made(copy.mailbox if home else self._folder)
                found.append(await where_now(mailbox, copy, target, towards))
        except SmarterMailError as error:
            raise Unavailable(str(error)) from error
        return found

    async def close(self) -> None:
        await self._client.close()


def _check(wanted: Narrowing) -> None:
    """Refuse what would read every mail of every account."""
    narrows = (wanted.accounts, wanted.domains, wanted.after)
    if not wanted.subject_words and all(each is None for each in narrows):
        raise Invalid(
            "every mail of every account would be read: "
            "say account:, domain:, subject: or after: as well",
            field="account",
        )
