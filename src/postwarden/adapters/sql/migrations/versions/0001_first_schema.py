"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:  # noqa: PLR0915  a schema is a list
    op.create_table(
        "accounts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("quota_octets", sa.BigInteger(), nullable=False),
        sa.Column("quota_messages", sa.BigInteger(), nullable=False),
        sa.Column("used_octets", sa.BigInteger(), nullable=False),
        sa.Column("used_messages", sa.BigInteger(), nullable=False),
        sa.Column("vault_octets", sa.BigInteger(), nullable=False),
        sa.Column("vault_messages", sa.BigInteger(), nullable=False),
        sa.Column("last_login_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("accounts_by_key", "accounts", ["key"], unique=False)
    op.create_table(
        "addresses",
        sa.Column("id", _ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("keep_copy", sa.BigInteger(), nullable=False),
        sa.Column("enabled", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("target_count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("addresses_by_key", "addresses", ["key"], unique=True)
    op.create_index("addresses_by_kind", "addresses", ["kind", "key"], unique=False)
    op.create_index(
        "addresses_forwarding",
        "addresses",
        ["key"],
        unique=False,
        sqlite_where=sa.text("kind = 'account' AND target_count > 0"),
        postgresql_where=sa.text("kind = 'account' AND target_count > 0"),
    )
    op.create_table(
        "approvals",
        sa.Column("id", _ID, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("plan_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("approvals_by_case", "approvals", ["case_id"], unique=False)
    op.create_table(
        "attached_messages",
        sa.Column("message", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=True),
        sa.Column("content_fingerprint", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("message", "position"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "attached_by_content_fingerprint",
        "attached_messages",
        ["content_fingerprint"],
        unique=False,
    )
    op.create_index(
        "attached_by_fingerprint", "attached_messages", ["fingerprint"], unique=False
    )
    op.create_index("attached_by_sha256", "attached_messages", ["sha256"], unique=False)
    op.create_table(
        "attachments",
        sa.Column("message", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("message", "position"),
        sqlite_with_rowid=False,
    )
    op.create_index("attachments_by_sha256", "attachments", ["sha256"], unique=False)
    op.create_table(
        "audit",
        sa.Column("id", _ID, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.Text(), nullable=True),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("client_ip", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_by_object", "audit", ["object"], unique=False)
    op.create_table(
        "cases",
        sa.Column("id", _ID, nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ticket", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "copies",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=False),
        sa.Column("flags", sa.BigInteger(), nullable=False),
        sa.Column("keywords", sa.Text(), nullable=False),
        sa.Column("internal_date", sa.BigInteger(), nullable=False),
        sa.Column("save_date", sa.BigInteger(), nullable=False),
        sa.Column("modseq", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reception", sa.BigInteger(), nullable=True),
        sa.Column("recipient", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("copies_by_account", "copies", ["account_id"], unique=False)
    op.create_index("copies_by_date", "copies", ["internal_date"], unique=False)
    op.create_index(
        "copies_by_message", "copies", ["message", "account_id"], unique=False
    )
    op.create_index(
        "copies_by_reception",
        "copies",
        ["reception"],
        unique=False,
        sqlite_where=sa.text("reception IS NOT NULL"),
        postgresql_where=sa.text("reception IS NOT NULL"),
    )
    op.create_index(
        "copies_by_uid",
        "copies",
        ["mailbox_id", "uid"],
        unique=True,
        sqlite_where=sa.text("state = 'live'"),
        postgresql_where=sa.text("state = 'live'"),
    )
    op.create_table(
        "domains",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("catch_all", sa.Text(), nullable=True),
        sa.Column("postmaster", sa.Text(), nullable=True),
        sa.Column("delimiter", sa.Text(), nullable=False),
        sa.Column("default_quota_octets", sa.BigInteger(), nullable=False),
        sa.Column("default_quota_messages", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "expunges",
        sa.Column("mailbox_id", sa.BigInteger(), nullable=False),
        sa.Column("modseq", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("mailbox_id", "modseq", "uid"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "header_addresses",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", "field", "message"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ledger",
        sa.Column("id", _ID, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=True),
        sa.Column("reverse_path", sa.Text(), nullable=True),
        sa.Column("reverse_key", sa.Text(), nullable=True),
        sa.Column("forward_path", sa.Text(), nullable=True),
        sa.Column("forward_key", sa.Text(), nullable=True),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("mailbox", sa.Text(), nullable=True),
        sa.Column("mailbox_key", sa.Text(), nullable=True),
        sa.Column("uid", sa.BigInteger(), nullable=True),
        sa.Column("copy", sa.BigInteger(), nullable=True),
        sa.Column("client_ip", sa.Text(), nullable=True),
        sa.Column("client_key", sa.LargeBinary(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ledger_by_account", "ledger", ["account_id", "time"], unique=False)
    op.create_index(
        "ledger_by_client",
        "ledger",
        ["client_key"],
        unique=False,
        sqlite_where=sa.text("client_key IS NOT NULL"),
        postgresql_where=sa.text("client_key IS NOT NULL"),
    )
    op.create_index("ledger_by_forward", "ledger", ["forward_key"], unique=False)
    op.create_index("ledger_by_message", "ledger", ["message"], unique=False)
    op.create_index("ledger_by_reverse", "ledger", ["reverse_key"], unique=False)
    op.create_index("ledger_by_time", "ledger", ["time"], unique=False)
    op.create_index("ledger_by_trace", "ledger", ["trace_id"], unique=False)
    op.create_table(
        "mailboxes",
        sa.Column("id", _ID, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("uid_next", sa.BigInteger(), nullable=False),
        sa.Column("highest_modseq", sa.BigInteger(), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("unseen", sa.BigInteger(), nullable=False),
        sa.Column("octets", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "mailboxes_by_account", "mailboxes", ["account_id", "name"], unique=True
    )
    op.create_index("mailboxes_by_name", "mailboxes", ["name_key"], unique=False)
    op.create_table(
        "message_references",
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("reference", "message"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "messages",
        sa.Column("id", _ID, nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("date", sa.BigInteger(), nullable=True),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=True),
        sa.Column("content_fingerprint", sa.LargeBinary(), nullable=True),
        sa.Column("attachments", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "messages_by_content_fingerprint",
        "messages",
        ["content_fingerprint"],
        unique=False,
    )
    op.create_index(
        "messages_by_fingerprint", "messages", ["fingerprint"], unique=False
    )
    op.create_index("messages_by_message_id", "messages", ["message_id"], unique=False)
    op.create_index("messages_by_sha256", "messages", ["sha256"], unique=True)
    op.create_table(
        "pending_deliveries",
        sa.Column("reception", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("recipient", sa.BigInteger(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("foreign_address", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("reception", "position"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "plan_items",
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.BigInteger(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("copy", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("flags", sa.BigInteger(), nullable=False),
        sa.Column("keywords", sa.Text(), nullable=False),
        sa.Column("internal_date", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("acted_mailbox", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("plan_id", "item"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "plan_items_by_outcome",
        "plan_items",
        ["plan_id", "outcome", "item"],
        unique=False,
    )
    op.create_table(
        "plans",
        sa.Column("id", _ID, nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("classes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("copies", sa.BigInteger(), nullable=False),
        sa.Column("accounts", sa.BigInteger(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "queue",
        sa.Column("id", _ID, nullable=False),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("reception", sa.BigInteger(), nullable=False),
        sa.Column("recipient", sa.BigInteger(), nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=False),
        sa.Column("reverse_path", sa.Text(), nullable=False),
        sa.Column("forward_path", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "reception_recipients",
        sa.Column("reception", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("notify", sa.Text(), nullable=False),
        sa.Column("original", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("reception", "position"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "reception_recipients_by_key", "reception_recipients", ["key"], unique=False
    )
    op.create_table(
        "receptions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("reverse_path", sa.Text(), nullable=False),
        sa.Column("reverse_key", sa.Text(), nullable=False),
        sa.Column("client_ip", sa.Text(), nullable=True),
        sa.Column("client_key", sa.LargeBinary(), nullable=True),
        sa.Column("helo", sa.Text(), nullable=False),
        sa.Column("protocol", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("ret", sa.Text(), nullable=True),
        sa.Column("envid", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("receptions_by_client", "receptions", ["client_key"], unique=False)
    op.create_index(
        "receptions_by_reverse", "receptions", ["reverse_key"], unique=False
    )
    op.create_index("receptions_by_trace", "receptions", ["trace_id"], unique=False)
    op.create_table(
        "renderings",
        sa.Column("message", _ID, nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=False),
        sa.Column("bodystructure", sa.LargeBinary(), nullable=False),
        sa.Column("header", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("message"),
    )
    op.create_table(
        "targets",
        sa.Column("address_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("address_id", "position"),
        sqlite_with_rowid=False,
    )
    op.create_index("targets_by_key", "targets", ["key"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("run_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("leased_until", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("done", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "tasks_unfinished",
        "tasks",
        ["name", "subject"],
        unique=True,
        sqlite_where=sa.text("state IN ('waiting', 'in-progress')"),
        postgresql_where=sa.text("state IN ('waiting', 'in-progress')"),
    )
    op.create_table(
        "domain_aliases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["domain"],
            ["domains.name"],
        ),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index(
        "domain_aliases_by_domain", "domain_aliases", ["domain", "name"], unique=False
    )
    # ### end Alembic commands ###
