"""Transactions are functions: `store.transact(service, ...)`.

A service is a synchronous function `fn(uow, ...)`. It awaits nothing, does no
network and no blob I/O, and may be run again: a store groups commits on SQLite
and repeats on serialization failure elsewhere.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from postwarden.model.messages import SearchText
from postwarden.services.ports.arming import Arming
from postwarden.services.ports.audit import AuditLog
from postwarden.services.ports.cases import Cases
from postwarden.services.ports.directory import Accounts, Directory, Domains
from postwarden.services.ports.disposal import Disposal
from postwarden.services.ports.holds import Holds
from postwarden.services.ports.identities import (
    Administrators,
    ApiKeys,
    Roles,
)
from postwarden.services.ports.logins import (
    LoginGuard,
    LoginLinks,
    LoginLog,
    LoginSessions,
    RecoveryCodes,
)
from postwarden.services.ports.mail import Copies, Ledger, Mailboxes, Messages
from postwarden.services.ports.operations import Queue, Receptions
from postwarden.services.ports.passkeys import Challenges, Passkeys
from postwarden.services.ports.quotas import Quotas
from postwarden.services.ports.replays import Replays
from postwarden.services.ports.rewrites import Rewrites
from postwarden.services.ports.sealing import Secrets
from postwarden.services.ports.systems import Systems
from postwarden.services.ports.tasks import Tasks
from postwarden.services.ports.tokens import TokenGrants
from postwarden.services.ports.tracking import LogRows
from postwarden.services.ports.vacations import Vacations
from postwarden.services.ports.webhooks import Outbox, Webhooks

P = ParamSpec("P")
T = TypeVar("T")


class UnitOfWork(Protocol):
    """One transaction. The edge opens it; services never commit."""

    @property
    def now(self) -> datetime:
        """The time of this transaction, aware UTC."""
        ...

    @property
    def domains(self) -> Domains: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def directory(self) -> Directory: ...
    @property
    def quotas(self) -> Quotas: ...
    @property
    def rewrites(self) -> Rewrites: ...
    @property
    def mailboxes(self) -> Mailboxes: ...
    @property
    def messages(self) -> Messages: ...
    @property
    def copies(self) -> Copies: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def log_rows(self) -> LogRows: ...
    @property
    def receptions(self) -> Receptions: ...
    @property
    def queue(self) -> Queue: ...
    @property
    def tasks(self) -> Tasks: ...
    @property
    def systems(self) -> Systems: ...
    @property
    def webhooks(self) -> Webhooks: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def cases(self) -> Cases: ...
    @property
    def arming(self) -> Arming: ...
    @property
    def holds(self) -> Holds: ...
    @property
    def disposal(self) -> Disposal: ...
    @property
    def administrators(self) -> Administrators: ...
    @property
    def roles(self) -> Roles: ...
    @property
    def keys(self) -> ApiKeys: ...
    @property
    def sessions(self) -> LoginSessions: ...
    @property
    def links(self) -> LoginLinks: ...
    @property
    def tokens(self) -> TokenGrants: ...
    @property
    def vacations(self) -> Vacations: ...
    @property
    def login_log(self) -> LoginLog: ...
    @property
    def login_guard(self) -> LoginGuard: ...
    @property
    def recovery_codes(self) -> RecoveryCodes: ...
    @property
    def replays(self) -> Replays: ...
    @property
    def passkeys(self) -> Passkeys: ...
    @property
    def challenges(self) -> Challenges: ...
    @property
    def audit(self) -> AuditLog: ...
    @property
    def secrets(self) -> Secrets: ...


class Store(Protocol):
    """The rows, behind transactions."""

    async def transact(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run `fn` in a transaction; when this returns, its writes are durable.

        An exception of `fn` rolls back what it wrote and nothing else. Raises
        Unavailable when the store cannot commit (disk full, locked too long).
        """
        ...

    async def read(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run `fn` on one snapshot; it must not write."""
        ...

    async def peek(
        self,
        fn: Callable[Concatenate[UnitOfWork, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Like `read`, for a few indexed look-ups: may run on the caller's thread."""
        ...

    def watch(self) -> AbstractContextManager["Watch"]:
        """Hear of commits, here or by another process, from now on."""
        ...


class Watch(Protocol):
    """A subscription to commits; what came between two waits is not missed."""

    async def wait(self, seconds: float | None = None) -> bool:
        """Return True when something was committed, False after `seconds`."""
        ...


class SearchIndex(Protocol):
    """Full text, filled behind the acknowledgement."""

    async def pending(self, limit: int) -> list[tuple[int, bytes]]:
        """Return (message id, SHA-256) of what is not indexed yet, oldest first."""
        ...

    async def lag(self) -> int:
        """Return how many messages are not indexed yet."""
        ...

    async def add(self, texts: Sequence[SearchText], up_to: int) -> None:
        """Index `texts`; every message up to the id `up_to` is then done.

        What has been emptied meanwhile is left out.
        """
        ...

    async def remove(self, messages: Sequence[int]) -> None:
        """Take the words of messages out of the index."""
        ...
