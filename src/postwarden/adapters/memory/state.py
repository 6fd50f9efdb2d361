"""Everything that a store in memory holds, as one value per moment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from postwarden.adapters.memory.tables import Table
from postwarden.model.accounts import Account
from postwarden.model.administrators import Administrator, ApiKey
from postwarden.model.audit import AuditEntry
from postwarden.model.audit_heads import SignedHead
from postwarden.model.cases import (
    Approval,
    ArmedRule,
    Case,
    MatchClass,
    Plan,
    PlanItem,
)
from postwarden.model.directory import Entry
from postwarden.model.domains import DomainAlias, MailDomain
from postwarden.model.envelopes import EnvelopeRecipient
from postwarden.model.holds import Hold
from postwarden.model.ledger import LedgerEvent
from postwarden.model.logins import (
    Challenge,
    LoginAttempts,
    LoginFailures,
    LoginLink,
    LoginSession,
    Passkey,
)
from postwarden.model.mailboxes import Copy, Mailbox
from postwarden.model.messages import Message, NewMessage
from postwarden.model.permissions import Role
from postwarden.model.queue import QueueEntry
from postwarden.model.quotas import Limits
from postwarden.model.rewrites import Rewrite
from postwarden.model.systems import System
from postwarden.model.tasks import Task
from postwarden.model.tokens import TokenGrant
from postwarden.model.tracking import LogRow
from postwarden.model.vacations import Vacation
from postwarden.model.webhooks import Delivery, Webhook
from postwarden.services.ports.cases import PlacedNotice
from postwarden.services.ports.operations import PendingDelivery, Reception


@dataclass(frozen=True, slots=True)
class Disposed:
    """A message on the list of what may go."""

    message: int
    look_at: datetime
    emptied: bool = False


class State:
    """All rows of a store; indexes are tables whose rows are ids."""

    def __init__(self) -> None:  # noqa: PLR0915  a line for each table
        self.domains = Table[str, MailDomain]()
        self.domain_aliases = Table[str, DomainAlias]()
        self.accounts = Table[int, Account]()
        self.entries = Table[int, Entry]()
        self.entry_keys = Table[str, int]()
        self.quotas = Table[str, Limits]()
        self.rewrites = Table[int, Rewrite]()
        self.mailboxes = Table[int, Mailbox]()
        self.mailbox_names = Table[tuple[int, str], int]()
        self.expunges = Table[tuple[int, int, int], tuple[int, int, int, int]]()
        self.messages = Table[int, Message]()
        self.contents = Table[int, NewMessage]()
        self.hashes = Table[bytes, int]()
        self.copies = Table[int, Copy]()
        self.live_uids = Table[tuple[int, int], int]()
        self.items = Table[int, int]()
        self.ledger = Table[int, LedgerEvent]()
        self.log_rows = Table[int, LogRow]()
        self.log_digests = Table[bytes, int]()
        self.receptions = Table[int, Reception]()
        self.recipients = Table[int, tuple[EnvelopeRecipient, ...]]()
        self.pending = Table[tuple[int, int], PendingDelivery]()
        self.queue = Table[int, QueueEntry]()
        self.tasks = Table[int, Task]()
        self.systems = Table[int, System]()
        self.webhooks = Table[int, Webhook]()
        self.deliveries = Table[int, Delivery]()
        self.audit = Table[int, AuditEntry]()
        self.audit_heads = Table[tuple[int, bytes], SignedHead]()
        self.administrators = Table[int, Administrator]()
        self.roles = Table[str, Role]()
        self.keys = Table[int, ApiKey]()
        self.sessions = Table[int, LoginSession]()
        self.tokens = Table[int, TokenGrant]()
        self.vacations = Table[int, Vacation]()
        self.links = Table[bytes, LoginLink]()
        self.passkeys = Table[int, Passkey]()
        self.challenges = Table[bytes, Challenge]()
        self.login_attempts = Table[int, LoginAttempts]()
        self.login_failures = Table[str, LoginFailures]()
        self.recovery_codes = Table[tuple[int, bytes], tuple[int, bytes]]()
        self.replays = Table[tuple[str, str], tuple[datetime, bytes]]()
        self.cases = Table[int, Case]()
        self.plans = Table[int, Plan]()
        self.plan_items = Table[tuple[int, int], PlanItem]()
        self.approvals = Table[int, Approval]()
        self.case_notices = Table[tuple[int, int, int], PlacedNotice]()
        self.armed_rules = Table[int, ArmedRule]()
        self.armed_marks = Table[int, frozenset[tuple[MatchClass, bytes]]]()
        self.holds = Table[int, Hold]()
        self.disposals = Table[int, Disposed]()
        self.hold_marks = Table[tuple[int, int], tuple[int, int]]()

    def fork(self, *, writable: bool) -> "State":
        """Return a state of its own that begins as this one."""
        other = State()
        for name, table in self._tables().items():
            setattr(other, name, table.fork(writable=writable))
        return other

    @property
    def is_changed(self) -> bool:
        """Whether anything was written since the fork."""
        return any(table.is_changed for table in self._tables().values())

    def seal(self) -> None:
        """Allow no more writes."""
        for table in self._tables().values():
            table.seal()

    def _tables(self) -> dict[str, Table[Any, Any]]:
        return vars(self)
