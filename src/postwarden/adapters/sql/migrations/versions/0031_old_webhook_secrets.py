"""The secret that a webhook had before, which signs for a while yet."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhooks", sa.Column("old_secret", sa.LargeBinary(), nullable=True))
    op.add_column("webhooks", sa.Column("old_until", sa.BigInteger(), nullable=True))
