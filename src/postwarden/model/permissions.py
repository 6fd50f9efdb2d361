"""What an actor may do, as a closed list, and the roles that bundle it.

A permission says *what*; the domains of an actor say *where*. Both are asked in
`services.access` and nowhere else.
"""

from dataclasses import dataclass
from enum import StrEnum


class Permission(StrEnum):
    """Everything that can be delegated; docs/permissions.md says what each guards.

    The list also has the rights that other mail systems let their domain
    administrators delegate, so that such a set of rights can be taken over one to
    one: what guards nothing here yet grants nothing.
    """

    # The directory
    DIRECTORY_READ = "directory.read"
    DOMAIN_CREATE = "domain.create"
    DOMAIN_CHANGE = "domain.change"
    DOMAIN_DESCRIBE = "domain.describe"
    DOMAIN_RELAY = "domain.relay"
    DOMAIN_REMOVE = "domain.remove"
    DOMAIN_ALIAS_WRITE = "domain-alias.write"
    CATCH_ALL_WRITE = "catch-all.write"
    ACCOUNT_CREATE = "account.create"
    ACCOUNT_CHANGE = "account.change"
    ACCOUNT_PASSWORD = "account.password"  # noqa: S105  a right, not a secret
    ACCOUNT_APP_PASSWORDS = "account.app-passwords"
    ACCOUNT_QUOTA = "account.quota"
    ACCOUNT_UNLIMITED_QUOTA = "account.unlimited-quota"
    ACCOUNT_PROTOCOLS = "account.protocols"
    ACCOUNT_NETWORKS = "account.networks"
    ACCOUNT_SENDERS = "account.senders"
    ACCOUNT_RELAY = "account.relay"
    ACCOUNT_LOG_IN_AS = "account.log-in-as"
    ACCOUNT_RENAME = "account.rename"
    ACCOUNT_REMOVE = "account.remove"
    ALIAS_WRITE = "alias.write"
    ALIAS_TEMPORARY = "alias.temporary"
    GROUP_WRITE = "group.write"
    LIST_WRITE = "list.write"
    FORWARD_WRITE = "forward.write"

    # Mail
    MAIL_FIND = "mail.find"  # where copies lie: envelopes, headers, hashes
    MAIL_TRACE = "mail.trace"
    MAIL_CONTENT = "mail.content"  # what somebody wrote; each look is audited
    MAIL_IMPORT = "mail.import"
    MAIL_EXPORT = "mail.export"
    SYNC_WRITE = "sync.write"

    # Cases, holds, the vault
    CASE_READ = "case.read"
    CASE_OPEN = "case.open"
    CASE_APPROVE = "case.approve"
    CASE_RUN = "case.run"
    CASE_UNDO = "case.undo"
    CASE_SHRED = "case.shred"
    CASE_BREAK_GLASS = "case.break-glass"
    CASE_EXPORT = "case.export"
    HOLD_READ = "hold.read"
    HOLD_CREATE = "hold.create"
    HOLD_RELEASE = "hold.release"
    VAULT_READ = "vault.read"
    VAULT_RESTORE = "vault.restore"
    VAULT_EXPIRE = "vault.expire"

    # Mail flow and policy
    QUEUE_READ = "queue.read"
    QUEUE_WRITE = "queue.write"
    QUARANTINE_READ = "quarantine.read"
    QUARANTINE_CONTENT = "quarantine.content"
    QUARANTINE_RELEASE = "quarantine.release"
    QUARANTINE_NOTIFY = "quarantine.notify"
    QUARANTINE_CATEGORIES = "quarantine.categories"
    POLICY_TLS = "policy.tls"
    POLICY_SPAM_SCORE = "policy.spam-score"
    POLICY_LISTS = "policy.lists"
    POLICY_RATE = "policy.rate"
    POLICY_BCC = "policy.bcc"
    POLICY_FILTERS = "policy.filters"
    POLICY_DELIMITER = "policy.delimiter"

    # The house itself
    AUDIT_READ = "audit.read"
    TASK_READ = "task.read"
    TASK_CANCEL = "task.cancel"
    ADMIN_READ = "admin.read"
    ADMIN_WRITE = "admin.write"
    KEY_WRITE = "key.write"  # one's own keys need no permission
    WEBHOOK_READ = "webhook.read"
    WEBHOOK_WRITE = "webhook.write"
    SYSTEM_READ = "system.read"
    SYSTEM_WRITE = "system.write"
    METRICS_READ = "metrics.read"
    BACKUP = "backup"
    SECRET_ROTATE = "secret.rotate"  # noqa: S105  a right, not a secret


