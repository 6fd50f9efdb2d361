"""Domains, accounts, and the addresses that lead to them."""

import sqlalchemy as sa

from postwarden.adapters.sql.tables.columns import (
    identity,
    integer,
    metadata,
    text,
)

domains = sa.Table(
    "domains",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    integer("created_at"),
    text("catch_all", nullable=True),
    text("postmaster", nullable=True),
    text("delimiter"),
    integer("default_quota_octets"),
    integer("default_quota_messages"),
    # Seconds; the defaults are those of model.domains.
    sa.Column(
        "vault_retention", sa.BigInteger, nullable=False, server_default="2592000"
    ),
    sa.Column(
        "removed_account_retention",
        sa.BigInteger,
        nullable=False,
        server_default="7776000",
    ),
)

domain_aliases = sa.Table(
    "domain_aliases",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("domain", sa.Text, sa.ForeignKey("domains.name"), nullable=False),
    integer("created_at"),
    sa.Index("domain_aliases_by_domain", "domain", "name"),
)

accounts = sa.Table(
    "accounts",
    metadata,
    identity(),
    text("key"),
    text("address"),
    text("name"),
    text("state"),
    integer("created_at"),
    text("password_hash", nullable=True),
    integer("quota_octets"),
    integer("quota_messages"),
    integer("used_octets"),
    integer("used_messages"),
    integer("vault_octets"),
    integer("vault_messages"),
    integer("last_login_at", nullable=True),
    text("scram", nullable=True),
    integer("removed_at", nullable=True),
    integer("ends_at", nullable=True),
    sa.Index("accounts_by_key", "key"),
    sa.Index(
        "accounts_ending",
        "ends_at",
        sqlite_where=sa.text("ends_at IS NOT NULL"),
        postgresql_where=sa.text("ends_at IS NOT NULL"),
    ),
    sqlite_autoincrement=True,  # an id is never given twice
)

addresses = sa.Table(
    "addresses",
    metadata,
    identity(),
    text("key"),
    text("address"),
    text("kind"),
    integer("account_id", nullable=True),
    integer("keep_copy"),
    integer("enabled"),
    integer("created_at"),
    integer("target_count"),
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
    text("address"),
    text("key"),
    sa.Index("targets_by_key", "key"),
    sqlite_with_rowid=False,
)
