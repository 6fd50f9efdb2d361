"""Audit entries that concern several domains."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("audit", sa.Column("domains", sa.Text(), nullable=True))
