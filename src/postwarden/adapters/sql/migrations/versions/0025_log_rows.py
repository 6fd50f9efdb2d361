"""Rows of other systems' message tracking logs."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "log_rows",
        sa.Column("id", _ID, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=True),
        sa.Column("subject", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.BigInteger(), nullable=False),
        sa.Column("sender_key", sa.Text(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("log_rows_by_digest", "log_rows", ["digest"], unique=True)
    for column in ("message_id", "subject", "sender", "sender_key", "size"):
        op.create_index(f"log_rows_by_{column}", "log_rows", [column], unique=False)
    op.create_table(
        "log_texts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("log_texts_by_digest", "log_texts", ["digest"], unique=True)
    op.create_table(
        "log_words",
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("text", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("word", "text"),
        sqlite_with_rowid=False,
    )
