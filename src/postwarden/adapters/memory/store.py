"""A store in memory: transactions over states that are replaced, never changed."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Concatenate, ParamSpec, TypeVar

from postwarden.adapters.clocks import Clock, utc_now
from postwarden.adapters.memory.accounts import MemoryAccounts
from postwarden.adapters.memory.arming import MemoryArming
from postwarden.adapters.memory.audit import MemoryAuditLog
from postwarden.adapters.memory.cases import MemoryCases
from postwarden.adapters.memory.copies import MemoryCopies
from postwarden.adapters.memory.directory import MemoryDirectory, MemoryDomains
from postwarden.adapters.memory.disposal import MemoryDisposal
from postwarden.adapters.memory.holds import MemoryHolds
from postwarden.adapters.memory.identities import (
    MemoryAdministrators,
    MemoryApiKeys,
    MemoryRoles,
)
from postwarden.adapters.memory.ledger import MemoryLedger
from postwarden.adapters.memory.login_attempts import (
    MemoryLoginGuard,
    MemoryLoginLog,
    MemoryRecoveryCodes,
)
from postwarden.adapters.memory.logins import (
    MemoryLoginLinks,
    MemoryLoginSessions,
)
from postwarden.adapters.memory.mailboxes import MemoryMailboxes
from postwarden.adapters.memory.messages import MemoryMessages
from postwarden.adapters.memory.operations import (
    MemoryQueue,
    MemoryReceptions,
)
from postwarden.adapters.memory.passkeys import MemoryChallenges, MemoryPasskeys
from postwarden.adapters.memory.quotas import MemoryQuotas
from postwarden.adapters.memory.replays import MemoryReplays
from postwarden.adapters.memory.rewrites import MemoryRewrites
from postwarden.adapters.memory.secrets import MemorySecrets
from postwarden.adapters.memory.state import State
from postwarden.adapters.memory.systems import MemorySystems
from postwarden.adapters.memory.tasks import MemoryTasks
from postwarden.adapters.memory.tokens import MemoryTokenGrants
from postwarden.adapters.memory.tracking import MemoryLogRows
from postwarden.adapters.memory.vacations import MemoryVacations
from postwarden.adapters.memory.webhooks import MemoryOutbox, MemoryWebhooks
from postwarden.model.messages import SearchText
from postwarden.services.ports import UnitOfWork

P = ParamSpec("P")
T = TypeVar("T")


class MemoryUnitOfWork:
    """See `services.ports.UnitOfWork`; `texts` is None while writing."""

    def __init__(
        self, state: State, now: datetime, texts: dict[int, SearchText] | None
    ) -> None:
        self.now = now
        self.domains = MemoryDomains(state)
        self.accounts = MemoryAccounts(state)
        self.directory = MemoryDirectory(state)
        self.mailboxes = MemoryMailboxes(state)
        self.messages = MemoryMessages(state)
        self.copies = MemoryCopies(state, texts)
        self.ledger = MemoryLedger(state, texts)
        self.receptions = MemoryReceptions(state)
        self.queue = MemoryQueue(state)
        self.tasks = MemoryTasks(state)
        self.quotas = MemoryQuotas(state)
        self.rewrites = MemoryRewrites(state)
        self.systems = MemorySystems(state)
        self.log_rows = MemoryLogRows(state)
        self.webhooks = MemoryWebhooks(state)
        self.outbox = MemoryOutbox(state)
        self.cases = MemoryCases(state)
        self.arming = MemoryArming(state)
        self.holds = MemoryHolds(state)
        self.disposal = MemoryDisposal(state)
        self.administrators = MemoryAdministrators(state)
        self.roles = MemoryRoles(state)
        self.keys = MemoryApiKeys(state)
        self.sessions = MemoryLoginSessions(state)
        self.links = MemoryLoginLinks(state)
        self.tokens = MemoryTokenGrants(state)
        self.vacations = MemoryVacations(state)
        self.login_log = MemoryLoginLog(state)
        self.login_guard = MemoryLoginGuard(state)
        self.recovery_codes = MemoryRecoveryCodes(state)
        self.replays = MemoryReplays(state)
        self.passkeys = MemoryPasskeys(state)
        self.challenges = MemoryChallenges(state)
        self.audit = MemoryAuditLog(state)
        self.secrets = MemorySecrets(state)


@dataclass(slots=True)
class Texts:
    """What full text knows: the texts, and up to which message it is done."""

    by_message: dict[int, SearchText] = field(default_factory=dict)
    up_to: int = 0


class MemoryStore:
    """See `services.ports.Store`; for one event loop."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._state = State()
        self._watches: set[MemoryWatch] = set()
        self.texts = Texts()

    async def transact(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """See `services.ports.Store.transact`."""
        await asyncio.sleep(0)  # others get their turn, as they do elsewhere
        draft = self._state.fork(writable=True)
        # No full text while writing: SQLite has it in another file, out of reach.
        result = fn(MemoryUnitOfWork(draft, self._clock(), None), *args, **kwargs)
        is_news = draft.is_changed
        draft.seal()
        self._state = draft
        if is_news:
            for watch in self._watches:
                watch.wake()
        return result

    async def read(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """See `services.ports.Store.read`."""
        await asyncio.sleep(0)
        return await self.peek(fn, *args, **kwargs)

    async def peek(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """See `services.ports.Store.peek`."""
        uow = MemoryUnitOfWork(self._state, self._clock(), self.texts.by_message)
        return fn(uow, *args, **kwargs)

    def twin(self) -> "MemoryStore":
        """Return a store that begins with what this one has now."""
        twin = MemoryStore(clock=self._clock)
        twin._state = self._state
        twin.texts = replace(self.texts, by_message={**self.texts.by_message})
        return twin

    @contextmanager
    def watch(self) -> Iterator["MemoryWatch"]:
        """See `services.ports.Store.watch`."""
        watch = MemoryWatch()
        self._watches.add(watch)
        try:
            yield watch
        finally:
            self._watches.discard(watch)


class MemoryWatch:
    """See `services.ports.Watch`."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def wake(self) -> None:
        """Hear of a commit."""
        self._event.set()

    async def wait(self, seconds: float | None = None) -> bool:
        """See `services.ports.Watch.wait`."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True
