"""What owners threw away, and what a mailbox has lived through."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_LIVE = "state = 'live'"
_DISCARDED = "discarded IS NOT NULL"


def upgrade() -> None:
    op.add_column("copies", sa.Column("discarded", sa.Text(), nullable=True))
    op.add_column("expunges", sa.Column("copy", sa.BigInteger(), nullable=True))
    op.create_index(
        "copies_by_modseq",
        "copies",
        ["mailbox_id", "modseq", "uid"],
        unique=False,
        sqlite_where=sa.text(_LIVE),
        postgresql_where=sa.text(_LIVE),
    )
    op.create_index(
        "copies_discarded",
        "copies",
        ["account_id", "discarded", "vaulted_at", "id"],
        unique=False,
        sqlite_where=sa.text(_DISCARDED),
        postgresql_where=sa.text(_DISCARDED),
    )