EVERYTHING = frozenset(Permission)


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A named set of permissions; `builtin` ones cannot be changed or removed."""

    name: str
    description: str
    permissions: frozenset[Permission]
    builtin: bool = False


_P = Permission
_READING = frozenset(
    {
        *(_P.DIRECTORY_READ, _P.MAIL_FIND, _P.MAIL_TRACE, _P.CASE_READ, _P.HOLD_READ),
        *(_P.VAULT_READ, _P.QUEUE_READ, _P.QUARANTINE_READ, _P.AUDIT_READ),
        *(_P.TASK_READ,),
    }
)
_DIRECTORY = frozenset(
    {
        *(_P.DIRECTORY_READ, _P.DOMAIN_CHANGE, _P.DOMAIN_DESCRIBE),
        *(_P.DOMAIN_ALIAS_WRITE, _P.CATCH_ALL_WRITE, _P.ACCOUNT_CREATE),
        *(_P.ACCOUNT_CHANGE, _P.ACCOUNT_PASSWORD, _P.ACCOUNT_APP_PASSWORDS),
        *(_P.ACCOUNT_QUOTA, _P.ACCOUNT_PROTOCOLS, _P.ACCOUNT_NETWORKS),
        *(_P.ACCOUNT_SENDERS, _P.ACCOUNT_RENAME, _P.ACCOUNT_REMOVE, _P.ALIAS_WRITE),
        *(_P.ALIAS_TEMPORARY, _P.GROUP_WRITE, _P.LIST_WRITE, _P.FORWARD_WRITE),
    }
)
_POLICY = frozenset(each for each in _P if each.startswith(("policy.", "quarantine.")))

BUILTIN_ROLES = (
    Role(
        name="global-admin",
        description="Everything, everywhere unless domains are given.",
        permissions=EVERYTHING,
        builtin=True,
    ),
    Role(
        name="domain-admin",
        description="The directory and policies of some domains, and their mail's "
        "whereabouts; no content, no cases.",
        permissions=_DIRECTORY
        | _POLICY - {_P.QUARANTINE_CONTENT}
        | {
            *(_P.MAIL_FIND, _P.MAIL_TRACE, _P.MAIL_IMPORT, _P.VAULT_READ),
            *(_P.VAULT_RESTORE, _P.QUEUE_READ, _P.AUDIT_READ, _P.TASK_READ),
            *(_P.TASK_CANCEL,),
        },
        builtin=True,
    ),
    Role(
        name="auditor",
        description="Reads metadata and the audit log; changes nothing, no content.",
        permissions=_READING | {_P.ADMIN_READ, _P.METRICS_READ},
        builtin=True,
    ),
    Role(
        name="investigator",
        description="Opens and works cases and holds, looks at content with a reason.",
        permissions=_READING
        | {
            *(_P.MAIL_CONTENT, _P.MAIL_EXPORT, _P.CASE_OPEN, _P.CASE_RUN),
            *(_P.CASE_UNDO, _P.CASE_EXPORT, _P.HOLD_CREATE, _P.VAULT_RESTORE),
            *(_P.TASK_CANCEL,),
        },
        builtin=True,
    ),
    Role(
        name="approver",
        description="Approves the plans of others; nothing else is done with it.",
        permissions=_READING | {_P.CASE_APPROVE},
        builtin=True,
    ),
)
"""The roles every store has; others are rows that an administrator makes."""
