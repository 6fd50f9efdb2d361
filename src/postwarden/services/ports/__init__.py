"""What the services need from the outside, as protocols."""

from postwarden.services.ports.arming import Arming
from postwarden.services.ports.audit import AuditLog
from postwarden.services.ports.content import Aside, Blobs, Octets, Passwords
from postwarden.services.ports.directory import Accounts, Directory, Domains
from postwarden.services.ports.disposal import Disposal
from postwarden.services.ports.holds import Holds
from postwarden.services.ports.mail import (
    Copies,
    CopyFacts,
    Ledger,
    Mailboxes,
    MessageDetails,
    Messages,
    References,
)
from postwarden.services.ports.operations import Queue, Receptions
from postwarden.services.ports.quotas import Quotas
from postwarden.services.ports.rewrites import Rewrites
from postwarden.services.ports.sealing import Keyring, SealedFile, Sealer, Secrets
from postwarden.services.ports.signing import Signer
from postwarden.services.ports.store import SearchIndex, Store, UnitOfWork, Watch
from postwarden.services.ports.systems import Connect, MailSystem, Systems
from postwarden.services.ports.tasks import Tasks
from postwarden.services.ports.tracking import LoggedEvents, LogRows
from postwarden.services.ports.webhooks import Outbox, WebhookClient, Webhooks

__all__ = [
    "Accounts",
    "Arming",
    "Aside",
    "AuditLog",
    "Blobs",
    "Connect",
    "Copies",
    "CopyFacts",
    "Directory",
    "Disposal",
    "Domains",
    "Holds",
    "Keyring",
    "Ledger",
    "LogRows",
    "LoggedEvents",
    "MailSystem",
    "Mailboxes",
    "MessageDetails",
    "Messages",
    "Octets",
    "Outbox",
    "Passwords",
    "Queue",
    "Quotas",
    "Receptions",
    "References",
    "Rewrites",
    "SealedFile",
    "Sealer",
    "SearchIndex",
    "Secrets",
    "Signer",
    "Store",
    "Systems",
    "Tasks",
    "UnitOfWork",
    "Watch",
    "WebhookClient",
    "Webhooks",
]
