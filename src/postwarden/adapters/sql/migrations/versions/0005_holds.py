"""Holds and their marks; the addresses of a message by its id."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "holds",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("accounts", sa.Text(), nullable=False),
        sa.Column("domains", sa.Text(), nullable=True),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.Column("release_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    in_force = sa.text("state IN ('placing', 'active')")
    op.create_index(
        "holds_in_force",
        "holds",
        ["id"],
        sqlite_where=in_force,
        postgresql_where=in_force,
    )
    op.create_table(
        "hold_marks",
        sa.Column("copy", sa.BigInteger(), nullable=False),
        sa.Column("hold", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("copy", "hold"),
        sqlite_with_rowid=False,
    )
    op.create_index("hold_marks_by_hold", "hold_marks", ["hold", "copy"])
    op.add_column(
        "copies",
        sa.Column("held", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.create_index(
        "header_addresses_by_message", "header_addresses", ["message"], unique=False
    )
