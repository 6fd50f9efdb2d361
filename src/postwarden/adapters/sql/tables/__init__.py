"""Every table, declared once; Alembic migrates from this metadata.

Times are microseconds since 1970 UTC. `key` columns hold `Address.key`
(domain/local-part), so that a domain is one range of an index. Rows of one
account carry its id in the first column of the index they are found by.
"""

from postwarden.adapters.sql.tables.administration import (
    approvals,
    armed_marks,
    armed_rules,
    case_notices,
    cases,
    plan_items,
    plans,
    tasks,
)
from postwarden.adapters.sql.tables.audit import audit, audit_heads
from postwarden.adapters.sql.tables.columns import metadata
from postwarden.adapters.sql.tables.directory import (
    accounts,
    addresses,
    domain_aliases,
    domains,
    targets,
)
from postwarden.adapters.sql.tables.holds import hold_marks, holds
from postwarden.adapters.sql.tables.identities import (
    administrators,
    api_keys,
    roles,
)
from postwarden.adapters.sql.tables.logins import (
    challenges,
    login_attempts,
    login_failures,
    login_links,
    passkeys,
    recovery_codes,
    sessions,
)
from postwarden.adapters.sql.tables.mail import (
    attached_messages,
    attachments,
    copies,
    disposals,
    expunges,
    header_addresses,
    mailboxes,
    message_references,
    messages,
    renderings,
)
from postwarden.adapters.sql.tables.quotas import quotas
from postwarden.adapters.sql.tables.replays import replays
from postwarden.adapters.sql.tables.rewrites import rewrites
from postwarden.adapters.sql.tables.systems import systems
from postwarden.adapters.sql.tables.tokens import token_grants
from postwarden.adapters.sql.tables.tracking import log_rows, log_texts, log_words
from postwarden.adapters.sql.tables.transport import (
    ledger,
    pending_deliveries,
    queue,
    reception_recipients,
    receptions,
)
from postwarden.adapters.sql.tables.vacations import vacations
from postwarden.adapters.sql.tables.webhooks import deliveries, notices, webhooks

__all__ = [
    "accounts",
    "addresses",
    "administrators",
    "api_keys",
    "approvals",
    "armed_marks",
    "armed_rules",
    "attached_messages",
    "attachments",
    "audit",
    "audit_heads",
    "case_notices",
    "cases",
    "challenges",
    "copies",
    "deliveries",
    "disposals",
    "domain_aliases",
    "domains",
    "expunges",
    "header_addresses",
    "hold_marks",
    "holds",
    "ledger",
    "log_rows",
    "log_texts",
    "log_words",
    "login_attempts",
    "login_failures",
    "login_links",
    "mailboxes",
    "message_references",
    "messages",
    "metadata",
    "notices",
    "passkeys",
    "pending_deliveries",
    "plan_items",
    "plans",
    "queue",
    "quotas",
    "reception_recipients",
    "receptions",
    "recovery_codes",
    "renderings",
    "replays",
    "rewrites",
    "roles",
    "sessions",
    "systems",
    "targets",
    "tasks",
    "token_grants",
    "vacations",
    "webhooks",
]
