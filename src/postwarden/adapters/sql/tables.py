"""Every table, declared once; Alembic migrates from this metadata.

Times are microseconds since 1970 UTC. `key` columns hold `Address.key`
(domain/local-part), so that a domain is one range of an index. Rows of one
account carry its id in the first column of the index they are found by.
"""

import sqlalchemy as sa

metadata = sa.MetaData()

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id() -> sa.Column[int]:
    return sa.Column("id", _Id, primary_key=True)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _int(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def _blob(name: str, *, nullable: bool = False) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=nullable)


# The directory

domains = sa.Table(
    "domains",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    _int("created_at"),
    _text("catch_all", nullable=True),
    _text("postmaster", nullable=True),
    _text("delimiter"),
    _int("default_quota_octets"),
    _int("default_quota_messages"),
)

domain_aliases = sa.Table(
    "domain_aliases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("domain", sa.Text, sa.ForeignKey("domains.name"), nullable=False),
    _int("created_at"),
    sa.Index("domain_aliases_by_domain", "domain", "name"),
)

accounts = sa.Table(
    "accounts",
    metadata,
    _id(),
    _text("key"),
    _text("address"),
    _text("name"),
    _text("state"),
    _int("created_at"),
    _text("password_hash", nullable=True),
    _int("quota_octets"),
    _int("quota_messages"),
    _int("used_octets"),
    _int("used_messages"),
    _int("vault_octets"),
    _int("vault_messages"),
    _int("last_login_at", nullable=True),
    _text("scram", nullable=True),
    sa.Index("accounts_by_key", "key"),
    sqlite_autoincrement=True,  # an id is never given twice
)

addresses = sa.Table(
    "addresses",
    metadata,
    _id(),
    _text("key"),
    _text("address"),
    _text("kind"),
    _int("account_id", nullable=True),
    _int("keep_copy"),
    _int("enabled"),
    _int("created_at"),
    _int("target_count"),
    sa.Index("addresses_by_key", "key", unique=True),
    sa.Index("addresses_by_kind", "kind", "key"),
    sa.Index(
        "addresses_forwarding",
        "key",
        sqlite_where=sa.text("kind = 'account' AND target_count > 0"),
        postgresql_where=sa.text("kind = 'account' AND target_count > 0"),
    ),
)

