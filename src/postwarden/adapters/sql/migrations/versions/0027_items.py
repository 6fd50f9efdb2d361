"""Copies that took the place of another, and are the same item as it was."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("copies", sa.Column("item", sa.BigInteger(), nullable=True))
    op.add_column("copies", sa.Column("item_uid", sa.BigInteger(), nullable=True))
    op.create_index(
        "copies_by_item",
        "copies",
        ["item"],
        unique=True,
        sqlite_where=sa.text("item IS NOT NULL"),
        postgresql_where=sa.text("item IS NOT NULL"),
    )
    op.execute("ALTER TABLE expunges RENAME COLUMN copy TO item")
