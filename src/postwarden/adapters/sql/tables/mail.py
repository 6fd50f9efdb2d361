"""Mailboxes, messages, and the copies that lie in them."""

import sqlalchemy as sa

from postwarden.adapters.sql.tables.columns import (
    Id,
    blob,
    identity,
    integer,
    metadata,
    text,
)

mailboxes = sa.Table(
    "mailboxes",
    metadata,
    identity(),
    integer("account_id"),
    text("name"),
    text("name_key"),  # as `in:` compares it
    integer("uid_validity"),
    integer("uid_next"),
    integer("highest_modseq"),
    integer("messages"),
    integer("unseen"),
    integer("octets"),
    sa.Index("mailboxes_by_account", "account_id", "name", unique=True),
    sa.Index("mailboxes_by_name", "name_key"),
    sqlite_autoincrement=True,  # an id is never given twice
)

messages = sa.Table(
    "messages",
    metadata,
    identity(),
    blob("sha256"),
    integer("size"),
    text("message_id", nullable=True),
    text("subject"),
    text("author"),
    integer("date", nullable=True),
    blob("fingerprint", nullable=True),
    blob("content_fingerprint", nullable=True),
    integer("attachments"),
    # 0, or its own id once it was emptied: the same octets then make another one.
    sa.Column("tombstone", sa.BigInteger, nullable=False, server_default="0"),
    sa.Index("messages_by_sha256", "sha256", "tombstone", unique=True),
    sa.Index("messages_by_message_id", "message_id"),
    sa.Index("messages_by_fingerprint", "fingerprint"),
    sa.Index("messages_by_content_fingerprint", "content_fingerprint"),
    sqlite_autoincrement=True,  # an id is never given twice
)

renderings = sa.Table(
    "renderings",
    metadata,
    sa.Column("message", Id, primary_key=True),
    blob("envelope"),
    blob("bodystructure"),
    blob("header"),
)

header_addresses = sa.Table(
    "header_addresses",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("field", sa.Text, primary_key=True),
    sa.Column("message", sa.BigInteger, primary_key=True),
    sa.Index("header_addresses_by_message", "message"),
    sqlite_with_rowid=False,
)

message_references = sa.Table(
    "message_references",
    metadata,
    sa.Column("reference", sa.Text, primary_key=True),
    sa.Column("message", sa.BigInteger, primary_key=True),
    sa.Index("message_references_by_message", "message"),
    sqlite_with_rowid=False,
)

attachments = sa.Table(
    "attachments",
    metadata,
    sa.Column("message", sa.BigInteger, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    text("filename"),
    text("content_type"),
    integer("size"),
    blob("sha256"),
    sa.Index("attachments_by_sha256", "sha256"),
    sqlite_with_rowid=False,
)

attached_messages = sa.Table(
    "attached_messages",
    metadata,
    sa.Column("message", sa.BigInteger, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    blob("sha256"),
    text("message_id", nullable=True),
    blob("fingerprint", nullable=True),
    blob("content_fingerprint", nullable=True),
    sa.Index("attached_by_sha256", "sha256"),
    sa.Index("attached_by_fingerprint", "fingerprint"),
    sa.Index("attached_by_content_fingerprint", "content_fingerprint"),
    sqlite_with_rowid=False,
)

copies = sa.Table(
    "copies",
    metadata,
    identity(),
    integer("account_id"),
    integer("mailbox_id"),
    integer("uid"),
    integer("message"),
    integer("flags"),
    text("keywords"),
    integer("internal_date"),
    integer("save_date"),
    integer("modseq"),
    integer("size"),
    text("state"),
    integer("reception", nullable=True),
    integer("recipient", nullable=True),
    sa.Column("held", sa.BigInteger, nullable=False, server_default="0"),
    integer("vaulted_at", nullable=True),
    integer("expires_at", nullable=True),
    text("lay_in", nullable=True),
    text("discarded", nullable=True),
    integer("item", nullable=True),
    integer("item_uid", nullable=True),
    sa.Index(
        "copies_by_item",
        "item",
        unique=True,
        sqlite_where=sa.text("item IS NOT NULL"),
        postgresql_where=sa.text("item IS NOT NULL"),
    ),
    sa.Index(
        "copies_by_uid",
        "mailbox_id",
        "uid",
        unique=True,
        sqlite_where=sa.text("state = 'live'"),
        postgresql_where=sa.text("state = 'live'"),
    ),
    sa.Index(
        "copies_by_arrival",
        "mailbox_id",
        "internal_date",
        "uid",
        sqlite_where=sa.text("state = 'live'"),
        postgresql_where=sa.text("state = 'live'"),
    ),
    sa.Index(
        "copies_by_modseq",
        "mailbox_id",
        "modseq",
        "uid",
        sqlite_where=sa.text("state = 'live'"),
        postgresql_where=sa.text("state = 'live'"),
    ),
    sa.Index(
        "copies_discarded",
        "account_id",
        "discarded",
        "vaulted_at",
        "id",
        sqlite_where=sa.text("discarded IS NOT NULL"),
        postgresql_where=sa.text("discarded IS NOT NULL"),
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
    sa.Index(
        "copies_by_expiry",
        "expires_at",
        # Without those held, or every sweep would read them again.
        sqlite_where=sa.text("expires_at IS NOT NULL AND held = 0"),
        postgresql_where=sa.text("expires_at IS NOT NULL AND held = 0"),
    ),
    sa.Index(
        "copies_overdue",
        "expires_at",
        sqlite_where=sa.text("expires_at IS NOT NULL AND held > 0"),
        postgresql_where=sa.text("expires_at IS NOT NULL AND held > 0"),
    ),
    sa.Index(
        "copies_in_vault",
        "account_id",
        "vaulted_at",
        "id",
        sqlite_where=sa.text("vaulted_at IS NOT NULL"),
        postgresql_where=sa.text("vaulted_at IS NOT NULL"),
    ),
    sqlite_autoincrement=True,  # an id is never given twice
)

expunges = sa.Table(
    "expunges",
    metadata,
    sa.Column("mailbox_id", sa.BigInteger, primary_key=True),
    sa.Column("modseq", sa.BigInteger, primary_key=True),
    sa.Column("uid", sa.BigInteger, primary_key=True),
    integer("item", nullable=True),
    sqlite_with_rowid=False,
)

disposals = sa.Table(
    "disposals",
    metadata,
    sa.Column("message", Id, primary_key=True, autoincrement=False),
    integer("look_at"),
    integer("emptied"),
    sa.Index(
        "disposals_due",
        "look_at",
        sqlite_where=sa.text("emptied = 0"),
        postgresql_where=sa.text("emptied = 0"),
    ),
    sa.Index(
        "disposals_emptied",
        "message",
        sqlite_where=sa.text("emptied = 1"),
        postgresql_where=sa.text("emptied = 1"),
    ),
)
