"""The demo's platform: a store with its servers, filled through their ports."""

import asyncio
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from postwarden.bootstrap import Platform, open_platform, places_of
from postwarden.cli import listeners, logs
from postwarden.cli.demo import sending, town
from postwarden.cli.demo.campaign import Campaign, campaign
from postwarden.cli.demo.mail import Mail
from postwarden.cli.demo.people import companies, strangers
from postwarden.cli.demo.terminal import DemoFailed
from postwarden.cli.demo.week import DAYS, week
from postwarden.cli.output import Output
from postwarden.cli.serve import start_worker
from postwarden.model.actors import OPERATOR
from postwarden.services.ports import Store
from postwarden.settings import Settings

_SEED = 1868  # the same mail every time, but for its dates
_PORTS = dict.fromkeys(("http", "smtp", "lmtp"), "127.0.0.1:0")
_PATIENCE = 60  # seconds until a mail to a large list has reached everybody


class PlayedClock:
    """The store's clock: it plays the past week while mail is brought."""

    def __init__(self) -> None:
        self._ago = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) - self._ago

    def set(self, time: datetime | None) -> None:
        """Let it be `time`, or now, and go on from there."""
        now = datetime.now(UTC)
        self._ago = timedelta(0) if time is None else now - time


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What came in through the ports."""

    accounts: int
    mails: int
    copies: int


class Scene:
    """An open store with its servers; enter it, fill it, play in it."""

    def __init__(self, directory: Path, settings: Settings) -> None:
        self._clock = PlayedClock()
        self._directory = directory
        self._settings = replace(settings, log=replace(settings.log, level="warning"))
        self.addresses: dict[str, str] = {}

    @property
    def store(self) -> Store:
        return self._platform.store

    async def __aenter__(self) -> "Scene":
        logs.configure(self._settings.log)
        async with AsyncExitStack() as opened:
            platform = open_platform(
                places_of(self._directory),
                self._settings,
                create=True,
                clock=self._clock,
            )
            opened.callback(platform.close)
            servers = listeners.Listeners(platform)
            opened.push_async_callback(servers.stop)
            wanted = listeners.wanted_listeners({**_PORTS})
            self.addresses = await servers.start(wanted)
            opened.push_async_callback(_end, start_worker(platform))
            self._platform: Platform = platform
            self._opened = opened.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._opened.aclose()

    async def fill(
        self, accounts: int, mails: int, output: Output
    ) -> tuple[Filled, Campaign]:
        """Create the directory, bring all mail, and let people read some of it.

        Raises DemoFailed when a copy is missing or one too many.
        """
        dice = random.Random(_SEED)  # noqa: S311  no secret
        now = datetime.now(UTC)
        towns = companies(accounts, dice)
        phishing = campaign(towns, accounts // 5, now, dice)
        usual = await asyncio.to_thread(week, towns, strangers(dice), mails, now, dice)
        everything = [*usual, *phishing.mails]
        self._clock.set(now - timedelta(days=DAYS + 1))
        for company in towns:
            await self._platform.store.transact(town.settle, OPERATOR, company)
        await self._bring(everything, output)
        wanted = town.Reach(towns).copies(everything)
        found = await self._delivered(wanted)
        if found != wanted:
            raise DemoFailed(f"{wanted} copies must have been delivered, not {found}")
        self._clock.set(None)
        await self._use(phishing)
        return Filled(accounts=accounts, mails=len(everything), copies=found), phishing

    async def _bring(self, mails: Sequence[Mail], output: Output) -> None:
        with output.progress("a week of mail", len(mails)) as bar:

            def be(time: datetime, count: int) -> None:
                self._clock.set(time)
                bar.advance(count)

            await sending.bring(
                mails, self.addresses["smtp"], self.addresses["lmtp"], be
            )

    async def _delivered(self, wanted: int) -> int:
        """Wait until the worker has expanded the mails to large lists."""
        store, found = self._platform.store, 0
        with store.watch() as watch:
            try:
                async with asyncio.timeout(_PATIENCE):
                    while (found := await store.read(town.count_copies)) < wanted:
                        await watch.wait()
            except TimeoutError:
                pass
        return found

    async def _use(self, phishing: Campaign) -> None:
        """Let people read and file mail, which IMAP will do one day."""
        transact = self._platform.store.transact
        await transact(town.read_old_mail, 1)
        await transact(town.read_it, phishing.message_id, phishing.readers)
        await transact(town.file_it, phishing.message_id, phishing.movers)


async def _end(work: Sequence[asyncio.Task[None]]) -> None:
    for task in work:
        task.cancel()
    await asyncio.gather(*work, return_exceptions=True)
