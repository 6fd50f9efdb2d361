"""Where mail goes instead, beside what the directory says."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "rewrites",
        sa.Column("id", _ID, nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("local_part", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("target_key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "rewrites_by_source",
        "rewrites",
        ["source_key", "kind", "target_key", "target"],
        unique=True,
    )
    op.create_index(
        "rewrites_by_target",
        "rewrites",
        ["target_key"],
        sqlite_where=sa.text("target_key <> ''"),
        postgresql_where=sa.text("target_key <> ''"),
    )