targets = sa.Table(
    "targets",
    metadata,
    sa.Column("address_id", sa.BigInteger, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    _text("address"),
    _text("key"),
    sa.Index("targets_by_key", "key"),
    sqlite_with_rowid=False,
)

# The store

mailboxes = sa.Table(
    "mailboxes",
    metadata,
    _id(),
    _int("account_id"),
    _text("name"),
    _text("name_key"),  # as `in:` compares it
    _int("uid_validity"),
    _int("uid_next"),
    _int("highest_modseq"),
    _int("messages"),
    _int("unseen"),
    _int("octets"),
    sa.Index("mailboxes_by_account", "account_id", "name", unique=True),
    sa.Index("mailboxes_by_name", "name_key"),
    sqlite_autoincrement=True,  # an id is never given twice
)

messages = sa.Table(
    "messages",
    metadata,
    _id(),
    _blob("sha256"),
    _int("size"),
    _text("message_id", nullable=True),
    _text("subject"),
    _text("author"),
    _int("date", nullable=True),
    _blob("fingerprint", nullable=True),
    _blob("content_fingerprint", nullable=True),
    _int("attachments"),
    sa.Index("messages_by_sha256", "sha256", unique=True),
    sa.Index("messages_by_message_id", "message_id"),
    sa.Index("messages_by_fingerprint", "fingerprint"),
    sa.Index("messages_by_content_fingerprint", "content_fingerprint"),
    sqlite_autoincrement=True,  # an id is never given twice
)

renderings = sa.Table(
    "renderings",
    metadata,
    sa.Column("message", _Id, primary_key=True),
    _blob("envelope"),
    _blob("bodystructure"),
    _blob("header"),
)

header_addresses = sa.Table(
    "header_addresses",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("field", sa.Text, primary_key=True),
    sa.Column("message", sa.BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)

message_references = sa.Table(
    "message_references",
    metadata,
    sa.Column("reference", sa.Text, primary_key=True),
    sa.Column("message", sa.BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)

attachments = sa.Table(
    "attachments",
    metadata,
    sa.Column("message", sa.BigInteger, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    _text("filename"),
    _text("content_type"),
    _int("size"),
    _blob("sha256"),
    sa.Index("attachments_by_sha256", "sha256"),
    sqlite_with_rowid=False,
)

attached_messages = sa.Table(
    "attached_messages",
    metadata,
    sa.Column("message", sa.BigInteger, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    _blob("sha256"),
    _text("message_id", nullable=True),
    _blob("fingerprint", nullable=True),
    _blob("content_fingerprint", nullable=True),
    sa.Index("attached_by_sha256", "sha256"),
    sa.Index("attached_by_fingerprint", "fingerprint"),
    sa.Index("attached_by_content_fingerprint", "content_fingerprint"),
    sqlite_with_rowid=False,
)

copies = sa.Table(
    "copies",
    metadata,
    _id(),
    _int("account_id"),
    _int("mailbox_id"),
    _int("uid"),
    _int("message"),
    _int("flags"),
    _text("keywords"),
    _int("internal_date"),
    _int("save_date"),
    _int("modseq"),
    _int("size"),
    _text("state"),
    _int("reception", nullable=True),
    _int("recipient", nullable=True),
    sa.Index(
        "copies_by_uid",
        "mailbox_id",
        "uid",
        unique=True,
        sqlite_where=sa.text("state = 'live'"),
        postgresql_where=sa.text("state = 'live'"),
    ),
    sa.Index("copies_by_message", "message", "account_id"),
    sa.Index("copies_by_account", "account_id"),
    sa.Index(
        "copies_by_reception",
        "reception",
        sqlite_where=sa.text("reception IS NOT NULL"),
        postgresql_where=sa.text("reception IS NOT NULL"),
    ),
    sa.Index("copies_by_date", "internal_date"),
    sqlite_autoincrement=True,  # an id is never given twice
)

expunges = sa.Table(
    "expunges",
    metadata,
    sa.Column("mailbox_id", sa.BigInteger, primary_key=True),
    sa.Column("modseq", sa.BigInteger, primary_key=True),
    sa.Column("uid", sa.BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)

# Envelopes, the queue, the ledger

receptions = sa.Table(
    "receptions",
    metadata,
    _id(),
    _text("trace_id"),
    _int("message"),
    _int("received_at"),
    _text("reverse_path"),
    _text("reverse_key"),
    _text("client_ip", nullable=True),
    _blob("client_key", nullable=True),
    _text("helo"),
    _text("protocol"),
    _text("login", nullable=True),
    _text("body"),
    _text("ret", nullable=True),
    _text("envid", nullable=True),
    _text("host", nullable=True),
    _text("tls", nullable=True),
    sa.Index("receptions_by_trace", "trace_id"),
    sa.Index("receptions_by_reverse", "reverse_key"),
    sa.Index("receptions_by_client", "client_key"),
)

reception_recipients = sa.Table(
    "reception_recipients",
    metadata,
    sa.Column("reception", sa.BigInteger, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    _text("address"),
    _text("key"),
    _text("notify"),
    _text("original", nullable=True),
    sa.Index("reception_recipients_by_key", "key"),
    sqlite_with_rowid=False,
)

pending_deliveries = sa.Table(
    "pending_deliveries",
    metadata,
    sa.Column("reception", sa.BigInteger, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    _int("recipient"),
    _text("via"),
    _int("account_id", nullable=True),
    _text("foreign_address", nullable=True),
    sqlite_with_rowid=False,
)

queue = sa.Table(
    "queue",
    metadata,
    _id(),
    _text("trace_id"),
    _int("reception"),
    _int("recipient"),
    _int("message"),
    _text("reverse_path"),
    _text("forward_path"),
    _text("via"),
    _text("state"),
    _int("created_at"),
)

ledger = sa.Table(
    "ledger",
    metadata,
    _id(),
    _int("time"),
    _text("event"),
    _text("trace_id"),
    _int("message", nullable=True),
    _text("reverse_path", nullable=True),
    _text("reverse_key", nullable=True),
    _text("forward_path", nullable=True),
    _text("forward_key", nullable=True),
    _int("account_id", nullable=True),
    _text("mailbox", nullable=True),
    _text("mailbox_key", nullable=True),
    _int("uid", nullable=True),
    _int("copy", nullable=True),
    _text("client_ip", nullable=True),
    _blob("client_key", nullable=True),
    _text("source"),
    _text("detail"),
    sa.Index("ledger_by_trace", "trace_id"),
    sa.Index("ledger_by_message", "message"),
    sa.Index("ledger_by_time", "time"),
    sa.Index("ledger_by_reverse", "reverse_key"),
    sa.Index("ledger_by_forward", "forward_key"),
    sa.Index("ledger_by_account", "account_id", "time"),
    sa.Index(
        "ledger_by_client",
        "client_key",
        sqlite_where=sa.text("client_key IS NOT NULL"),
        postgresql_where=sa.text("client_key IS NOT NULL"),
    ),
)

# Administration

audit = sa.Table(
    "audit",
    metadata,
    _id(),
    _int("time"),
    _text("actor"),
    _text("on_behalf_of", nullable=True),
    _text("dialect"),
    _text("client_ip", nullable=True),
    _text("request_id", nullable=True),
    _text("action"),
    _text("object"),
    _text("before", nullable=True),
    _text("after", nullable=True),
    _text("reason"),
    sa.Index("audit_by_object", "object"),
)

tasks = sa.Table(
    "tasks",
    metadata,
    _id(),
    _text("name"),
    _text("subject"),
    _text("payload"),
    _text("state"),
    _int("created_at"),
    _int("run_at"),
    _int("attempts"),
    _text("lease_owner", nullable=True),
    _int("leased_until", nullable=True),
    _text("error", nullable=True),
    _int("done"),
    _int("total"),
    sa.Index(
        "tasks_unfinished",
        "name",
        "subject",
        unique=True,
        sqlite_where=sa.text("state IN ('waiting', 'in-progress')"),
        postgresql_where=sa.text("state IN ('waiting', 'in-progress')"),
    ),
)

cases = sa.Table(
    "cases",
    metadata,
    _id(),
    _text("query"),
    _text("reason"),
    _text("ticket", nullable=True),
    _text("state"),
    _text("opened_by"),
    _int("opened_at"),
    _int("plan_id", nullable=True),
)

plans = sa.Table(
    "plans",
    metadata,
    _id(),
    _int("case_id"),
    _text("query"),
    _text("action"),
    _text("classes"),
    _int("created_at"),
    _text("created_by"),
    _blob("sha256", nullable=True),
    _int("messages"),
    _int("copies"),
    _int("accounts"),
    _text("summary"),  # JSON: counts, clusters, warnings
    sa.Index("plans_by_case", "case_id"),
)

plan_items = sa.Table(
    "plan_items",
    metadata,
    sa.Column("plan_id", sa.BigInteger, primary_key=True),
    sa.Column("item", sa.BigInteger, primary_key=True),
    _text("system"),
    _int("copy"),
    _int("account_id"),
    _text("address"),
    _text("mailbox"),
    _int("uid"),
    _int("flags"),
    _text("keywords"),
    _int("internal_date"),
    _int("size"),
    _blob("sha256"),
    _text("message_id", nullable=True),
    _text("class"),
    _text("outcome"),
    _text("reason", nullable=True),
    _text("acted_mailbox", nullable=True),
    sa.Index("plan_items_by_outcome", "plan_id", "outcome", "item"),
    sqlite_with_rowid=False,
)

approvals = sa.Table(
    "approvals",
    metadata,
    _id(),
    _int("case_id"),
    _blob("plan_sha256"),
    _text("actor"),
    _int("approved_at"),
    _int("expires_at"),
    sa.Index("approvals_by_case", "case_id"),
)
