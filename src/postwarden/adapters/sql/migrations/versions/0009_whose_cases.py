"""Where a case may look; approvals that nobody else gave, and their review."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("domains", sa.Text(), nullable=True))
    op.add_column("approvals", sa.Column("break_glass", sa.Text(), nullable=True))
    op.add_column("approvals", sa.Column("reviewed_by", sa.Text(), nullable=True))
    op.add_column("approvals", sa.Column("reviewed_at", sa.BigInteger(), nullable=True))
    op.add_column("approvals", sa.Column("review", sa.Text(), nullable=True))
