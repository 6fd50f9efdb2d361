"""What other systems' message tracking logs say.

The events of a row have the negative of its id where others have their message: so
the ledger has no column, and no index, that only they need.
"""

import sqlalchemy as sa

from postwarden.adapters.sql.tables.columns import (
    blob,
    identity,
    integer,
    metadata,
    text,
)

log_rows = sa.Table(
    "log_rows",
    metadata,
    identity(),
    blob("digest"),
    text("message_id", nullable=True),
    integer("subject"),
    integer("sender"),
    text("sender_key", nullable=True),
    integer("size", nullable=True),
    text("fields"),
    sa.Index("log_rows_by_digest", "digest", unique=True),
    sa.Index("log_rows_by_message_id", "message_id"),
    sa.Index("log_rows_by_subject", "subject"),
    sa.Index("log_rows_by_sender", "sender"),
    sa.Index("log_rows_by_sender_key", "sender_key"),
    sa.Index("log_rows_by_size", "size"),
    sqlite_autoincrement=True,  # an id is never given twice
)

# Subjects and senders, each once; `line` has the words by which they are found.
log_texts = sa.Table(
    "log_texts",
    metadata,
    identity(),
    blob("digest"),
    text("text"),
    text("line"),
    sa.Index("log_texts_by_digest", "digest", unique=True),
)

log_words = sa.Table(
    "log_words",
    metadata,
    sa.Column("word", sa.Text, primary_key=True),
    sa.Column("text", sa.BigInteger, primary_key=True),
    sqlite_with_rowid=False,
)
